//! `--variable`, in every form that Spin knows.

use clap::Args;
use mutrapro_manifest::{AssignmentError, read_assignments};
use std::fmt;

/// Values of the application's variables from the command line.
#[derive(Clone, Default, Args)]
pub(crate) struct VariableOptions {
    /// Variables of the application: `name=value`; `name=@file`, whose text is the value; or `@file.json` and `@file.toml` with
    /// several. May be given several times. Values of secrets are better given in a file, or as `SPIN_VARIABLE_<NAME>` or
    /// `MUTRAPRO_<NAME>` in the environment.
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = read)]
    given: Vec<Given>,
}

/// What one option gives.
#[derive(Clone)]
struct Given(Vec<(String, String)>);

fn read(text: &str) -> Result<Given, AssignmentError> {
    read_assignments(text).map(Given)
}

/// In the order in which they were given.
impl IntoIterator for VariableOptions {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.given.into_iter().flat_map(|given| given.0).collect::<Vec<_>>().into_iter()
    }
}

/// Names only: the values may be secrets.
impl fmt::Debug for VariableOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.given.iter().flat_map(|given| &given.0).map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        variables: VariableOptions,
    }

    #[test]
    fn options_add_up_and_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("more.json");
        std::fs::write(&file, r#"{ "b": "s3cr3t", "c": "" }"#).unwrap();
        let more = format!("@{}", file.display());
        let options = Options::parse_from(["mutrapro", "--variable", "a=1=2", "--variable", &more, "--variable=a=3"]);
        assert_eq!(format!("{:?}", options.variables), r#"["a", "b", "c", "a"]"#);
        let given: Vec<_> = options.variables.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(given, ["a=1=2", "b=s3cr3t", "c=", "a=3"]);
        assert!(Options::try_parse_from(["mutrapro", "--variable", "a"]).is_err());
    }
}
