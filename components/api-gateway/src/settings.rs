//! The gateway's configuration, read once per instance.

use crate::cors::Cors;
use crate::rate::Limits;
use crate::routes::Routes;
use mutrapro_contracts::access_token::{Key, WeakKey};
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::{log, variables};
use std::sync::OnceLock;

/// What the variables say.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What checks access tokens. Without a good key nobody is let in.
    pub(crate) key: std::result::Result<Key, WeakKey>,
    pub(crate) limits: Limits,
    pub(crate) cors: Cors,
    pub(crate) routes: Routes,
}

impl Settings {
    /// The settings of this instance.
    ///
    /// # Errors
    /// When the host cannot tell them; it is asked again the next time.
    pub(crate) fn get() -> Result<&'static Self> {
        static SETTINGS: OnceLock<Settings> = OnceLock::new();
        if let Some(settings) = SETTINGS.get() {
            return Ok(settings);
        }
        let settings = Self::read(variables::get)?;
        Ok(SETTINGS.get_or_init(|| settings))
    }

    fn read(variable: impl Fn(&str) -> Result<Option<String>>) -> Result<Self> {
        let defaults = Limits::default();
        let limit = |name: &str, default: u32| {
            variable(name).map(|text| {
                per_minute(name, text.as_deref(), default).unwrap_or_else(|error| {
                    log::error!("{error}");
                    default
                })
            })
        };
        Ok(Self {
            key: Key::new(variable("jwt_key")?.unwrap_or_default().as_bytes()),
            limits: Limits {
                user_per_minute: limit("rate_limit_user_per_minute", defaults.user_per_minute)?,
                address_per_minute: limit("rate_limit_address_per_minute", defaults.address_per_minute)?,
                sign_in_per_minute: limit("rate_limit_sign_in_per_minute", defaults.sign_in_per_minute)?,
            },
            cors: Cors::parse(&variable("cors_origins")?.unwrap_or_default(), |refused| {
                log::error!("cors_origins has {refused:?}, which is no origin: write it as https://app.example.com");
            }),
            routes: Routes::with(&variable("routes")?.unwrap_or_default(), |entry, reason| {
                log::error!("routes has {entry:?}, which leads nowhere: {reason}");
            }),
        })
    }
}

fn per_minute(name: &str, text: Option<&str>, default: u32) -> std::result::Result<u32, String> {
    match text.map(|text| text.trim().parse()) {
        None => Ok(default),
        Some(Ok(limit)) if limit > 0 => Ok(limit),
        // The value is shown: it is no secret, and seeing it helps.
        Some(_) => Err(format!(
            "{name} is {:?}: give it a whole number of requests a minute, at least 1; {default} counts until then",
            text.unwrap_or_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let find = |name: &str| pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Settings::read(|name| Ok(find(name))).unwrap()
    }

    #[test]
    fn variables_are_read() {
        let key = "k".repeat(32);
        let settings = settings(&[("jwt_key", &key), ("rate_limit_sign_in_per_minute", " 5 ")]);
        assert!(settings.key.is_ok());
        assert_eq!(settings.limits, Limits { sign_in_per_minute: 5, ..Limits::default() });
    }

    #[test]
    fn malformed_limit_leaves_the_default_and_says_so() {
        for text in ["0", "-1", "many", "5.5", "99999999999"] {
            let settings = settings(&[("rate_limit_user_per_minute", text)]);
            assert_eq!(settings.limits, Limits::default(), "{text}");
            let error = per_minute("rate_limit_user_per_minute", Some(text), 600).unwrap_err();
            assert!(error.contains("rate_limit_user_per_minute") && error.contains(text), "{error}");
        }
    }

    #[test]
    fn missing_or_short_key_is_no_key() {
        assert_eq!(settings(&[]).key.unwrap_err(), WeakKey { bytes: 0 });
        assert_eq!(settings(&[("jwt_key", "secret")]).key.unwrap_err(), WeakKey { bytes: 6 });
    }
}
