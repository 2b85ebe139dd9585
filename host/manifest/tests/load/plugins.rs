//! Components that are plugins: `plugins` in a trigger entry.

use crate::fixture::{HEAD, accepted, refused, stateless};
use mutrapro_manifest::{ComponentId, PluginContract};
use std::collections::BTreeSet;

const PLUGINS: &str =
    "[component.loyalty]\nsource = \"loyalty.wasm\"\n[component.promotion]\nsource = \"promotion.wasm\"\n";

/// One service with `entry` in its trigger entry, and two components that could be plugins.
fn with_plugins(entry: &str) -> String {
    stateless(entry) + PLUGINS
}

#[test]
fn plugins_come_in_the_order_in_which_they_are_named() {
    let entry = "plugins = { pricing = [\"promotion\", \"loyalty\"], notifier = \"loyalty\" }";
    let app = accepted(&with_plugins(entry), &[]);
    let users = &app.services[&ComponentId::new("users")];
    let named: Vec<_> = users.plugins[&PluginContract::Pricing].iter().map(ComponentId::as_str).collect();
    assert_eq!(named, ["promotion", "loyalty"]);
    assert_eq!(users.plugins[&PluginContract::Notifier], [ComponentId::new("loyalty")]);
    assert_eq!(app.services.len(), 1);
    let loyalty = &app.plugins[&ComponentId::new("loyalty")];
    assert_eq!(loyalty.implements, BTreeSet::from([PluginContract::Pricing, PluginContract::Notifier]));
    assert!(loyalty.wasm.ends_with("loyalty.wasm") && loyalty.plugins.is_empty());
}

#[test]
fn plugin_may_serve_several_services() {
    let entry = |name: &str| {
        format!(
            "[[trigger.mutrapro]]\nid = \"{name}\"\ncomponent = \"{name}\"\nplugins = {{ pricing = \"loyalty\" }}\n\
             [component.{name}]\nsource = \"{name}.wasm\"\n"
        )
    };
    let loyalty = "[component.loyalty]\nsource = \"loyalty.wasm\"\n";
    let app = accepted(&format!("{HEAD}{}{}{loyalty}", entry("quotes"), entry("sales")), &[]);
    assert_eq!((app.services.len(), app.plugins.len()), (2, 1));
}

#[test]
fn unknown_contract_is_named_with_the_nearest() {
    let entry = "plugins = { prising = [\"promotion\", \"loyalty\"], pricing = [\"promotion\", \"loyalty\"] } # <-";
    refused(&with_plugins(entry), &[], "`prising` in `plugins` is no contract for plugins", "`pricing`");
}

#[test]
fn plugin_that_does_not_exist_is_named_with_the_nearest() {
    let entry = "plugins = { pricing = [\"promotion\", \"loyalty\", \"loyalti\"] } # <-";
    refused(&with_plugins(entry), &[], "plugin `loyalti` does not exist", "`loyalty`");
}

#[test]
fn plugin_is_named_once() {
    let entry = "plugins = { pricing = [\"promotion\", \"loyalty\", \"promotion\"] } # <-";
    refused(&with_plugins(entry), &[], "plugin `promotion` is named twice for pricing", "once");
}

#[test]
fn service_is_no_plugin() {
    let entry = "plugins = { pricing = [\"promotion\", \"loyalty\", \"users\"] } # <-";
    refused(&with_plugins(entry), &[], "`users` is a service, so it is no plugin", "remove one or the other");
}

#[test]
fn component_that_nobody_uses_needs_an_entry_or_a_service() {
    let manifest = with_plugins("plugins = { pricing = \"promotion\" }");
    let manifest = manifest.replace("[component.loyalty]", "[component.loyalty] # <-");
    refused(&manifest, &[], "component `loyalty` has no trigger entry", "name it in `plugins` of the service");
}

#[test]
fn plugin_may_call_no_component() {
    let manifest = with_plugins("plugins = { pricing = [\"promotion\", \"loyalty\"] }");
    let hosts = "allowed_outbound_hosts = [\"http://users.spin.internal\", \"https://api.example.com\"]";
    let manifest = manifest.replace("[component.loyalty]", &format!("[component.loyalty] # <-\n{hosts}"));
    refused(&manifest, &[], "plugin `loyalty` may call no component", "http://users.spin.internal");
}

#[test]
fn list_of_plugins_is_a_text_or_texts() {
    let entry = "plugins = { pricing = [\"promotion\", \"loyalty\", 3] } # <-";
    refused(&with_plugins(entry), &[], "`pricing` in `plugins` is of type integer", "text in quotes");
}
