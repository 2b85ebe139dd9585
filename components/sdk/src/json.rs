//! JSON bodies, checked before a handler sees them.

mod objects;

use crate::problem::{FieldError, Problem, Result};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use objects::Objects;
pub(crate) use objects::UNSTORABLE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// The largest JSON body, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// A JSON body. As an argument of a handler it is read and validated; as a result it is written.
///
/// Derive `Deserialize` with `#[serde(deny_unknown_fields)]`, so that a misspelt field is an error and not ignored.
///
/// Answers 400 for what is no JSON, 413 for more than [`BODY_BYTES_MAX`], 415 for another media type, and 422 with the
/// fields that are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// What must hold of a body beyond its types.
pub trait Validate {
    /// Adds what is wrong; by default nothing is.
    fn validate(&self, _errors: &mut FieldErrors) {}
}

/// Collects what is wrong with a request, so that a client learns all of it at once.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Adds an error.
    pub fn add(&mut self, field: impl Into<String>, code: impl Into<Cow<'static, str>>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), code: code.into(), message: message.into() });
    }

    /// Adds an error of the code `invalid` unless `is_valid`.
    pub fn check(&mut self, is_valid: bool, field: &str, message: &str) {
        if !is_valid {
            self.add(field, "invalid", message);
        }
    }

    /// Adds what a rule makes of a field: its error is the message.
    pub fn rule<E: ToString>(&mut self, field: &str, outcome: std::result::Result<(), E>) {
        if let Err(message) = outcome {
            self.add(field, "invalid", message.to_string());
        }
    }

    /// Ends the collection.
    ///
    /// # Errors
    /// 422 `invalid_fields` when anything was added.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::unprocessable(self.0)) }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Validate> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self> {
        if !is_json(request.headers()) {
            let detail = "the body must be JSON: send content-type application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                let detail = format!("the body is larger than {BODY_BYTES_MAX} bytes");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
            } else {
                Problem::bad_request(format!("the body broke off: {error}"))
            }
        })?;
        parse(&body.to_bytes()).map(Json)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

fn parse<T: DeserializeOwned + Validate>(body: &[u8]) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value: T = serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| {
        if error.inner().is_data() {
            Problem::unprocessable(vec![field_error(&error)])
        } else {
            Problem::bad_request(format!("the body is not JSON: {}", error.inner()))
        }
    })?;
    deserializer.end().map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}")))?;
    let mut errors = FieldErrors::default();
    value.validate(&mut errors);
    errors.finish()?;
    Ok(value)
}

/// Names the field, which for a missing or unknown one stands only in serde's message.
pub(crate) fn field_error<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> FieldError {
    let message = error.inner().to_string();
    // serde_json adds ` at line 1 column 7`, which says nothing to who fills in a form.
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    let parent = Some(error.path().to_string()).filter(|path| path != ".");
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let join = |name: &str| match &parent {
        // The path of an unknown field ends with the field itself, that of a missing one with its parent.
        Some(path) if path == name || path.ends_with(&format!(".{name}")) => path.clone(),
        Some(path) => format!("{path}.{name}"),
        None => name.to_owned(),
    };
    if message.starts_with("missing field") {
        FieldError { field: join(quoted), code: Cow::Borrowed("required"), message: "is required".to_owned() }
    } else if message.starts_with("unknown field") {
        FieldError { field: join(quoted), code: Cow::Borrowed("unknown"), message: "is not a known field".to_owned() }
    } else {
        FieldError { field: parent.unwrap_or_else(|| "body".to_owned()), code: Cow::Borrowed("invalid"), message }
    }
}

/// A field of a PATCH: left alone, emptied, or set. Use it with `#[serde(default)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The request does not mention the field.
    #[default]
    Unchanged,
    /// The request says `null`.
    Cleared,
    /// The request gives a value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the request mentions the field.
    pub const fn is_given(&self) -> bool {
        !matches!(self, Self::Unchanged)
    }

    /// The new value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Unchanged | Self::Cleared => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Cleared, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures::FutureExt;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Song {
        title: String,
        minutes: u8,
        #[serde(default)]
        note: Patch<String>,
        #[serde(default)]
        composer: Option<Composer>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Composer {
        name: String,
    }

    impl Validate for Song {
        fn validate(&self, errors: &mut FieldErrors) {
            errors.check(!self.title.is_empty(), "title", "must not be empty");
            errors.check(self.minutes > 0, "minutes", "must be at least 1");
        }
    }

    fn send(content_type: &str, body: impl Into<Body>) -> Result<Song> {
        let request = Request::builder().header("content-type", content_type).body(body.into()).unwrap();
        Json::from_request(request, &()).now_or_never().unwrap().map(|Json(song)| song)
    }

    fn errors(body: &'static str) -> Vec<(String, String)> {
        let problem = send("application/json", body).unwrap_err();
        assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        let errors = &problem.details().errors;
        errors.iter().map(|error| (error.field.clone(), error.code.to_string())).collect()
    }

    fn wrong(field: &str, code: &str) -> Vec<(String, String)> {
        vec![(field.to_owned(), code.to_owned())]
    }

    #[test]
    fn valid_body_is_read() {
        let song = send("application/json; charset=utf-8", r#"{"title":"Diễm xưa","minutes":4}"#).unwrap();
        assert_eq!(song.title, "Diễm xưa");
    }

    #[test]
    fn wrong_fields_are_named() {
        assert_eq!(errors(r#"{"minutes":4}"#), wrong("title", "required"));
        assert_eq!(errors(r#"{"title":"x","minutes":4,"genre":"pop"}"#), wrong("genre", "unknown"));
        assert_eq!(errors(r#"{"title":"x","minutes":"four"}"#), wrong("minutes", "invalid"));
        assert_eq!(errors(r#"{"title":"x","minutes":4,"composer":{}}"#), wrong("composer.name", "required"));
        let nested = r#"{"title":"x","minutes":4,"composer":{"name":"y","age":1}}"#;
        assert_eq!(errors(nested), wrong("composer.age", "unknown"));
        assert_eq!(errors("[]"), wrong("body", "invalid"));
    }

    #[test]
    fn array_is_no_structure_even_if_its_items_are_right() {
        assert_eq!(errors(r#"["x",4,null,null]"#), wrong("body", "invalid"));
        assert_eq!(errors(r#"{"title":"x","minutes":4,"composer":["y"]}"#), wrong("composer", "invalid"));
        let song = send("application/json", r#"{"title":"x","minutes":4,"composer":{"name":"y"},"note":"n"}"#).unwrap();
        assert_eq!((song.composer, song.note), (Some(Composer { name: "y".into() }), Patch::Set("n".into())));
    }

    #[test]
    fn text_that_no_database_keeps_is_named() {
        for body in [r#"{"title": "a\u0000b", "minutes": 3}"#, r#"{"title": "\u0000", "minutes": 3}"#] {
            let problem = send("application/json", body).unwrap_err();
            assert_eq!(problem.details().errors[0].field, "title", "{problem}");
        }
    }

    #[test]
    fn all_broken_rules_are_told_at_once() {
        let fields: Vec<_> = errors(r#"{"title":"","minutes":0}"#).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["title", "minutes"]);
    }

    #[test]
    fn what_is_no_json_is_a_bad_request() {
        for body in ["", "{", "\u{0}", r#"{"title":"x","minutes":4} trailing"#] {
            let problem = send("application/json", body).unwrap_err();
            assert_eq!(problem.status(), StatusCode::BAD_REQUEST, "{body}: {problem}");
        }
    }

    #[test]
    fn other_media_types_are_refused() {
        for content_type in ["text/plain", "", "application/x-www-form-urlencoded"] {
            assert_eq!(send(content_type, "{}").unwrap_err().code(), "unsupported_media_type");
        }
    }

    #[test]
    fn body_over_the_limit_is_refused() {
        let problem = send("application/json", vec![b' '; BODY_BYTES_MAX + 1]).unwrap_err();
        assert_eq!(problem.code(), "body_too_large");
        assert_eq!(send("application/json", vec![b' '; BODY_BYTES_MAX]).unwrap_err().code(), "bad_request");
    }

    #[test]
    fn patch_tells_absent_from_null() {
        let note = |json: &str| serde_json::from_str::<Song>(json).unwrap().note;
        assert_eq!(note(r#"{"title":"x","minutes":4}"#), Patch::Unchanged);
        assert_eq!(note(r#"{"title":"x","minutes":4,"note":null}"#), Patch::Cleared);
        assert_eq!(note(r#"{"title":"x","minutes":4,"note":"n"}"#), Patch::Set("n".into()));
    }
}
