//! Where an operator wants blobs to lie: `s3://BUCKET/PREFIX`, or `file:///FOLDER`.

use crate::error::OpenError;
use object_store::path::Path as Prefix;
use std::fmt;
use std::path::PathBuf;

/// A storage by its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A bucket of S3 or the like, or what in it begins with a prefix.
    Bucket { bucket: String, prefix: Prefix },
    /// A folder that every host sees.
    Folder(PathBuf),
}

impl Place {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is none, without the address: somebody may have put a password there.
    pub(crate) fn parse(address: &str) -> Result<Self, OpenError> {
        if let Some(rest) = address.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            // The names that S3 allows; whatever else an address may have, it has it by mistake.
            let is_name = |name: &str| name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
            if !(3..=63).contains(&bucket.len()) || !is_name(bucket) {
                return Err(OpenError::Address(
                    "names no bucket: 3 to 63 lower-case letters, digits, dots and hyphens",
                ));
            }
            let prefix = prefix.trim_end_matches('/');
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/');
            let parsed = Prefix::parse(prefix).ok().filter(|_| prefix.bytes().all(is_plain));
            let prefix = parsed.ok_or(OpenError::Address("has a prefix that is no path of plain names"))?;
            return Ok(Self::Bucket { bucket: bucket.to_owned(), prefix });
        }
        match address.strip_prefix("file://") {
            Some(path) if path.starts_with('/') && !path.contains('%') => Ok(Self::Folder(PathBuf::from(path))),
            Some(_) => Err(OpenError::Address("names no folder of this machine by its whole, plain path")),
            None => Err(OpenError::Address("is of no kind that is known here")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket { bucket, prefix } if prefix.as_ref().is_empty() => write!(f, "s3://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::Folder(path) => write!(f, "file://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_a_round_trip() {
        for address in ["s3://bucket", "s3://my.bucket-1/music", "s3://bucket/a/b_c", "file:///srv/blobs", "file:///"] {
            assert_eq!(Place::parse(address).unwrap().to_string(), address);
        }
        assert_eq!(Place::parse("s3://bucket/music/").unwrap(), Place::parse("s3://bucket/music").unwrap());
    }

    #[test]
    fn what_is_no_address_is_refused_without_telling_it() {
        for address in [
            "",
            "/srv/blobs",
            "gs://bucket",
            "s3://",
            "s3:///prefix",
            "s3://Bucket",
            "s3://key:pass@bucket/prefix",
            "s3://bucket?secret=pass",
            "s3://bucket/a//b",
            "s3://bucket/../pass",
            "s3://bucket/a?b#pass",
            "file://host/pass",
            "file://pass",
            "file:///a%20pass",
        ] {
            let error = Place::parse(address).map(|place| panic!("{place:?}")).unwrap_err().to_string();
            assert!(error.ends_with("give s3://BUCKET/PREFIX or file:///FOLDER"), "{address}: {error}");
            assert!(!error.contains("pass"), "{address}: {error}");
        }
    }
}
