//! Values of variables as a command line gives them, in every way that Spin's `--variable` knows: `name=value`, `name=@file`,
//! `@file.json` and `@file.toml`.
//!
//! Promise: no value ever appears in an error.

use crate::document::read_text;
use crate::limits::FILE_BYTES_MAX;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::Path;

/// Why an assignment gives no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentError(String);

impl fmt::Display for AssignmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for AssignmentError {}

/// The names and values that `text` gives: `name=value`; `name=@file`, whose whole text is the value; or `@file.json` and
/// `@file.toml`, which hold a table of texts by name. Relative paths start in the working folder.
///
/// # Errors
/// When `text` has none of these forms, or its file cannot be read, is longer than 1 MiB, or holds something else.
pub fn read_assignments(text: &str) -> Result<Vec<(String, String)>, AssignmentError> {
    if let Some(path) = text.strip_prefix('@') {
        return read_table(Path::new(path)).map(|table| table.into_iter().collect());
    }
    let form = || AssignmentError("expected name=value, name=@file, @file.json or @file.toml".to_owned());
    let (name, value) = text.split_once('=').ok_or_else(form)?;
    let value = match value.strip_prefix('@') {
        Some(path) => read(Path::new(path))?,
        None => value.to_owned(),
    };
    Ok(vec![(name.to_owned(), value)])
}

fn read(path: &Path) -> Result<String, AssignmentError> {
    read_text(path, FILE_BYTES_MAX).map_err(|error| {
        AssignmentError(format!(
            "cannot read {}: {error}; a value that begins with `@` itself is given in the environment",
            path.display()
        ))
    })
}

fn read_table(path: &Path) -> Result<BTreeMap<String, String>, AssignmentError> {
    let table = match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => serde_json::from_str(&read(path)?).ok(),
        Some("toml") => toml::from_str(&read(path)?).ok(),
        _ => return Err(AssignmentError(format!("{} ends neither in .json nor in .toml", path.display()))),
    };
    table.ok_or_else(|| AssignmentError(format!("{} is no table of texts by the names of variables", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_value_may_be_empty_and_contain_anything() {
        assert_eq!(read_assignments("key=a=b@c").unwrap(), pairs(&[("key", "a=b@c")]));
        assert_eq!(read_assignments("key=").unwrap(), pairs(&[("key", "")]));
        assert!(read_assignments("key").unwrap_err().to_string().contains("name=value"));
    }

    #[test]
    fn files_give_one_value_or_many() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let secret = file("jwt", "a secret\n");
        assert_eq!(read_assignments(&format!("key=@{secret}")).unwrap(), pairs(&[("key", "a secret\n")]));
        let json = file("a.json", r#"{ "one": "1", "two": "2" }"#);
        assert_eq!(read_assignments(&format!("@{json}")).unwrap(), pairs(&[("one", "1"), ("two", "2")]));
        let toml = file("a.toml", "one = \"1\"\n");
        assert_eq!(read_assignments(&format!("@{toml}")).unwrap(), pairs(&[("one", "1")]));
    }

    #[test]
    fn broken_files_are_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, reason) in [
            ("a.json", "{ \"key\": \"s3cr3t\"", "no table of texts"),
            ("b.json", "{ \"key\": [\"s3cr3t\"] }", "no table of texts"),
            ("a.toml", "key = s3cr3t", "no table of texts"),
            ("a.yaml", "key: s3cr3t", "neither in .json nor in .toml"),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let error = read_assignments(&format!("@{}", path.display())).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(reason) && !error.contains("s3cr3t"), "{error}");
        }
        let error = read_assignments("key=@no such file").unwrap_err().to_string();
        assert!(error.contains("cannot read no such file") && error.contains("environment"), "{error}");
    }
}
