//! Files of components that are elsewhere: `source = { url = "https://…", digest = "sha256:…" }`, as Spin writes it.
//!
//! Deliberately absent: fetching them. That is for whoever starts the application.

use crate::document::Table;
use crate::problem::Report;
use crate::raw::{Located, RawSource};
use std::path::{Path, PathBuf};
use url::Url;

const DIGEST_PREFIX: &str = "sha256:";
const DIGEST_DIGITS: usize = 64;

/// A WebAssembly file that is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteSource {
    /// The component whose file it is.
    pub component: String,
    /// Where it is: `http` or `https`.
    pub url: String,
    /// The SHA-256 of its bytes, in 64 lower-case hexadecimal digits.
    pub sha256: String,
}

impl RemoteSource {
    /// Where it lies in the folder of `downloads`, once it is fetched.
    pub fn path_in(&self, downloads: &Path) -> PathBuf {
        downloads.join(format!("{}.wasm", self.sha256))
    }
}

/// Reads `source` of a component where it is a table.
pub(crate) fn remote(source: &Table<'_>, component: &str, report: &mut Report) -> Option<Located<RawSource>> {
    source.refuse_unknown_keys(&["url", "digest"], report);
    source.require("url", "\"https://…\"", report);
    source.require("digest", "\"sha256:…\"", report);
    let (url, digest) = (source.string("url", report), source.string("digest", report));
    let (url, digest) = (url?, digest?);
    let is_web = Url::parse(&url.value).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !is_web {
        report.add(&url.place, format!("{:?} is no URL of a file", url.value), "write it as https://…");
    }
    let sha256 = digest.value.strip_prefix(DIGEST_PREFIX).filter(|digits| {
        digits.len() == DIGEST_DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    if sha256.is_none() {
        let message = format!("{:?} is no digest", digest.value);
        report.add(&digest.place, message, "give `sha256:` and what `sha256sum` prints of the file");
    }
    let remote = RemoteSource { component: component.to_owned(), url: url.value, sha256: sha256?.to_owned() };
    is_web.then_some(Located { place: url.place, value: RawSource::Remote(remote) })
}
