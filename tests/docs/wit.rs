//! The reference of the contracts, by wit-bindgen's own generator for Markdown.

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::path::Path;
use wit_bindgen_core::{Files, wit_parser::Resolve};

const HEAD: &str = "# The contracts\n\nGenerated from `wit/` by `make docs`. What may change, and when, is in [contracts.md](contracts.md).\n\n";
const WORLDS: [&str; 5] =
    ["service", "pricing-plugin", "payment-gateway-plugin", "notifier-plugin", "media-inspector-plugin"];
/// What begins an interface in the generator's page of a world.
const SECTION: &str = "\n## ";
const ANCHOR: &str = "<a id=\"";

/// The page: every world, and every interface once.
pub(crate) fn page(worlds: &Path) -> Result<String> {
    let mut page = HEAD.to_owned();
    let mut known = BTreeSet::new();
    for name in WORLDS {
        let generated = generated(worlds, name)?;
        let mut sections = generated.split(SECTION);
        // One heading of the first level is enough.
        page += &sections.next().unwrap_or_default().replacen("# ", "## ", 1);
        for section in sections.filter(|section| known.insert(title(section).to_owned())) {
            page += &format!("{SECTION}{}", with_own_anchors(section));
        }
    }
    let lines: Vec<&str> = page.lines().map(str::trim_end).collect();
    Ok(lines.join("\n") + "\n")
}

fn generated(worlds: &Path, name: &str) -> Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(worlds)?;
    let world = resolve.select_world(&[package], Some(name))?;
    let mut files = Files::default();
    wit_bindgen_markdown::Opts::default().build().generate(&mut resolve, world, &mut files)?;
    let (_, text) = files.iter().find(|(name, _)| name.ends_with(".md")).context("the generator writes a page")?;
    Ok(String::from_utf8(text.to_vec())?)
}

/// What the heading says, after its anchor.
fn title(section: &str) -> &str {
    let heading = section.lines().next().unwrap_or_default();
    heading.split_once("</a>").map_or(heading, |(_, title)| title)
}

/// Several interfaces have an `error`: the anchors of each get its name in front, and so do the links to them.
fn with_own_anchors(section: &str) -> String {
    let mut anchors = section.split(ANCHOR).skip(1).filter_map(|rest| rest.split('"').next());
    let own = anchors.next().unwrap_or_default();
    anchors.fold(section.to_owned(), |text, anchor| {
        let (old_anchor, new_anchor) = (format!("{ANCHOR}{anchor}\""), format!("{ANCHOR}{own}.{anchor}\""));
        text.replace(&old_anchor, &new_anchor).replace(&format!("(#{anchor})"), &format!("(#{own}.{anchor})"))
    })
}
