//! `mutrapro new`: a folder with a component that builds, has tests, and says how an application takes it in.

use crate::output;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand, ValueEnum};
use mutrapro_manifest::PluginContract;
use rust_embed::Embed;
use std::path::{Path, PathBuf};

/// How long a component's name may be here, in characters: tables and files are called after it.
const NAME_MAX: usize = 40;

/// What to write.
#[derive(Debug, Subcommand)]
pub(crate) enum NewCommand {
    /// A service: a table, a route, and an event that it emits and handles.
    Service(NewOptions),
    /// A plugin for one of the contracts.
    Plugin {
        #[command(flatten)]
        options: NewOptions,
        /// What it is a plugin for.
        #[arg(long, value_parser = contract)]
        contract: PluginContract,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewOptions {
    /// The component's name: small letters, digits and hyphens.
    #[arg(value_parser = name)]
    name: String,
    /// What it is written in.
    #[arg(long, value_enum)]
    language: Language,
    /// The folder in which a folder of this name is made.
    #[arg(long, default_value = ".")]
    into: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    Rust,
    #[value(name = "javascript")]
    JavaScript,
    Python,
}

impl Language {
    fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::Python => "python",
        }
    }
}

/// Whole components, called `sample-name`: `service` and `plugin` have what is the same in every language, `<language>/common` what is
/// in both, and `<language>/<contract>` what plugins differ in.
#[derive(Embed)]
#[folder = "templates/"]
struct Templates;

/// The contracts, for every component to have a copy.
#[derive(Embed)]
#[folder = "../../wit/"]
struct Contracts;

/// Writes the component and says what to do with it.
pub(crate) fn run(command: &NewCommand) -> Result<()> {
    let (options, contract) = match command {
        NewCommand::Service(options) => (options, None),
        NewCommand::Plugin { options, contract } => (options, Some(contract.as_str())),
    };
    let folder = options.into.join(&options.name);
    ensure!(!folder.exists(), "{} is there already: choose another name, or remove it", folder.display());
    let files = component(options, contract)?;
    let (_, readme) = files.iter().find(|(path, _)| path == "README.md").context("every template has a README")?;
    let (commands, lines) = (block(readme, "sh")?, block(readme, "toml")?);
    for (path, content) in &files {
        write(&folder.join(path), content.as_bytes())?;
    }
    for path in Contracts::iter() {
        // Those below `worlds/deps` are the packages themselves once more.
        if let Some(contract) = Contracts::get(&path).filter(|_| path.split('/').count() == 2) {
            write(&folder.join("wit/deps").join(&*path), &contract.data)?;
        }
    }
    let wrote = folder.display();
    Ok(output::print(&format!(
        "wrote {wrote}\n\nin that folder:\n\n{commands}\nin the application's spin.toml:\n\n{lines}"
    ))?)
}

/// The files of the component, by their paths in its folder.
fn component(options: &NewOptions, contract: Option<&str>) -> Result<Vec<(String, String)>> {
    let language = options.language.folder();
    let kind = if contract.is_some() { "plugin" } else { "service" };
    let mut templates = vec![format!("{kind}/"), format!("{language}/common/"), format!("{language}/{kind}/")];
    templates.extend(contract.map(|contract| format!("{language}/{contract}/")));
    let mut files = Vec::new();
    for template in &templates {
        for file in Templates::iter() {
            let Some(path) = file.strip_prefix(template) else { continue };
            let content = Templates::get(&file).context("what is listed is there")?.data.into_owned();
            let content = String::from_utf8(content).with_context(|| format!("the template {file} is no text"))?;
            files.push((filled(path, &options.name, contract), filled(&content, &options.name, contract)));
        }
    }
    Ok(files)
}

/// Calls everything in `text` by its real name.
fn filled(text: &str, name: &str, contract: Option<&str>) -> String {
    let text = text.replace("sample-contract", contract.unwrap_or_default());
    let text = text.replace("sample-name", name).replace("sample_name", &name.replace('-', "_"));
    text.replace("SampleName", &name.split('-').map(capitalised).collect::<String>())
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// The first block of `readme` in `language`, without its fences.
fn block<'a>(readme: &'a str, language: &str) -> Result<&'a str> {
    let (_, rest) =
        readme.split_once(&format!("```{language}\n")).with_context(|| format!("no block of {language}"))?;
    Ok(rest.split_once("```").context("a block has an end")?.0)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    std::fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// A name that is one for components, tables, WIT packages and types of every language alike.
fn name(text: &str) -> Result<String, String> {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if text.split('-').all(is_word) && text.len() <= NAME_MAX {
        return Ok(text.to_owned());
    }
    Err(format!("take 1 to {NAME_MAX} small letters, digits and hyphens, every word beginning with a letter"))
}

fn contract(text: &str) -> Result<PluginContract, String> {
    let names = PluginContract::ALL.map(|contract| contract.as_str()).join(", ");
    PluginContract::named(text).ok_or_else(|| format!("the contracts are {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 3] = [Language::Rust, Language::JavaScript, Language::Python];

    #[test]
    fn names_that_would_be_none_elsewhere_are_refused() {
        for good in ["a", "loyalty", "waiting-list", "a1-b2"] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
        for bad in ["", "A", "a_b", "a-", "-a", "a--b", "a-2", "2a", "a/b", "..", "é", &"a".repeat(41)] {
            assert!(name(bad).unwrap_err().contains("small letters"), "{bad}");
        }
    }

    #[test]
    fn every_language_has_every_component_with_nothing_of_the_sample_left() {
        let contracts = PluginContract::ALL.iter().map(|contract| Some(contract.as_str()));
        for language in LANGUAGES {
            for contract in contracts.clone().chain([None]) {
                let options = NewOptions { name: "tape-archive".to_owned(), language, into: PathBuf::new() };
                let files = component(&options, contract).unwrap();
                let names: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
                for file in ["README.md", "wit/world.wit", ".gitignore"] {
                    assert!(names.contains(&file), "{language:?} {contract:?}: {names:?}");
                }
                for (path, content) in &files {
                    let text = format!("{path}\n{content}").to_lowercase();
                    let left = ["sample-name", "sample_name", "samplename", "sample-contract"];
                    assert!(left.iter().all(|word| !text.contains(word)), "{path}");
                }
            }
        }
    }

    #[test]
    fn a_name_is_written_as_each_place_wants_it() {
        let filled = filled("sample-name sample_name SampleName sample-contract", "tape-archive", Some("pricing"));
        assert_eq!(filled, "tape-archive tape_archive TapeArchive pricing");
    }
}
