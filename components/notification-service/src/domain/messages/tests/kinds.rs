//! Which kinds there are: those that the contracts declare and the manifest subscribes to.

use super::super::messages;
use super::payloads::{incoming, payload, said};
use mutrapro_contracts::Event;
use mutrapro_contracts::quotation::{MilestoneDue, MilestonePaid};
use mutrapro_contracts::task::TaskInProgress;
use mutrapro_contracts::user::RoleGranted;
use mutrapro_sdk::events::Refusal;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// As far as this service needs it.
#[derive(Deserialize)]
struct Manifest {
    trigger: Triggers,
}

#[derive(Deserialize)]
struct Triggers {
    mutrapro: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    component: String,
    #[serde(default)]
    subscribes: Vec<String>,
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every kind that the contracts declare: what stands in quotes like `"user.registered"` in the files of producers,
/// where nothing but declarations has quotes of that form.
fn declared() -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for file in std::fs::read_dir(repository().join("components/contracts/src")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if !["lib", "answers", "access_token"].contains(&name) {
            let source = std::fs::read_to_string(&path).unwrap();
            kinds.extend(source.split('"').skip(1).step_by(2).filter(|text| is_kind(text)).map(ToOwned::to_owned));
        }
    }
    kinds
}

fn is_kind(text: &str) -> bool {
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    text.contains('.') && text.split('.').all(is_name)
}

/// The declared kinds that the manifest's entry of this service names, by themselves or with a wildcard.
pub(super) fn subscribed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(repository().join("spin.toml")).unwrap();
    let manifest: Manifest = toml::from_str(&text).unwrap();
    let service = manifest.trigger.mutrapro.into_iter().find(|service| service.component == "notification-service");
    let subscribes = service.unwrap().subscribes;
    let fits = |kind: &str, wanted: &str| {
        wanted == kind || wanted.strip_suffix('*').is_some_and(|beginning| kind.starts_with(beginning))
    };
    declared().into_iter().filter(|kind| subscribes.iter().any(|wanted| fits(kind, wanted))).collect()
}

#[test]
fn kinds_are_found_however_they_are_declared() {
    let declared = declared();
    for kind in [RoleGranted::KIND, TaskInProgress::KIND, MilestoneDue::KIND, MilestonePaid::KIND] {
        assert!(declared.contains(kind), "{kind} is not in {declared:?}");
    }
    assert!(declared.len() > 50, "{declared:?}");
}

#[test]
fn every_subscribed_kind_has_its_function() {
    let subscribed = subscribed();
    assert!(subscribed.len() > 40, "{subscribed:?}");
    for kind in subscribed {
        said(&kind, &payload());
    }
}

#[test]
fn kind_that_is_not_subscribed_to_is_rejected_for_good() {
    let subscribed = subscribed();
    for kind in declared().into_iter().filter(|kind| !subscribed.contains(kind)) {
        let refusal = messages(&incoming(&kind, &payload())).unwrap_err();
        assert_eq!(refusal, Refusal::Reject(format!("there is no handler for {kind}")));
    }
}

#[test]
fn incomplete_payload_is_rejected_for_good() {
    for kind in subscribed() {
        let outcome = messages(&incoming(&kind, &json!({})));
        assert!(matches!(outcome, Err(Refusal::Reject(_))), "{kind}: {outcome:?}");
    }
}

proptest! {
    #[test]
    fn any_payload_is_told_or_rejected_but_never_retried(
        kind in prop::sample::select(subscribed().into_iter().collect::<Vec<_>>()),
        payload in ".*",
    ) {
        let outcome = messages(&incoming(&kind, &payload));
        prop_assert!(!matches!(outcome, Err(Refusal::Retry(_))), "{outcome:?}");
    }
}
