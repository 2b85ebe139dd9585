//! Where values come from, and that no secret is shown.

use crate::fixture::{Fixture, refused, stateless};
use mutrapro_manifest::{Manifest, Variables};
use std::collections::BTreeMap;

const SECRET: &str = "s3cr3t-v4lue";

/// A component whose variable `text` is `{{ key }}`, with `declared` in [variables].
fn manifest(declared: &str) -> String {
    format!("{}variables = {{ text = \"<{{{{ key }}}}>\" }}\n[variables]\n{declared}\n", stateless(""))
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Variables from explicit pairs, an environment and generated secrets.
fn variables(explicit: &[(&str, &str)], environment: &[(&str, &str)], generated: &[(&str, &str)]) -> Variables {
    let environment = pairs(environment);
    Variables::new(pairs(explicit), move |name| environment.get(name).cloned(), pairs(generated))
}

fn resolved(declared: &str, variables: Variables) -> String {
    let app = Fixture::new(&manifest(declared), &[]).with_variables(variables).load().unwrap_or_else(|p| panic!("{p}"));
    app.services.values().next().unwrap().variables.get("text").unwrap().expose().to_owned()
}

#[test]
fn nearer_source_wins() {
    let explicit: &[_] = &[("key", "explicit")];
    let spin = ("SPIN_VARIABLE_KEY", "spin");
    let own = ("MUTRAPRO_KEY", "own");
    let generated: &[_] = &[("key", "generated")];
    let declared = "key = { default = \"default\" }";
    assert_eq!(resolved(declared, variables(explicit, &[own, spin], generated)), "<explicit>");
    assert_eq!(resolved(declared, variables(&[], &[own, spin], generated)), "<spin>");
    assert_eq!(resolved(declared, variables(&[], &[own], generated)), "<own>");
    assert_eq!(resolved(declared, variables(&[], &[], generated)), "<generated>");
    assert_eq!(resolved(declared, variables(&[], &[], &[])), "<default>");
}

#[test]
fn missing_variable_is_answered_with_the_ways_to_give_it() {
    let manifest = manifest("key = { required = true } # <-");
    for way in ["--variable key=…", "SPIN_VARIABLE_KEY", "MUTRAPRO_KEY"] {
        refused(&manifest, &[], "variable `key` is required and has no value", way);
    }
}

#[test]
fn contradictory_declarations_are_refused() {
    let both = manifest("key = { required = true, default = \"a\" } # <-");
    refused(&both, &[], "required and has a default", "keep one");
    refused(&manifest("key = {} # <-"), &[], "neither required nor has a default", "default =");
    let manifest = format!("{}[variables]\nKey = {{ default = \"\" }} # <-\n", stateless(""));
    refused(&manifest, &[], "`Key` is no name for a variable", "like_this");
}

#[test]
fn secret_has_no_default_and_a_required_one_is_not_empty() {
    assert_eq!(resolved("key = { default = \"\", secret = true }", variables(&[], &[], &[])), "<>");
    let manifest = |declared: &str| manifest(&format!("key = {{ {declared}, secret = true }} # <-"));
    let fixture = Fixture::new(&manifest(&format!("default = \"{SECRET}\"")), &[]);
    fixture.assert_refused("`key` is a secret with a default", "`generated_secrets`");
    let fixture = Fixture::new(&manifest("required = true"), &[]);
    let empty = variables(&[], &[("MUTRAPRO_KEY", "")], &[]);
    fixture.with_variables(empty).assert_refused("`key` is required and has no value", "--variable key=…");
}

#[test]
fn undeclared_names_in_templates_are_refused() {
    let with = |text: &str| {
        format!("{}variables = {{ text = \"{text}\" }} # <-\n[variables]\nkey = {{ default = \"a\" }}\n", stateless(""))
    };
    refused(&with("{{ kye }}"), &[], "variable `kye`, which [variables] does not declare", "did you mean `key`?");
    refused(&with("{{ zzz }}"), &[], "variable `zzz`", "add `zzz = { required = true }`");
    refused(&with("a {{ key"), &[], "without `}}`", "close it");
}

#[test]
fn templates_fill_in_outbound_hosts_too() {
    let manifest = format!(
        "{}allowed_outbound_hosts = [\"https://{{{{ host }}}}\"]\n[variables]\nhost = {{ default = \"a.example\" }}\n",
        stateless(""),
    );
    let app = Fixture::new(&manifest, &[]).load().unwrap();
    let service = app.services.values().next().unwrap();
    assert_eq!(service.outbound.hosts.first().unwrap().host, "a.example");
}

#[test]
fn option_for_an_undeclared_variable_is_refused() {
    let manifest = manifest("key = { default = \"a\" }").replace("[variables]", "[variables] # <-");
    let fixture = Fixture::new(&manifest, &[]).with_variables(variables(&[("kye", SECRET)], &[], &[]));
    fixture.assert_refused("`--variable kye=…` sets a variable", "did you mean `key`?");
}

#[test]
fn generated_secrets_are_known_before_validation() {
    let declared = "key = { required = true, secret = true }";
    let head = "[application.trigger.mutrapro]\ngenerated_secrets = [\"key\"]\n";
    let manifest = format!("{}{head}", manifest(declared));
    let fixture = Fixture::new(&manifest, &[]);
    let read = Manifest::read(&fixture.path()).unwrap();
    assert_eq!(read.generated_secrets().collect::<Vec<_>>(), ["key"]);
    assert!(fixture.load().unwrap_err().to_string().contains("has no value"));
    fixture.with_variables(variables(&[], &[], &[("key", SECRET)])).load().unwrap();
}

#[test]
fn generated_secret_is_a_required_secret_variable() {
    for name in ["key", "other"] {
        let head = format!("[application.trigger.mutrapro]\ngenerated_secrets = [\"{name}\"] # <-\n");
        let manifest = format!("{}{head}", manifest("key = { default = \"a\" }"));
        let message = format!("`{name}`, which is no required secret variable");
        refused(&manifest, &[], &message, "required = true, secret = true");
    }
}

#[test]
fn secrets_are_never_shown() {
    let declared = "key = { required = true, secret = true }";
    let given = || variables(&[("key", SECRET)], &[], &[("other", SECRET)]);
    let app = Fixture::new(&manifest(declared), &[]).with_variables(given()).load().unwrap();
    assert!(!format!("{app:?} {:?}", given()).contains(SECRET));

    let written = manifest(&format!("key = {{ default = \"{SECRET}\", secret = true }}"));
    let fixture = Fixture::new(&written, &[]);
    let read = Manifest::read(&fixture.path()).unwrap();
    assert!(!format!("{read:?} {}", fixture.load().unwrap_err()).contains(SECRET));

    // A secret in the place of a host, in all the ways that can go wrong.
    for host in ["{{ key }}", "http://{{ key }}.spin.internal", "https://{{ key }}:x", "{{ key }}://a.example"] {
        let manifest = format!("{}allowed_outbound_hosts = [\"{host}\"]\n[variables]\n{declared}\n", stateless(""));
        let problems = Fixture::new(&manifest, &[]).with_variables(given()).load().unwrap_err();
        assert!(!format!("{problems} {problems:?}").contains(SECRET), "{problems}");
    }
}
