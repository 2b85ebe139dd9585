//! What a compiler does not see: sizes of files, leftovers, and documents that must stay true.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// A file is one room.
const LINES_MAX: usize = 500;
const SOURCES: [&str; 7] = ["host", "components", "plugins", "tests", "bench", "demo", "wit"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        // What npm fetched is not ours.
        if path.is_dir() && !path.is_symlink() && !path.ends_with("node_modules") {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "wit") {
            found.push(path);
        }
    }
    Ok(())
}

fn all_sources() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in SOURCES {
        sources(&root().join(folder), &mut found)?;
    }
    ensure!(found.len() > 50, "only {} sources: the walk is broken", found.len());
    Ok(found)
}

#[test]
fn no_file_is_longer_than_a_room() -> Result<()> {
    let mut long = Vec::new();
    for path in all_sources()? {
        let lines = std::fs::read_to_string(&path)?.lines().count();
        if lines > LINES_MAX {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    ensure!(long.is_empty(), "split these files, at most {LINES_MAX} lines each:\n{}", long.join("\n"));
    Ok(())
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_ignored() -> Result<()> {
    // Written in two parts, so that this file does not find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ig", "nore"), concat!("thread::sl", "eep(")];
    let mut left = Vec::new();
    for path in all_sources()? {
        let text = std::fs::read_to_string(&path)?;
        // The epoch thread has nothing to do but to wait, and a guest has no other way to.
        let exempt = ["runtime/src/engine.rs", "sdk/src/client.rs"].iter().any(|file| path.ends_with(file))
            || path.components().any(|part| part.as_os_str() == "guests");
        for mark in marks.iter().filter(|mark| text.contains(**mark) && !exempt) {
            left.push(format!("{}: {mark}", path.display()));
        }
    }
    ensure!(left.is_empty(), "finish these:\n{}", left.join("\n"));
    Ok(())
}

#[test]
fn every_component_of_the_manifest_is_built_from_a_folder_here() -> Result<()> {
    let manifest = std::fs::read_to_string(root().join("spin.toml"))?;
    let mut built = 0;
    for command in manifest.lines().filter_map(|line| line.strip_prefix("command = ")) {
        let name = command.trim_end_matches('"').rsplit(' ').next().unwrap_or_default();
        let folders = ["components", "plugins"].map(|folder| root().join(folder).join(name).join("Cargo.toml"));
        ensure!(folders.iter().any(|file| file.exists()), "{name} has no folder in components/ or plugins/");
        built += 1;
    }
    let components = manifest.lines().filter(|line| {
        line.strip_prefix("[component.").and_then(|rest| rest.strip_suffix(']')).is_some_and(|id| !id.contains('.'))
    });
    ensure!(built > 10 && components.count() == built, "a component without a build command");
    Ok(())
}

#[test]
fn the_example_in_contributing_is_the_one_that_compiles() -> Result<()> {
    let guide = std::fs::read_to_string(root().join("CONTRIBUTING.md"))?;
    let example = std::fs::read_to_string(root().join("components/sdk/examples/albums.rs"))?;
    ensure!(guide.contains(&example), "copy components/sdk/examples/albums.rs into CONTRIBUTING.md");
    ensure!(example.lines().count() <= 80, "a whole service has to fit into 80 lines");
    Ok(())
}
