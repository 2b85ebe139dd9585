//! An application in a temporary folder. `# <-` or `-- <-` marks the line at which a problem is expected.

use mutrapro_manifest::{App, LoadOptions, Problem, Problems, Spot, Variables, load};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A manifest's beginning, without which nothing loads.
pub(crate) const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"studio\"\nversion = \"0.1.0\"\n";

/// A component named `users` that is complete.
pub(crate) const COMPONENT: &str = "[component.users]\nsource = \"users.wasm\"\n";

/// The migration that the entry of [`users`] needs.
pub(crate) const MIGRATION: (&str, &str) =
    ("migrations/users/0001_users.sql", "CREATE TABLE users (id UUID NOT NULL PRIMARY KEY);");

/// An application of one service with a database, with `more` lines in its trigger entry.
pub(crate) fn users(more: &str) -> String {
    let entry =
        "component = \"users\"\ndatabase = \"user_db\"\nmigrations = \"migrations/users\"\ntables = [\"users\"]";
    format!("{HEAD}[[trigger.mutrapro]]\n{entry}\n{more}\n{COMPONENT}")
}

/// An application of one service without a database, with `more` lines in its trigger entry.
pub(crate) fn stateless(more: &str) -> String {
    format!("{HEAD}[[trigger.mutrapro]]\ncomponent = \"users\"\n{more}\n{COMPONENT}")
}

pub(crate) struct Fixture {
    folder: TempDir,
    options: LoadOptions,
    variables: Variables,
}

impl Fixture {
    /// A folder with `manifest` as its `spin.toml` and with `files`. WebAssembly files need not exist.
    pub(crate) fn new(manifest: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files.iter().chain(&[("spin.toml", manifest)]) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let variables = Variables::new([], |_| None, BTreeMap::new());
        Self { folder, options: LoadOptions { require_wasm: false }, variables }
    }

    pub(crate) fn with_wasm_required(self) -> Self {
        Self { options: LoadOptions { require_wasm: true }, ..self }
    }

    pub(crate) fn with_variables(self, variables: Variables) -> Self {
        Self { variables, ..self }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("spin.toml")
    }

    pub(crate) fn load(&self) -> Result<App, Problems> {
        load(&self.path(), &self.variables, self.options)
    }

    /// Asserts that the application has one problem, at the marked line, and that its texts contain these.
    pub(crate) fn assert_refused(&self, message: &str, remedy: &str) {
        let problems = self.load().unwrap_err();
        let [problem] = problems.as_slice() else {
            panic!("one problem expected:\n{problems}");
        };
        assert!(problem.message.contains(message), "{problem}");
        assert!(problem.remedy.contains(remedy), "{problem}");
        assert_eq!(problem.place.spot, Spot::Line(marked_line(problem)), "{problem}");
    }
}

/// Asserts that the application of `manifest` and `files` loads.
pub(crate) fn accepted(manifest: &str, files: &[(&str, &str)]) -> App {
    Fixture::new(manifest, files).load().unwrap_or_else(|problems| panic!("{problems}"))
}

/// Asserts that the application has one problem, at the marked line, and that its texts contain these.
pub(crate) fn refused(manifest: &str, files: &[(&str, &str)], message: &str, remedy: &str) {
    Fixture::new(manifest, files).assert_refused(message, remedy);
}

/// The line of the only mark in the file that the problem is in; the first line when the file has no mark.
fn marked_line(problem: &Problem) -> u32 {
    let text = fs::read_to_string(&problem.place.file).unwrap();
    let marks: Vec<_> = text.lines().enumerate().filter(|(_, line)| line.ends_with(" <-")).collect();
    assert!(marks.len() <= 1, "more than one mark:\n{text}");
    marks.first().map_or(1, |(index, _)| u32::try_from(index + 1).unwrap())
}
