//! A [`RawApplication`] into an [`App`]: every check that is not about a file's syntax starts here.
//!
//! Each step gives what it can make of its part and reports the rest, so that all problems are found in one go.

use crate::app::{App, ComponentId, Outbound, Route, Service, VariableValue};
use crate::database::{Owners, check_database};
use crate::events::{check_subscriptions, parse_patterns};
use crate::limits::check_limits;
use crate::names::{is_kebab, suggestion};
use crate::outbound::{Components, check_outbound};
use crate::plugins::{check_plugin_outbound, check_plugins, implementations};
use crate::problem::{Problems, Report};
use crate::raw::{Located, RawApplication, RawComponent, RawSource, RawTrigger};
use crate::routes::parse_route;
use crate::schedules::check_schedules;
use crate::variables::{Resolved, Variables};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What [`load`](crate::load) insists on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadOptions {
    /// Whether every component's WebAssembly file must exist: not so before the first build.
    pub require_wasm: bool,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { require_wasm: true }
    }
}

/// What all services are checked against.
struct Context<'a> {
    raw: &'a RawApplication,
    variables: Resolved,
    owners: Owners,
    components: BTreeSet<ComponentId>,
    options: LoadOptions,
}

/// # Errors
/// Every problem in `report` and every one found here.
pub(crate) fn assemble(
    raw: &RawApplication,
    variables: &Variables,
    options: LoadOptions,
    mut report: Report,
) -> Result<App, Problems> {
    let context = Context {
        raw,
        variables: Resolved::new(raw, variables, &mut report),
        owners: Owners::new(&raw.triggers, &mut report),
        components: raw.components.iter().map(|component| ComponentId::new(&component.id.value)).collect(),
        options,
    };
    if let Some(name) = raw.name.as_ref().filter(|name| !is_kebab(&name.value)) {
        let message = format!("{:?} is no name for an application", name.value);
        report.add(&name.place, message, "use lower-case words with dashes: `like-this`");
    }
    refuse_duplicates("id", raw.triggers.iter().filter_map(|trigger| trigger.id.as_ref()), &mut report);
    refuse_duplicates("database", raw.triggers.iter().filter_map(|trigger| trigger.database.as_ref()), &mut report);
    refuse_duplicates("component", raw.triggers.iter().filter_map(|trigger| trigger.component.as_ref()), &mut report);
    refuse_unknown_components(&context, &mut report);
    check_subscriptions(&raw.triggers, &mut report);
    let mut parts: ComponentParts<'_> = raw
        .components
        .iter()
        .map(|component| (component.id.value.as_str(), ComponentPart::new(component, &context, &mut report)))
        .collect();
    let services = services(&context, &mut parts, &mut report);
    let plugins = plugins(&context, &services, parts, &mut report);
    report.finish()?;
    let text = |text: &Option<Located<String>>| text.as_ref().map(|text| text.value.clone()).unwrap_or_default();
    Ok(App { name: text(&raw.name), version: text(&raw.version), services, plugins })
}

/// What components say of themselves, by their names.
type ComponentParts<'a> = BTreeMap<&'a str, ComponentPart>;

/// Every service; takes its component's part.
fn services(
    context: &Context<'_>,
    parts: &mut ComponentParts<'_>,
    report: &mut Report,
) -> BTreeMap<ComponentId, Arc<Service>> {
    let mut services = BTreeMap::new();
    let mut routes = Vec::new();
    for trigger in &context.raw.triggers {
        let id = trigger.component.as_ref().map_or("", |component| component.value.as_str());
        let route = route(trigger, &mut routes, report);
        let database = check_database(trigger, id, &context.raw.folder, &context.owners, report);
        // A second entry of a component, or one whose component does not exist, is reported elsewhere; what else is
        // wrong with it counts all the same.
        let part = parts.remove(id).unwrap_or_default();
        let service = Service {
            id: ComponentId::new(id),
            wasm: part.wasm,
            route,
            database,
            publishes: parse_patterns(&trigger.publishes, report),
            subscribes: parse_patterns(&trigger.subscribes, report),
            schedules: check_schedules(&trigger.schedules, report),
            blobs: trigger.blobs,
            outbound: part.outbound,
            variables: part.variables,
            plugins: check_plugins(&trigger.plugins, context.raw, report),
            implements: BTreeSet::new(),
            limits: check_limits(&trigger.limits, report),
            build_command: part.build_command,
        };
        services.insert(service.id.clone(), Arc::new(service));
    }
    services
}

/// Every plugin, of the parts that no service took.
fn plugins(
    context: &Context<'_>,
    services: &BTreeMap<ComponentId, Arc<Service>>,
    mut parts: ComponentParts<'_>,
    report: &mut Report,
) -> BTreeMap<ComponentId, Arc<Service>> {
    let mut implementations = implementations(services.values().map(|service| &service.plugins));
    let mut plugins = BTreeMap::new();
    for component in &context.raw.components {
        let Some(part) = parts.remove(component.id.value.as_str()) else {
            continue;
        };
        let id = ComponentId::new(&component.id.value);
        let Some(implements) = implementations.remove(&id) else {
            let remedy = format!(
                "add [[trigger.mutrapro]] with `component = \"{id}\"`, without a route if only components are to reach it; or, \
                 if it is a plugin, name it in `plugins` of the service that uses it"
            );
            report.add(&component.id.place, format!("component `{id}` has no trigger entry"), remedy);
            continue;
        };
        check_plugin_outbound(&id, &component.id.place, &part.outbound, report);
        let plugin = Service {
            outbound: part.outbound,
            variables: part.variables,
            implements,
            build_command: part.build_command,
            ..Service::new(id.clone(), part.wasm)
        };
        plugins.insert(id, Arc::new(plugin));
    }
    plugins
}

/// The route of an entry, unless an earlier one has the same.
fn route(trigger: &RawTrigger, routes: &mut Vec<Route>, report: &mut Report) -> Option<Route> {
    let text = trigger.route.as_ref()?;
    let route = parse_route(text, report)?;
    if routes.contains(&route) {
        let message = format!("route \"{}\" is taken by an earlier trigger entry", text.value);
        report.add(&text.place, message, "give it another path; the longest route that fits a request wins");
        return None;
    }
    routes.push(route.clone());
    Some(route)
}

/// The half of a service that its component says.
#[derive(Default)]
struct ComponentPart {
    wasm: PathBuf,
    outbound: Outbound,
    variables: BTreeMap<String, VariableValue>,
    build_command: Option<String>,
}

impl ComponentPart {
    fn new(component: &RawComponent, context: &Context<'_>, report: &mut Report) -> Self {
        if !is_kebab(&component.id.value) {
            let message = format!("{:?} is no name for a component", component.id.value);
            report.add(&component.id.place, message, "use lower-case words with dashes: `like-this`");
        }
        Self {
            wasm: wasm(component, context, report).unwrap_or_default(),
            outbound: check_outbound(
                &component.outbound_hosts,
                &context.variables,
                Components { own: &context.components, foreign: &context.raw.foreign_components },
                report,
            ),
            variables: context.variables.fill_in(&component.variables, report),
            build_command: component.build.as_ref().map(|build| build.command.clone()),
        }
    }
}

/// The absolute path of a component's WebAssembly file. One that is elsewhere and has not been fetched has none.
fn wasm(component: &RawComponent, context: &Context<'_>, report: &mut Report) -> Option<PathBuf> {
    let source = component.source.as_ref()?;
    let path = match &source.value {
        RawSource::File(path) => context.raw.folder.join(path),
        RawSource::Remote(remote) => remote.path_in(context.raw.downloads.as_ref()?),
    };
    if context.options.require_wasm && !path.is_file() {
        let remedy = match &component.build {
            Some(build) => format!("build it: `{}`", build.command),
            None => format!("correct `source`, or add [component.{}.build] with its command", component.id.value),
        };
        let message = format!("the WebAssembly file of `{}` is missing: {}", component.id.value, path.display());
        report.add(&source.place, message, remedy);
    }
    match std::path::absolute(&path) {
        Ok(path) => Some(path),
        Err(error) => {
            let message = format!("cannot make {} an absolute path: {error}", path.display());
            report.add(&source.place, message, "give the path of a file");
            None
        }
    }
}

fn refuse_duplicates<'a>(key: &str, texts: impl Iterator<Item = &'a Located<String>>, report: &mut Report) {
    let mut spots = BTreeMap::new();
    for text in texts {
        if let Some(spot) = spots.get(&text.value) {
            let message = format!("`{key} = \"{}\"` stands in two trigger entries", text.value);
            report.add(&text.place, message, format!("the first is {spot}: merge the two, or change one"));
        } else {
            spots.insert(&text.value, &text.place.spot);
        }
    }
}

fn refuse_unknown_components(context: &Context<'_>, report: &mut Report) {
    for component in context.raw.triggers.iter().filter_map(|trigger| trigger.component.as_ref()) {
        if !context.components.contains(&ComponentId::new(&component.value)) {
            let known = context.components.iter().map(ComponentId::as_str);
            let otherwise = format!("add [component.{}] with its `source`", component.value);
            let message = format!("component `{}` does not exist", component.value);
            report.add(&component.place, message, suggestion(&component.value, known, otherwise));
        }
    }
}
