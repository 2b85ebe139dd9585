//! Which files are watched, and what a change of one means.

use anyhow::{Context, Result};
use glob::{MatchOptions, Pattern};
use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long nothing has to change until changes are told: an editor or a version control writes many files at once.
const QUIET: Duration = Duration::from_millis(100);
/// How long changes are held back at most, however often something changes.
const GATHER_MAX: Duration = Duration::from_secs(2);
/// How often a folder is looked for that is not there.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// As a shell and `mutrapro build` match: `*` stands for no slash.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// What a changed file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A source of this component.
    Source(String),
    /// What this component runs.
    Wasm(String),
    /// What only a start reads.
    Start,
}

/// What has changed, by component.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// A source changed.
    pub(super) sources: BTreeSet<String>,
    /// A source may have changed: a whole folder came, or some changes were not told.
    pub(super) suspects: BTreeSet<String>,
    /// Its file changed, or may have.
    pub(super) wasm: BTreeSet<String>,
    /// Files that only a start reads.
    pub(super) start: BTreeSet<PathBuf>,
}

impl Changes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Files that mean the same.
struct Rule {
    /// Where they are, as the manifest has it.
    folder: PathBuf,
    /// The same without links, as changes are told; `None` while it is not there.
    root: Option<PathBuf>,
    /// Which files, relative to the folder.
    pattern: Pattern,
    is_recursive: bool,
    meaning: Meaning,
}

/// Files under watch. Folders are watched, not files, for editors put a new file into the place of the old.
pub(super) struct Files {
    watcher: RecommendedWatcher,
    events: mpsc::UnboundedReceiver<notify::Result<Event>>,
    rules: Vec<Rule>,
    watched: BTreeMap<PathBuf, RecursiveMode>,
    next_look: Instant,
}

impl Files {
    /// Watches nothing yet.
    pub(super) fn new() -> Result<Self> {
        let (sender, events) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, is_change) {
                // It fails when nobody listens any more.
                let _ = sender.send(event);
            }
        });
        let watcher = watcher.context("cannot watch files")?;
        Ok(Self { watcher, events, rules: Vec::new(), watched: BTreeMap::new(), next_look: Instant::now() })
    }

    /// Watches the files that fit `pattern`, a path with `*`, `**` and `?` in it.
    pub(super) fn add(&mut self, pattern: &Path, meaning: Meaning) -> Result<()> {
        let (folder, rest) = split(pattern);
        let text = rest.to_str().with_context(|| format!("{} is no text", pattern.display()))?;
        self.add_in(&folder, text, meaning)
    }

    /// Watches the file `path`.
    pub(super) fn add_file(&mut self, path: &Path, meaning: Meaning) -> Result<()> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{} is no file", path.display()))?;
        self.add_in(path.parent().unwrap_or(Path::new("")), &Pattern::escape(name), meaning)
    }

    /// Watches the files of `folder` that fit `pattern`.
    pub(super) fn add_in(&mut self, folder: &Path, pattern: &str, meaning: Meaning) -> Result<()> {
        // The folder of a bare file name is empty, which is no path.
        let folder = std::path::absolute(Path::new(".").join(folder));
        let folder = folder.with_context(|| format!("cannot resolve the folder of {pattern:?}"))?;
        let fits = Pattern::new(pattern).with_context(|| format!("{pattern:?} is no pattern"))?;
        let is_recursive = pattern.contains('/') || pattern.contains("**");
        self.rules.push(Rule { folder, root: None, pattern: fits, is_recursive, meaning });
        self.watch(&mut Changes::default())
    }

    /// Waits for changes and gives them together, once it is quiet.
    ///
    /// # Errors
    /// When the system tells of no further changes.
    pub(super) async fn changes(&mut self) -> Result<Changes> {
        let mut changes = Changes::default();
        while changes.is_empty() {
            let is_any_missing = self.rules.iter().any(|rule| rule.root.is_none());
            tokio::select! {
                event = self.events.recv() => drop(self.note(event, &mut changes)?),
                () = sleep_until(self.next_look), if is_any_missing => {
                    self.next_look = Instant::now() + LOOK_AGAIN;
                    self.watch(&mut changes)?;
                }
            }
        }
        let latest = Instant::now() + GATHER_MAX;
        let mut quiet = Instant::now() + QUIET;
        while let Ok(event) = timeout_at(quiet.min(latest), self.events.recv()).await {
            if self.note(event, &mut changes)? {
                quiet = Instant::now() + QUIET;
            }
        }
        Ok(changes)
    }

    /// Adds what `event` means; whether it means anything.
    fn note(&mut self, event: Option<notify::Result<Event>>, changes: &mut Changes) -> Result<bool> {
        let event = event.context("the system tells of no further changes")?;
        let event = match event {
            Ok(event) if !event.need_rescan() => event,
            Ok(_) => {
                self.rules.iter().for_each(|rule| rule.suspect(changes));
                return Ok(true);
            }
            Err(error) => return Err(watch_error(error)),
        };
        let mut is_any = false;
        for path in &event.paths {
            // A folder may have been filled before it was watched, so that nobody tells of what is in it.
            let is_folder =
                matches!(event.kind, EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_))) && path.is_dir();
            for rule in &self.rules {
                is_any |= rule.note(path, is_folder, changes);
            }
            match event.kind {
                EventKind::Remove(_) => drop(self.forget(path)),
                // Elsewhere it would go on telling of changes under the old name.
                EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {
                    for folder in self.forget(path) {
                        self.unwatch(&folder);
                    }
                }
                _ => {}
            }
        }
        Ok(is_any)
    }

    /// What was at `path` or below is there no longer; when it is again, it is another folder. Gives those that were watched.
    fn forget(&mut self, path: &Path) -> Vec<PathBuf> {
        for rule in self.rules.iter_mut().filter(|rule| rule.root.as_ref().is_some_and(|root| root.starts_with(path))) {
            rule.root = None;
            // Not at once: more is told of its end.
            self.next_look = Instant::now() + LOOK_AGAIN;
        }
        let gone: Vec<PathBuf> = self.watched.keys().filter(|folder| folder.starts_with(path)).cloned().collect();
        self.watched.retain(|folder, _| !gone.contains(folder));
        gone
    }

    fn unwatch(&mut self, folder: &Path) {
        if let Err(error) = self.watcher.unwatch(folder) {
            tracing::debug!("{} was not watched any more: {error}", folder.display());
        }
    }

    /// Watches every folder that is there and not watched yet. What may have changed in it meanwhile is added to `changes`.
    fn watch(&mut self, changes: &mut Changes) -> Result<()> {
        for rule in self.rules.iter_mut().filter(|rule| rule.root.is_none()) {
            rule.root = rule.folder.canonicalize().ok().filter(|root| root.is_dir());
            if rule.root.is_some() {
                rule.suspect(changes);
            }
        }
        for (folder, mode) in self.wanted() {
            if self.watched.get(&folder) == Some(&mode) {
                continue;
            }
            match self.watcher.watch(&folder, mode) {
                Ok(()) => {
                    self.watched.insert(folder, mode);
                }
                // It went away in between, and is looked for again.
                Err(error) if matches!(error.kind, ErrorKind::PathNotFound) => drop(self.forget(&folder)),
                Err(error) => return Err(watch_error(error)),
            }
        }
        Ok(())
    }

    /// The folders to watch, without those below one that is watched with all that is in it.
    fn wanted(&self) -> BTreeMap<PathBuf, RecursiveMode> {
        let mut wanted = BTreeMap::new();
        for rule in &self.rules {
            let Some(root) = &rule.root else { continue };
            let mode = wanted.entry(root.clone()).or_insert(RecursiveMode::NonRecursive);
            if rule.is_recursive {
                *mode = RecursiveMode::Recursive;
            }
        }
        let whole: Vec<PathBuf> = wanted
            .iter()
            .filter(|(_, mode)| **mode == RecursiveMode::Recursive)
            .map(|(folder, _)| folder.clone())
            .collect();
        wanted.retain(|folder, _| !whole.iter().any(|above| folder != above && folder.starts_with(above)));
        wanted
    }
}

impl Rule {
    /// Adds what a change of `path` means; whether it means anything.
    fn note(&self, path: &Path, is_folder: bool, changes: &mut Changes) -> bool {
        let Some(relative) = self.root.as_ref().and_then(|root| path.strip_prefix(root).ok()) else {
            return false;
        };
        if self.pattern.matches_path_with(relative, MATCHING) {
            match &self.meaning {
                Meaning::Source(component) => changes.sources.insert(component.clone()),
                Meaning::Wasm(component) => changes.wasm.insert(component.clone()),
                Meaning::Start => changes.start.insert(path.to_owned()),
            };
            return true;
        }
        let is_whole_folder = is_folder && self.is_recursive;
        if is_whole_folder {
            self.suspect(changes);
        }
        is_whole_folder
    }

    /// Adds what may have changed when nobody knows what has.
    fn suspect(&self, changes: &mut Changes) {
        match &self.meaning {
            Meaning::Source(component) => changes.suspects.insert(component.clone()),
            Meaning::Wasm(component) => changes.wasm.insert(component.clone()),
            Meaning::Start => false,
        };
    }
}

/// Whether something is another than before, and not only looked at.
fn is_change(event: &Event) -> bool {
    !matches!(event.kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// The folder that a pattern begins with, and the rest.
fn split(pattern: &Path) -> (PathBuf, PathBuf) {
    let is_plain =
        |part: &std::path::Component<'_>| !part.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte));
    let mut folder: PathBuf = pattern.components().take_while(is_plain).collect();
    if folder.components().count() == pattern.components().count() {
        folder.pop();
    }
    let rest = pattern.components().skip(folder.components().count()).collect();
    (folder, rest)
}

fn watch_error(error: notify::Error) -> anyhow::Error {
    let remedy = match error.kind {
        ErrorKind::MaxFilesWatch => {
            "too many folders to watch: raise fs.inotify.max_user_watches, or watch narrower patterns"
        }
        _ => "cannot watch files",
    };
    anyhow::Error::new(error).context(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    /// A folder with sources of the components `all` and `inner`, and the watch on them.
    fn watched() -> (TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::new().unwrap();
        fs::create_dir_all(folder.path().join("src/inner")).unwrap();
        files.add(&folder.path().join("src/**/*.rs"), Meaning::Source("all".into())).unwrap();
        files.add(&folder.path().join("src/../src/inner/?.rs"), Meaning::Source("inner".into())).unwrap();
        files.add_file(&folder.path().join("all[1].wasm"), Meaning::Wasm("all".into())).unwrap();
        files.add_in(folder.path(), "*.toml", Meaning::Start).unwrap();
        (folder, files)
    }

    fn named(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[tokio::test]
    async fn changes_are_told_together_and_by_what_they_mean() {
        let (folder, mut files) = watched();
        let path = |name: &str| folder.path().join(name);
        for name in ["src/inner/a.rs", "src/inner/a.txt", "all[1].wasm", "all1.wasm", "spin.toml"] {
            fs::write(path(name), name).unwrap();
        }
        let changes = files.changes().await.unwrap();
        let start = BTreeSet::from([path("spin.toml").canonicalize().unwrap()]);
        let expected =
            Changes { sources: named(&["all", "inner"]), wasm: named(&["all"]), start, ..Changes::default() };
        assert_eq!(changes, expected);
    }

    #[tokio::test]
    async fn file_that_takes_the_place_of_another_is_a_change_and_a_look_at_one_is_none() {
        let (folder, mut files) = watched();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("src/inner/long.rs"), "").unwrap();
        files.changes().await.unwrap();
        fs::read(path("src/inner/long.rs")).unwrap();
        fs::write(path("unfinished"), "").unwrap();
        fs::rename(path("unfinished"), path("all[1].wasm")).unwrap();
        let expected = Changes { wasm: named(&["all"]), ..Changes::default() };
        assert_eq!(files.changes().await.unwrap(), expected);
    }

    #[tokio::test]
    async fn folder_that_comes_with_files_in_it_is_to_be_looked_through() {
        let (folder, mut files) = watched();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("elsewhere")).unwrap();
        fs::write(path("elsewhere/a.rs"), "").unwrap();
        fs::rename(path("elsewhere"), path("src/more")).unwrap();
        assert_eq!(files.changes().await.unwrap().suspects, named(&["all"]));
        fs::write(path("src/more/a.rs"), "changed").unwrap();
        assert_eq!(files.changes().await.unwrap().sources, named(&["all"]));
    }

    /// Waits until it was told that each component has, or may have, changed.
    async fn both_are_told(files: &mut Files) {
        let mut told = BTreeSet::new();
        let all = async {
            while told != named(&["all", "inner"]) {
                let Changes { sources, suspects, .. } = files.changes().await.unwrap();
                told.extend(sources.into_iter().chain(suspects));
            }
        };
        tokio::time::timeout(Duration::from_secs(20), all).await.unwrap();
    }

    #[tokio::test]
    async fn folder_that_was_away_is_watched_again() {
        let (folder, mut files) = watched();
        let path = |name: &str| folder.path().join(name);
        for moves in [false, true] {
            fs::write(path("src/inner/a.rs"), "").unwrap();
            both_are_told(&mut files).await;
            if moves {
                fs::rename(path("src"), path("away")).unwrap();
            } else {
                fs::remove_dir_all(path("src")).unwrap();
            }
            while files.rules.iter().any(|rule| rule.root.as_ref().is_some_and(|root| root.ends_with("src"))) {
                let event = files.events.recv().await;
                files.note(event, &mut Changes::default()).unwrap();
            }
            fs::create_dir_all(path("src/inner")).unwrap();
            both_are_told(&mut files).await;
        }
    }

    #[test]
    fn pattern_is_split_at_its_first_sign() {
        let parts = |pattern: &str| {
            let (folder, rest) = split(Path::new(pattern));
            (folder.display().to_string(), rest.display().to_string())
        };
        assert_eq!(parts("/a/b/**/*.rs"), ("/a/b".into(), "**/*.rs".into()));
        assert_eq!(parts("a/b.rs"), ("a".into(), "b.rs".into()));
        assert_eq!(parts("*.rs"), (String::new(), "*.rs".into()));
        assert_eq!(parts("../[ab]/c"), ("..".into(), "[ab]/c".into()));
    }
}
