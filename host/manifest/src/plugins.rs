//! Which components are plugins, of whom and for what: `plugins` in a trigger entry.

use crate::app::{ComponentId, Outbound, PluginContract};
use crate::document::listed;
use crate::names::suggestion;
use crate::problem::{Place, Report};
use crate::raw::{Located, RawApplication, RawPlugins, RawTrigger};
use std::collections::{BTreeMap, BTreeSet};

/// What each component is a plugin for, over all services.
pub(crate) type Implementations = BTreeMap<ComponentId, BTreeSet<PluginContract>>;

/// The plugins that `texts` give one service; what names nothing is reported and left out.
pub(crate) fn check_plugins(
    texts: &[RawPlugins],
    raw: &RawApplication,
    report: &mut Report,
) -> BTreeMap<PluginContract, Vec<ComponentId>> {
    let mut plugins = BTreeMap::new();
    for RawPlugins { contract, components } in texts {
        let names = PluginContract::ALL.map(PluginContract::as_str);
        let Some(known) = PluginContract::named(&contract.value) else {
            let message = format!("`{}` in `plugins` is no contract for plugins", contract.value);
            let otherwise = format!("known are {}", listed(&names));
            report.add(&contract.place, message, suggestion(&contract.value, names, otherwise));
            continue;
        };
        let mut named = Vec::new();
        for component in components {
            let id = ComponentId::new(&component.value);
            if named.contains(&id) {
                let message = format!("plugin `{id}` is named twice for {known}");
                report.add(&component.place, message, "name it once: each is asked once");
            } else if is_plugin(component, raw, report) {
                named.push(id);
            }
        }
        plugins.insert(known, named);
    }
    plugins
}

/// Whether the component can be a plugin at all.
fn is_plugin(component: &Located<String>, raw: &RawApplication, report: &mut Report) -> bool {
    let name = &component.value;
    if !raw.components.iter().any(|known| known.id.value == *name) {
        let known = raw.components.iter().map(|known| known.id.value.as_str());
        let otherwise = format!("add [component.{name}] with its `source`");
        report.add(&component.place, format!("plugin `{name}` does not exist"), suggestion(name, known, otherwise));
        return false;
    }
    let own = |trigger: &&RawTrigger| trigger.component.as_ref().is_some_and(|own| own.value == *name);
    if let Some(service) = raw.triggers.iter().find(own).and_then(|trigger| trigger.component.as_ref()) {
        let message = format!("`{name}` is a service, so it is no plugin");
        let remedy = format!("its trigger entry is {}: remove one or the other", service.place.spot);
        report.add(&component.place, message, remedy);
        return false;
    }
    true
}

/// What each component is a plugin for.
pub(crate) fn implementations<'a>(
    services: impl Iterator<Item = &'a BTreeMap<PluginContract, Vec<ComponentId>>>,
) -> Implementations {
    let mut implementations = Implementations::new();
    for (contract, plugins) in services.flatten() {
        for plugin in plugins {
            implementations.entry(plugin.clone()).or_default().insert(*contract);
        }
    }
    implementations
}

/// Reports what a plugin may not be allowed: to call components.
pub(crate) fn check_plugin_outbound(id: &ComponentId, place: &Place, outbound: &Outbound, report: &mut Report) {
    for callee in &outbound.components {
        let message =
            format!("plugin `{id}` may call no component, `{callee}` least of all behind the back of its service");
        let remedy = format!("remove \"http://{callee}.spin.internal\" from its allowed_outbound_hosts");
        report.add(place, message, remedy);
    }
}
