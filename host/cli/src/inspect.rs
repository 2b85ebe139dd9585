//! `mutrapro inspect`: what a component is, from its file alone. Nothing is compiled or run.

use crate::output;
use anyhow::{Context, Result, bail};
use mutrapro_manifest::PluginContract;
use mutrapro_runtime::{Interface, is_of_another_line, is_types_alone};
use std::fmt;
use std::path::Path;
use wasmparser::{Encoding, Parser, Payload};

/// What every capability gives, each with what grants it.
const GRANTS: [&[Interface]; 6] = [
    mutrapro_sql::INTERFACES,
    &mutrapro_events::INTERFACES,
    &mutrapro_http::INTERFACES,
    mutrapro_blobs::INTERFACES,
    &mutrapro_plugins::INTERFACES,
    &mutrapro_runtime::VARIABLES,
];
/// What a service can export, each with what it is for.
const SERVICE_EXPORTS: [(&str, &str); 5] = [
    ("mutrapro:http/exchange", "answers requests"),
    ("wasi:http/handler", "answers requests, as streams"),
    ("wasi:http/incoming-handler", "answers requests, as streams"),
    ("mutrapro:events/consumer", "handles events: name them in `subscribes`"),
    ("mutrapro:schedule/job", "runs jobs: name them in `schedules`"),
];
const PLUGINS: &str = "mutrapro:plugins/";
const OTHER_VERSION: &str = "this host serves another version of this contract: the component will not start";
/// WASI's ways to call out.
const OUTGOING: [&str; 2] = ["wasi:http/outgoing-handler", "wasi:http/client"];

/// Prints what is known of `file`.
pub(crate) fn run(file: &Path) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let names = Names::read(&bytes).with_context(|| format!("{} is no component", file.display()))?;
    Ok(output::print(&Report { file, names: &names }.to_string())?)
}

/// The interfaces at a component's border, by their names with versions.
#[derive(Debug, Default, PartialEq, Eq)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Names {
    fn read(bytes: &[u8]) -> Result<Self> {
        let mut names = Self::default();
        // What is nested inside has borders of its own.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { encoding, .. } => {
                    if depth == 0 && encoding != Encoding::Component {
                        bail!("it is a core module: build it for wasm32-wasip2, or make a component of it");
                    }
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        names.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        names.exports.push(export?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(names)
    }
}

/// A name without its version.
fn unversioned(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

/// What an exported interface makes of a component.
fn role(export: &str) -> String {
    if is_of_another_line(export) {
        return OTHER_VERSION.to_owned();
    }
    let name = unversioned(export);
    if let Some(contract) = name.strip_prefix(PLUGINS).and_then(PluginContract::named) {
        return format!("a plugin: name it in `plugins = {{ {contract} = [\"…\"] }}` of a service");
    }
    let known = SERVICE_EXPORTS.iter().find(|(known, _)| *known == name);
    known.map_or("nothing that this host calls", |(_, role)| role).to_owned()
}

/// Whether an import is what standard libraries of languages ask for.
fn is_standard(import: &str) -> bool {
    import.starts_with("wasi:") && !OUTGOING.contains(&unversioned(import))
}

/// What an import asks for.
fn grant(import: &str) -> String {
    if is_of_another_line(import) {
        return OTHER_VERSION.to_owned();
    }
    let name = unversioned(import);
    if OUTGOING.contains(&name) {
        return "write `allowed_outbound_hosts = [\"https://…\"]` into its [component] entry, or every call is refused"
            .into();
    }
    if is_types_alone(name) {
        return "nothing: types alone".into();
    }
    let known = GRANTS.iter().copied().flatten().find(|interface| interface.name == name);
    match known {
        Some(interface) if interface.grant.starts_with("nothing") => interface.grant.to_owned(),
        Some(interface) => format!("write {}", interface.grant),
        None => "this host does not have it: the component will not start".into(),
    }
}

struct Report<'a> {
    file: &'a Path,
    names: &'a Names,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Names { imports, exports } = self.names;
        writeln!(f, "{}: {} exports, {} imports", self.file.display(), exports.len(), imports.len())?;
        writeln!(f, "\nexports, and what that makes of it")?;
        exports.iter().try_for_each(|name| writeln!(f, "  {name}\n      {}", role(name)))?;
        writeln!(f, "\nimports, and what it has to be granted")?;
        let (of_every_language, others): (Vec<_>, Vec<_>) = imports.iter().partition(|name| is_standard(name));
        others.iter().try_for_each(|name| writeln!(f, "  {name}\n      {}", grant(name)))?;
        if of_every_language.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "  {} of WASI's own\n      nothing: there without files, sockets and environment",
            of_every_language.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_told_apart() {
        let module = b"\0asm\x01\0\0\0";
        assert!(Names::read(module).unwrap_err().to_string().contains("core module"));
        assert!(Names::read(b"MZ").is_err());
        assert_eq!(Names::read(b"\0asm\x0d\0\x01\0").unwrap(), Names::default());
    }

    #[test]
    fn every_name_has_its_role_or_grant() {
        for (export, part) in [
            ("mutrapro:plugins/pricing@0.1.0", "plugins = { pricing"),
            ("mutrapro:events/consumer@0.1.0", "`subscribes`"),
            ("mutrapro:events/consumer@0.1.7", "`subscribes`"),
            ("mutrapro:events/consumer@1.0.0", "another version"),
            ("wasi:cli/run@0.2.6", "nothing that this host calls"),
        ] {
            assert!(role(export).contains(part), "{export}");
        }
        for (import, part) in [
            ("mutrapro:sql/database@0.1.0", "`tables`"),
            ("mutrapro:events/outbox@0.1.0", "`publishes"),
            ("mutrapro:http/client@0.1.0", "spin.internal"),
            ("mutrapro:blobs/store@0.1.0", "`blobs = true`"),
            ("mutrapro:plugins/pricing-plugins@0.1.0", "[[trigger.mutrapro]]"),
            ("mutrapro:plugins/pricing-types@0.1.0", "types alone"),
            ("fermyon:spin/variables@2.0.0", "every component has it"),
            ("wasi:http/outgoing-handler@0.2.6", "allowed_outbound_hosts"),
            ("mutrapro:other/types@0.1.0", "does not have it"),
            ("mutrapro:sql/database@0.1.7", "`tables`"),
            ("mutrapro:sql/database@0.2.0", "another version"),
            ("fermyon:spin/redis@2.0.0", "does not have it"),
        ] {
            assert!(grant(import).contains(part), "{import}: {}", grant(import));
        }
    }

    #[test]
    fn what_every_language_imports_is_counted_in_one_line() {
        let imports = ["wasi:io/streams@0.2.6", "wasi:http/client@0.3.0", "wasi:cli/stdout@0.2.6"];
        let names = Names { imports: imports.map(str::to_owned).to_vec(), exports: Vec::new() };
        let said = Report { file: Path::new("x.wasm"), names: &names }.to_string();
        assert!(said.contains("2 of WASI's own") && said.contains("wasi:http/client@0.3.0"), "{said}");
    }
}
