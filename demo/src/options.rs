//! What a run is told: where the system is, and who administers it.

use anyhow::{Result, bail};
use clap::Parser;

const EMAIL_VARIABLE: &str = "MUTRAPRO_ADMIN_EMAIL";
const PASSWORD_VARIABLE: &str = "MUTRAPRO_ADMIN_PASSWORD";

/// Fills a running system with a small studio, and prints the logins that it made.
///
/// The administrator is given in the environment, as for `make up`: MUTRAPRO_ADMIN_EMAIL and MUTRAPRO_ADMIN_PASSWORD.
#[derive(Debug, Parser)]
#[command(name = "mutrapro-demo", version)]
pub(crate) struct Options {
    /// Where the system's public listener is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000")]
    pub(crate) api: String,
}

/// Who makes the studio.
#[derive(PartialEq, Eq)]
pub(crate) struct Admin {
    pub(crate) email: String,
    pub(crate) password: String,
}

impl Admin {
    /// The administrator that the environment names. It is no option, since others can read a command line.
    ///
    /// # Errors
    /// When it names none, with the remedy.
    pub(crate) fn from_environment() -> Result<Self> {
        Self::from(|name| std::env::var(name).ok())
    }

    fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let given = |name| variable(name).filter(|value| !value.is_empty());
        match (given(EMAIL_VARIABLE), given(PASSWORD_VARIABLE)) {
            (Some(email), Some(password)) => Ok(Self { email, password }),
            (email, _) => {
                let missing = if email.is_some() { PASSWORD_VARIABLE } else { EMAIL_VARIABLE };
                bail!(
                    "{missing} is not set: give the administrator that the system was started with, as in\n  \
                     {EMAIL_VARIABLE}=admin@example.com {PASSWORD_VARIABLE}='…' make demo"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }

    fn missing(given: &[(&str, &str)]) -> Option<String> {
        let value = |name: &str| given.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Admin::from(value).err().map(|error| error.to_string())
    }

    #[test]
    fn a_variable_that_is_missing_is_named_with_the_remedy() {
        let email = (EMAIL_VARIABLE, "admin@example.com");
        let told = missing(&[email, (PASSWORD_VARIABLE, "")]).unwrap();
        assert!(told.starts_with("MUTRAPRO_ADMIN_PASSWORD is not set") && told.ends_with("make demo"), "{told}");
        let told = missing(&[(PASSWORD_VARIABLE, "secret")]).unwrap();
        assert!(told.starts_with("MUTRAPRO_ADMIN_EMAIL is not set") && !told.contains("secret"), "{told}");
        assert_eq!(missing(&[email, (PASSWORD_VARIABLE, "secret")]), None);
    }
}
