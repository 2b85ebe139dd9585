//! Makes a program of a component's file: compiles, checks what it imports and exports, and links what it is granted.

use crate::bindings::exchange;
use crate::capability::Capability;
use crate::component::Component;
use crate::engine::Epochs;
use crate::error::ComponentProblem;
use crate::instance::InstancePool;
use crate::limits::RuntimeLimits;
use crate::metrics::RuntimeMetrics;
use crate::program::{Blueprint, Program};
use crate::runtime::Runtime;
use crate::state::State;
use crate::stream::StreamHandler;
use mutrapro_manifest::{PluginContract, Service};
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use wasmtime::Engine;
use wasmtime::component::Linker;
use wasmtime::component::types::ComponentItem;
use wasmtime_wasi_http::handler::ProxyPre;

/// The line of versions of the contracts that this host serves, with what begins every version of it.
const CONTRACTS_LINE: &str = "0.1.x";
const CONTRACTS_VERSION: &str = "0.1.";
const EXCHANGE: &str = "mutrapro:http/exchange@0.1.";
const CONSUMER: &str = "mutrapro:events/consumer@0.1.";
const JOB: &str = "mutrapro:schedule/job@0.1.";
/// Interfaces that have types and nothing to call.
const TYPES: [&str; 7] = [
    "mutrapro:http/types",
    "mutrapro:events/types",
    "mutrapro:plugins/types",
    "mutrapro:plugins/pricing-types",
    "mutrapro:plugins/payment-gateway-types",
    "mutrapro:plugins/notifier-types",
    "mutrapro:plugins/media-inspector-types",
];
/// The package of what plugins export.
const PLUGINS: &str = "mutrapro:plugins/";
const HANDLER_P3: &str = "wasi:http/handler@0.3.";
const HANDLER_P2: &str = "wasi:http/incoming-handler@0.2.";

/// What a component exports that this host can call.
#[derive(Debug, Default)]
struct Exports {
    /// `mutrapro:http/exchange`: requests that fit in memory.
    exchange: bool,
    /// `mutrapro:events/consumer`, with its function.
    consumer: bool,
    /// `mutrapro:schedule/job`, with its function.
    job: bool,
    /// WASI's own handler, for streams and for components that know nothing of `mutrapro:http`.
    http: Option<HttpExport>,
    /// The contracts of `mutrapro:plugins` that it can be a plugin for.
    plugins: BTreeSet<PluginContract>,
}

/// Which of WASI's HTTP handlers a component exports; the newer one where it exports both.
#[derive(Debug, Clone, Copy)]
enum HttpExport {
    /// `wasi:http/handler@0.3`.
    P3,
    /// `wasi:http/incoming-handler@0.2`.
    P2,
}

/// What all components of a runtime share while they are loaded.
pub(crate) struct Loader {
    pub(crate) engine: Engine,
    pub(crate) epochs: Epochs,
    pub(crate) limits: Arc<RuntimeLimits>,
    pub(crate) metrics: RuntimeMetrics,
    pub(crate) capabilities: Arc<[Arc<dyn Capability>]>,
    pub(crate) runtime: Weak<Runtime>,
}

impl Loader {
    /// The component of `service`, running what is in its file. Blocks while it compiles.
    pub(crate) fn component(&self, service: &Arc<Service>) -> Result<Component, Vec<ComponentProblem>> {
        let wasm = std::fs::read(&service.wasm).map_err(|source| {
            let (component, path) = (service.id.clone(), service.wasm.display().to_string());
            vec![ComponentProblem::Unreadable { component, path, source }]
        })?;
        Ok(Component::new(service, self.program(service, &wasm)?, &self.limits, &self.metrics))
    }

    /// Compiles (or takes from the cache), checks and links `wasm` for `service`. Blocks while it compiles.
    pub(crate) fn program(&self, service: &Arc<Service>, wasm: &[u8]) -> Result<Program, Vec<ComponentProblem>> {
        let compiled = self.compile(service, wasm).map_err(|problem| vec![problem])?;
        let exports = self.exports(&compiled);
        let mut problems = self.import_problems(service, &compiled);
        problems.extend(export_problems(service, &exports));
        if !problems.is_empty() {
            return Err(problems);
        }
        self.link(service, &compiled, exports).map_err(|error| {
            vec![ComponentProblem::Unlinkable { component: service.id.clone(), reason: format!("{error:#}") }]
        })
    }

    fn compile(&self, service: &Service, wasm: &[u8]) -> Result<wasmtime::component::Component, ComponentProblem> {
        wasmtime::component::Component::new(&self.engine, wasm).map_err(|error| ComponentProblem::Invalid {
            component: service.id.clone(),
            path: service.wasm.display().to_string(),
            reason: format!("{error:#}"),
        })
    }

    fn exports(&self, compiled: &wasmtime::component::Component) -> Exports {
        let mut exports = Exports::default();
        for (name, item) in compiled.component_type().exports(&self.engine) {
            // Who calls these looks for the function in every instance anew, so that it has to be there is said here.
            let has = |function| match &item.ty {
                ComponentItem::ComponentInstance(interface) => interface.get_export(&self.engine, function).is_some(),
                _ => false,
            };
            match name {
                _ if name.starts_with(EXCHANGE) => exports.exchange = true,
                _ if name.starts_with(CONSUMER) => exports.consumer = has("handle"),
                _ if name.starts_with(JOB) => exports.job = has("run"),
                _ if name.starts_with(HANDLER_P3) => exports.http = Some(HttpExport::P3),
                _ if name.starts_with(HANDLER_P2) => exports.http = exports.http.or(Some(HttpExport::P2)),
                _ => exports.plugins.extend(plugin_contract(name)),
            }
        }
        exports
    }

    /// Every import that nothing provides to this service, so that the error can name what is missing.
    fn import_problems(&self, service: &Service, compiled: &wasmtime::component::Component) -> Vec<ComponentProblem> {
        let component = &service.id;
        let mut problems = Vec::new();
        for (import, _) in compiled.component_type().imports(&self.engine) {
            let name = import.split('@').next().unwrap_or(import);
            let known = self.capabilities.iter().find_map(|capability| {
                capability.interfaces().iter().find(|interface| interface.name == name).map(|found| (capability, found))
            });
            let import = import.to_owned();
            if is_of_another_line(&import) {
                let served = CONTRACTS_LINE;
                problems.push(ComponentProblem::UnservedVersion { component: component.clone(), import, served });
                continue;
            }
            match known {
                Some((capability, interface)) if !capability.is_granted(interface, service) => {
                    let grant = interface.grant;
                    problems.push(ComponentProblem::MissingGrant { component: component.clone(), import, grant });
                }
                Some(_) => {}
                // Types alone need no grant; WASI's own interfaces are for the linker to check.
                None if name.starts_with("wasi:") || is_types_alone(name) => {}
                None => problems.push(ComponentProblem::UnknownImport { component: component.clone(), import }),
            }
        }
        problems
    }

    fn link(
        &self,
        service: &Arc<Service>,
        compiled: &wasmtime::component::Component,
        exports: Exports,
    ) -> wasmtime::Result<Program> {
        let instance_pre = self.linker(service)?.instantiate_pre(compiled)?;
        let blueprint = Arc::new(Blueprint {
            service: Arc::clone(service),
            instance_pre: instance_pre.clone(),
            epochs: self.epochs.clone(),
            limits: Arc::clone(&self.limits),
            metrics: self.metrics.clone(),
            capabilities: Arc::clone(&self.capabilities),
            runtime: self.runtime.clone(),
        });
        let exchange = exports.exchange.then(|| exchange::GuestIndices::new(&instance_pre)).transpose()?;
        let streams = match exports.http {
            Some(HttpExport::P3) => {
                Some(ProxyPre::P3(wasmtime_wasi_http::p3::bindings::ServicePre::new(instance_pre)?))
            }
            Some(HttpExport::P2) => Some(ProxyPre::P2(wasmtime_wasi_http::p2::bindings::ProxyPre::new(instance_pre)?)),
            None => None,
        };
        Ok(Program {
            instances: InstancePool::new(&blueprint),
            streams: streams.map(|proxy| StreamHandler::new(Arc::clone(&blueprint), proxy)),
            blueprint,
            exchange,
        })
    }

    fn linker(&self, service: &Service) -> wasmtime::Result<Linker<State>> {
        let mut linker = Linker::new(&self.engine);
        // The standard library of the wasip2 target imports WASI 0.2 even in a component that exports 0.3. Files and
        // sockets are linked because it names them; the context of an instance opens neither.
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
        for capability in self.capabilities.iter() {
            for interface in capability.interfaces() {
                if capability.is_granted(interface, service) {
                    capability.add_to_linker(interface, &mut linker)?;
                }
            }
        }
        Ok(linker)
    }
}

/// Whether the interface `name`, without its version, has types and nothing to call.
pub fn is_types_alone(name: &str) -> bool {
    TYPES.contains(&name)
}

/// Whether the interface `name` is one of the contracts, at a version that this host does not serve.
pub fn is_of_another_line(name: &str) -> bool {
    let version = name.strip_prefix("mutrapro:").and_then(|name| name.split_once('@'));
    version.is_some_and(|(_, version)| !version.starts_with(CONTRACTS_VERSION))
}

/// The contract that an exported interface fulfils, for example `mutrapro:plugins/pricing@0.1.0`.
fn plugin_contract(export: &str) -> Option<PluginContract> {
    let (contract, version) = export.strip_prefix(PLUGINS)?.split_once('@')?;
    PluginContract::named(contract).filter(|_| version.starts_with(CONTRACTS_VERSION))
}

fn export_problems(service: &Service, exports: &Exports) -> Vec<ComponentProblem> {
    let missing = |reason: String| ComponentProblem::MissingExport { component: service.id.clone(), reason };
    let mut problems = Vec::new();
    if service.route.is_some() && !exports.exchange && exports.http.is_none() {
        problems
            .push(missing("has a route, but exports neither mutrapro:http/exchange nor a wasi:http handler".into()));
    }
    if !service.subscribes.is_empty() && !exports.consumer {
        problems.push(missing(format!("subscribes to events, but does not export {CONSUMER}x")));
    }
    if !service.schedules.is_empty() && !exports.job {
        problems.push(missing(format!("has schedules, but does not export {JOB}x")));
    }
    for contract in service.implements.difference(&exports.plugins) {
        problems.push(missing(format!(
            "is named as a plugin for {contract}, but does not export {PLUGINS}{contract}@{CONTRACTS_LINE}"
        )));
    }
    problems
}
