//! The page at `/api/docs`, on which people read and try the API: Swagger UI, compiled in, so that nothing comes from
//! elsewhere.
//!
//! The page is a viewer of the public document and needs no token to look at; what it sends is checked like any other
//! request. A path either names one of the files here or nothing: there is no file system behind it.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use mutrapro_sdk::problem::{Problem, Result};
use std::io::Read;

/// Where the page is; its files are right below.
pub(crate) const PATH: &str = "/api/docs";

/// Lets the page take what is here and ask the API, and nothing else. `data:` is for the icons in Swagger UI's style.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// Kept, but asked about each time: the names stay when the content changes.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("no-cache");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// A file, as `build.rs` prepares it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asset {
    name: &'static str,
    media_type: &'static str,
    gzip: &'static [u8],
    /// Changes with the content.
    tag: &'static str,
}

macro_rules! asset {
    ($name:literal, $media_type:literal) => {
        Asset {
            name: $name,
            media_type: $media_type,
            gzip: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz")),
            tag: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".tag")),
        }
    };
}

static PAGE: Asset = asset!("index.html", "text/html; charset=utf-8");

static FILES: [Asset; 5] = [
    asset!("favicon-32x32.png", "image/png"),
    asset!("page.css", "text/css; charset=utf-8"),
    asset!("page.js", "text/javascript; charset=utf-8"),
    asset!("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    asset!("swagger-ui.css", "text/css; charset=utf-8"),
];

/// Whether `path` is the page or below it.
pub(crate) fn is_at(path: &str) -> bool {
    path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request whose path [`is_at`] the page.
///
/// # Errors
/// 404 for what is not there, 405 for what is not to be read.
pub(crate) fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Result<Response> {
    let asset = find(path).ok_or_else(|| Problem::not_found("path"))?;
    if !matches!(*method, Method::GET | Method::HEAD) {
        let detail = "the page can only be read";
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
        return Ok(([(header::ALLOW, METHODS)], problem).into_response());
    }
    let mut response = content(asset, headers)?;
    let told = response.headers_mut();
    told.insert(header::CACHE_CONTROL, CACHE_CONTROL);
    told.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    told.insert(header::ETAG, HeaderValue::try_from(entity_tag(asset)).map_err(Problem::internal)?);
    told.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}

fn find(path: &str) -> Option<&'static Asset> {
    match path.strip_prefix(PATH)? {
        "" | "/" => Some(&PAGE),
        rest => {
            let name = rest.strip_prefix('/')?;
            FILES.iter().find(|asset| asset.name == name)
        }
    }
}

fn content(asset: &Asset, headers: &HeaderMap) -> Result<Response> {
    if is_known(asset, headers) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let media_type = [(header::CONTENT_TYPE, asset.media_type)];
    if takes_gzip(headers) {
        return Ok((media_type, [(header::CONTENT_ENCODING, "gzip")], asset.gzip).into_response());
    }
    let mut plain = Vec::new();
    GzDecoder::new(asset.gzip).read_to_end(&mut plain).map_err(Problem::internal)?;
    Ok((media_type, plain).into_response())
}

/// Weak (RFC 9110, section 8.8.1), as compressed and plain content share it.
fn entity_tag(asset: &Asset) -> String {
    format!("W/\"{}\"", asset.tag)
}

/// Whether the client says that it has this content (RFC 9110, section 13.1.2).
fn is_known(asset: &Asset, headers: &HeaderMap) -> bool {
    let is_it = |tag: &str| tag == "*" || tag.trim_start_matches("W/").trim_matches('"') == asset.tag;
    items(headers, &header::IF_NONE_MATCH).any(is_it)
}

/// Whether the client takes gzip (RFC 9110, section 12.5.3): it names it, or anything, and not with a weight of 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let weight_of = |wanted: &str| {
        items(headers, &header::ACCEPT_ENCODING).find_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let is_wanted = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(wanted));
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            // What is no number asks for nothing.
            is_wanted.then(|| weight.map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0)))
        })
    };
    weight_of("gzip").or_else(|| weight_of("*")).is_some_and(|weight| weight > 0.0)
}

/// The members of a header that is a list; entity tags here have no commas in them.
fn items<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use futures::FutureExt;
    use proptest::prelude::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn get(path: &str, pairs: &[(header::HeaderName, &str)]) -> Response {
        answer(&Method::GET, path, &headers(pairs)).unwrap_or_else(IntoResponse::into_response)
    }

    fn body(response: Response) -> Vec<u8> {
        to_bytes(response.into_body(), 1 << 24).now_or_never().unwrap().unwrap().to_vec()
    }

    fn text(path: &str) -> String {
        String::from_utf8(body(get(path, &[]))).unwrap()
    }

    #[test]
    fn page_is_there_with_all_that_it_names() {
        let page = text("/api/docs");
        assert_eq!(text("/api/docs/"), page);
        let named: Vec<_> = page.split('"').filter(|path| path.starts_with("/api/docs/")).collect();
        assert_eq!(named.len(), FILES.len());
        for path in named {
            let response = get(path, &[]);
            assert_eq!(response.status(), 200, "{path}");
            assert!(!body(response).is_empty(), "{path}");
        }
    }

    #[test]
    fn page_holds_no_script_or_style_that_its_policy_refuses() {
        let page = text("/api/docs");
        assert!(!page.contains("<style") && !page.contains("style=") && !page.contains("javascript:"));
        assert_eq!(page.matches("<script").count(), page.matches("<script src=\"/api/docs/").count());
        assert!(!page.contains("//"), "the page takes something from elsewhere");
        let policy = get("/api/docs", &[]).headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    }

    #[test]
    fn page_shows_the_document_of_this_application_and_asks_nobody_else() {
        let script = text("/api/docs/page.js");
        let document = format!("{}{}", crate::routes::PREFIX, crate::openapi::PATH);
        assert!(script.contains(&format!("url: \"{document}\"")), "{script}");
        assert!(script.contains("validatorUrl: null") && !script.contains("http"), "{script}");
        assert!(text("/api/docs/swagger-ui-bundle.js").contains("SwaggerUIBundle"));
    }

    #[test]
    fn content_is_compressed_for_those_who_take_it() {
        let plain = text("/api/docs/swagger-ui.css");
        for (accepted, is_compressed) in [
            ("gzip, deflate, br", true),
            ("GZIP;q=0.5", true),
            ("*", true),
            ("br, *;q=0.1", true),
            ("", false),
            ("br", false),
            ("gzip;q=0, *", false),
            ("gzip; q=0.000", false),
            ("identity, *;q=0", false),
            ("gzip;q=much", false),
        ] {
            let response = get("/api/docs/swagger-ui.css", &[(header::ACCEPT_ENCODING, accepted)]);
            let encoding = response.headers().get(header::CONTENT_ENCODING).cloned();
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
            assert_eq!(encoding.is_some_and(|encoding| encoding == "gzip"), is_compressed, "{accepted}");
            let content = body(response);
            let mut unpacked = String::new();
            if is_compressed {
                assert!(content.len() * 4 < plain.len());
                GzDecoder::new(content.as_slice()).read_to_string(&mut unpacked).unwrap();
            } else {
                unpacked = String::from_utf8(content).unwrap();
            }
            assert!(unpacked == plain, "{accepted}");
        }
    }

    #[test]
    fn content_that_the_client_has_is_not_sent_again() {
        let tag = get("/api/docs/page.js", &[]).headers()[header::ETAG].to_str().unwrap().to_owned();
        for known in [tag.clone(), tag.replace("W/", ""), format!("\"other\", {tag}"), "*".to_owned()] {
            let response = get("/api/docs/page.js", &[(header::IF_NONE_MATCH, known.as_str())]);
            assert_eq!(response.status(), 304, "{known}");
            for name in [header::ETAG, header::CACHE_CONTROL, header::VARY] {
                assert!(response.headers().contains_key(&name), "{name}");
            }
            assert!(body(response).is_empty());
        }
        assert_eq!(get("/api/docs/page.js", &[(header::IF_NONE_MATCH, "W/\"other\"")]).status(), 200);
    }

    #[test]
    fn each_file_has_a_tag_of_its_own() {
        let mut tags: Vec<_> = FILES.iter().chain([&PAGE]).map(|asset| asset.tag).collect();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), FILES.len() + 1);
    }

    #[test]
    fn page_can_only_be_read() {
        let head = answer(&Method::HEAD, "/api/docs", &HeaderMap::new()).unwrap();
        assert_eq!(head.status(), 200);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let response = answer(&method, "/api/docs", &HeaderMap::new()).unwrap();
            assert_eq!((response.status().as_u16(), &response.headers()[header::ALLOW]), (405, &METHODS));
        }
    }

    #[test]
    fn what_is_not_here_is_nowhere() {
        for path in [
            "/api/docs/../v1/openapi.json",
            "/api/docs/..%2f..%2fetc/passwd",
            "/api/docs//page.js",
            "/api/docs/page.js/",
            "/api/docs/%70age.js",
            "/api/docs/swagger-ui.css.map",
            "/api/docs/index",
        ] {
            assert!(is_at(path), "{path}");
            assert_eq!(get(path, &[]).status(), 404, "{path}");
        }
        assert!(!is_at("/api/docsx") && !is_at("/api/v1/docs") && !is_at("/api"));
    }

    proptest! {
        #[test]
        fn only_the_names_here_lead_to_content(path in "(/|\\.\\.|\\.|%2[eEfF]|%5c|page|index|js|css|html){0,8}") {
            let path = format!("{PATH}{path}");
            if let Some(asset) = find(&path) {
                let whole = format!("{PATH}/{}", asset.name);
                prop_assert!(path == whole || (asset == &PAGE && path.trim_end_matches('/') == PATH));
            }
        }
    }
}
