//! S3, and what speaks its protocol: a client made from the usual environment variables.
//!
//! Read are those of `object_store`, among them `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`,
//! `AWS_REGION`, `AWS_ENDPOINT_URL` and `AWS_ALLOW_HTTP`; without keys it asks for a web identity, and then the container or
//! the machine. *Deliberately absent:* profiles in the home folder, which a server should not depend on.

use crate::error::OpenError;
use crate::limits::BlobLimits;
use crate::place::Place;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, ClientConfigKey, RetryConfig};
use std::collections::BTreeMap;
use std::time::Duration;

/// What may name the server, the one that wins first.
const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
const KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const ALLOW_HTTP: &str = "AWS_ALLOW_HTTP";

/// Names of environment variables, and their values.
pub(crate) type Settings = BTreeMap<String, String>;

/// Those of this process that a client reads.
///
/// # Errors
/// When one is no text.
pub(crate) fn settings_of_environment(place: &Place) -> Result<Settings, OpenError> {
    let named = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ours = named.filter(|(name, _)| name.starts_with("AWS_")).map(|(name, value)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(refused(place, &name, "is no text in UTF-8")),
    });
    ours.collect()
}

/// A client of the bucket of `place` that gives up within [`BlobLimits::operation_time`].
///
/// # Errors
/// When the settings contradict themselves or each other; whether the server takes them is not asked.
pub(crate) fn client(
    place: &Place,
    bucket: &str,
    settings: Settings,
    limits: &BlobLimits,
) -> Result<AmazonS3, OpenError> {
    // An empty variable is as good as none, as everywhere where files list them.
    let settings: Settings = settings.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    check(place, &settings)?;
    let seconds = format!("{}ms", limits.operation_time.as_millis());
    let builder = AmazonS3Builder::new()
        .with_retry(retries(limits.operation_time))
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), seconds)
        // One blob is removed at a time, and not every server knows the other way.
        .with_config(AmazonS3ConfigKey::DisableBulkDelete, "true");
    let known = settings.into_iter().filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value)));
    let builder = known.fold(builder, |builder, (key, value)| builder.with_config(key, value));
    let built = builder.with_bucket_name(bucket).build();
    built.map_err(|source| OpenError::Client { place: place.to_string(), source })
}

/// Soon and often at first; and over early enough that the operation ends with what the server said, and not with its time.
fn retries(operation_time: Duration) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        retry_timeout: operation_time / 2,
        ..RetryConfig::default()
    }
}

/// Names the variable where the client would only name what it came to, or not before its first request.
fn check(place: &Place, settings: &Settings) -> Result<(), OpenError> {
    for (given, missing) in [(KEY, SECRET), (SECRET, KEY)] {
        if settings.contains_key(given) && !settings.contains_key(missing) {
            return Err(refused(place, missing, "is not set, but its other half is: give both or neither"));
        }
    }
    let Some((name, endpoint)) = ENDPOINTS.iter().find_map(|name| Some((name, settings.get(*name)?))) else {
        return Ok(());
    };
    let address = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
    if address.is_none_or(|address| address.is_empty() || address.contains('@')) {
        return Err(refused(place, name, "is no address of a server: give http(s)://HOST:PORT, without a password"));
    }
    let is_allowed = settings.get(ALLOW_HTTP).is_some_and(|value| is_true(value));
    if endpoint.starts_with("http://") && !is_allowed {
        return Err(refused(place, name, "has no TLS: give https://, or set AWS_ALLOW_HTTP=true where nobody listens"));
    }
    Ok(())
}

/// As the client reads it.
fn is_true(value: &str) -> bool {
    ["1", "true", "on", "yes", "y"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

fn refused(place: &Place, setting: &str, reason: &'static str) -> OpenError {
    OpenError::Setting { place: place.to_string(), setting: setting.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(settings: &[(&str, &str)]) -> Option<String> {
        let place = Place::parse("s3://bucket/music").unwrap();
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        check(&place, &settings).err().map(|error| error.to_string())
    }

    #[test]
    fn settings_that_do_not_go_together_are_named_and_their_values_are_not() {
        for (settings, setting) in [
            (vec![(KEY, "hush")], SECRET),
            (vec![(SECRET, "hush")], KEY),
            (vec![("AWS_ENDPOINT", "hush:9000")], "AWS_ENDPOINT"),
            (vec![("AWS_ENDPOINT_URL", "https://")], "AWS_ENDPOINT_URL"),
            (vec![("AWS_ENDPOINT_URL", "https://me:hush@store")], "AWS_ENDPOINT_URL"),
            (vec![("AWS_ENDPOINT_URL_S3", "http://hush:9000")], "AWS_ENDPOINT_URL_S3"),
            (vec![("AWS_ENDPOINT_URL", "http://hush:9000"), (ALLOW_HTTP, "false")], "AWS_ENDPOINT_URL"),
        ] {
            let error = refusal(&settings).unwrap();
            assert!(error.starts_with(&format!("cannot keep blobs at s3://bucket/music: {setting} ")), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn complete_settings_and_none_at_all_are_taken() {
        assert_eq!(refusal(&[]), None);
        assert_eq!(refusal(&[(KEY, "a"), (SECRET, "b"), ("AWS_ENDPOINT_URL", "https://store:9000")]), None);
        assert_eq!(refusal(&[("AWS_ENDPOINT_URL", "http://store:9000"), (ALLOW_HTTP, "true")]), None);
    }
}
