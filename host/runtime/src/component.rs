//! A component of the application: compiled, linked with what it is granted, and its idle instances.

use crate::bindings::exchange;
use crate::capability::{Capability, Settlement};
use crate::error::ComponentProblem;
use crate::guest_output::GuestOutput;
use crate::instance::InstancePool;
use crate::limits::RuntimeLimits;
use crate::metrics::{RequestMeter, RuntimeMetrics};
use crate::runtime::Runtime;
use crate::state::State;
use crate::stream::StreamHandler;
use crate::{CallContext, outbound::Outbound};
use mutrapro_manifest::{ComponentId, Service};
use std::sync::{Arc, Weak};
use wasmtime::component::{InstancePre, Linker};
use wasmtime::{Engine, Store};
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi_http::handler::ProxyPre;

const EXCHANGE: &str = "mutrapro:http/exchange@0.1.0";
const CONSUMER: &str = "mutrapro:events/consumer@0.1.0";
const JOB: &str = "mutrapro:schedule/job@0.1.0";
const HANDLER_P3: &str = "wasi:http/handler@0.3.";
const HANDLER_P2: &str = "wasi:http/incoming-handler@0.2.";

/// What a component exports that this host can call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exports {
    /// `mutrapro:http/exchange`: requests that fit in memory.
    pub exchange: bool,
    /// `mutrapro:events/consumer`.
    pub consumer: bool,
    /// `mutrapro:schedule/job`.
    pub job: bool,
    /// WASI's own handler, for streams and for components that know nothing of `mutrapro:http`.
    pub http: Option<HttpExport>,
}

/// Which of WASI's HTTP handlers a component exports; the newer one where it exports both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpExport {
    /// `wasi:http/handler@0.3`.
    P3,
    /// `wasi:http/incoming-handler@0.2`.
    P2,
}

/// A component that is ready to be called.
pub struct Component {
    pub(crate) blueprint: Blueprint,
    exports: Exports,
    pub(crate) exchange: Option<exchange::GuestIndices>,
    pub(crate) instances: InstancePool,
    pub(crate) streams: Option<StreamHandler>,
    pub(crate) meter: RequestMeter,
}

impl Component {
    /// What the manifest says of it.
    pub fn service(&self) -> &Arc<Service> {
        &self.blueprint.service
    }

    /// What it exports.
    pub fn exports(&self) -> &Exports {
        &self.exports
    }

    /// The linked component, from which typed handles to exports are made once.
    pub fn instance_pre(&self) -> &InstancePre<State> {
        &self.blueprint.instance_pre
    }

    pub(crate) fn id(&self) -> &ComponentId {
        &self.blueprint.service.id
    }
}

/// Everything that a new instance of a component is made from. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Blueprint {
    pub(crate) service: Arc<Service>,
    pub(crate) instance_pre: InstancePre<State>,
    pub(crate) limits: Arc<RuntimeLimits>,
    pub(crate) metrics: RuntimeMetrics,
    capabilities: Arc<[Arc<dyn Capability>]>,
    runtime: Weak<Runtime>,
}

impl Blueprint {
    /// A store for one more instance, with every capability's part in place.
    pub(crate) fn store(&self, call: CallContext) -> wasmtime::Result<Store<State>> {
        let output = GuestOutput::new(&self.service.id);
        let mut wasi = WasiCtx::builder();
        wasi.stdout(output.clone()).stderr(output).allow_blocking_current_thread(false);
        let outbound = Outbound::new(Arc::clone(&self.service), self.runtime.clone(), call);
        let mut state = State::new(outbound, wasi.build(), self.memory_bytes_max());
        state.table().set_max_capacity(self.limits.handles_max);
        for capability in self.capabilities.iter() {
            capability.prepare(&self.service, &mut state)?;
        }
        let mut store = Store::new(self.instance_pre.engine(), state);
        store.limiter(State::limiter);
        store.set_hostcall_fuel(self.limits.crossing_bytes_max);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| store.data_mut().tick());
        Ok(store)
    }

    /// Undoes what a call left open in every capability; whether the instance may serve another.
    pub(crate) fn settle(&self, state: &mut State) -> bool {
        let mut clean = true;
        for capability in self.capabilities.iter() {
            if let Settlement::Abandoned(what) = capability.settle(state) {
                tracing::warn!(service = %self.service.id, "the call ended with {what}");
                clean = false;
            }
        }
        clean
    }

    fn memory_bytes_max(&self) -> usize {
        memory_bytes_max(&self.service, &self.limits)
    }
}

/// The largest memory of an instance of `service`, in bytes.
pub(crate) fn memory_bytes_max(service: &Service, limits: &RuntimeLimits) -> usize {
    let own = service.limits.memory_bytes_max.and_then(|bytes| usize::try_from(bytes).ok());
    own.unwrap_or(limits.memory_bytes_max)
}

/// What all components of a runtime share while they are loaded.
pub(crate) struct Loader {
    pub(crate) engine: Engine,
    pub(crate) limits: Arc<RuntimeLimits>,
    pub(crate) metrics: RuntimeMetrics,
    pub(crate) capabilities: Arc<[Arc<dyn Capability>]>,
    pub(crate) runtime: Weak<Runtime>,
}

impl Loader {
    /// Compiles (or takes from the cache), checks and links the component of `service`. Blocks while it compiles.
    pub(crate) fn load(&self, service: &Arc<Service>) -> Result<Component, Vec<ComponentProblem>> {
        let compiled = self.compile(service).map_err(|problem| vec![problem])?;
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

    fn compile(&self, service: &Service) -> Result<wasmtime::component::Component, ComponentProblem> {
        let path = service.wasm.display().to_string();
        let component = service.id.clone();
        let bytes = std::fs::read(&service.wasm).map_err(|source| ComponentProblem::Unreadable {
            component: component.clone(),
            path: path.clone(),
            source,
        })?;
        wasmtime::component::Component::new(&self.engine, bytes).map_err(|error| ComponentProblem::Invalid {
            component,
            path,
            reason: format!("{error:#}"),
        })
    }

    fn exports(&self, compiled: &wasmtime::component::Component) -> Exports {
        let mut exports = Exports::default();
        for (name, _) in compiled.component_type().exports(&self.engine) {
            match name {
                EXCHANGE => exports.exchange = true,
                CONSUMER => exports.consumer = true,
                JOB => exports.job = true,
                _ if name.starts_with(HANDLER_P3) => exports.http = Some(HttpExport::P3),
                _ if name.starts_with(HANDLER_P2) => exports.http = exports.http.or(Some(HttpExport::P2)),
                _ => {}
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
            match known {
                Some((capability, interface)) if !capability.is_granted(interface, service) => {
                    let grant = interface.grant;
                    problems.push(ComponentProblem::MissingGrant { component: component.clone(), import, grant });
                }
                Some(_) => {}
                // Types alone need no grant; WASI's own interfaces are for the linker to check.
                None if name.starts_with("wasi:")
                    || name == "mutrapro:http/types"
                    || name == "mutrapro:events/types" => {}
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
    ) -> wasmtime::Result<Component> {
        let instance_pre = self.linker(service)?.instantiate_pre(compiled)?;
        let blueprint = Blueprint {
            service: Arc::clone(service),
            instance_pre: instance_pre.clone(),
            limits: Arc::clone(&self.limits),
            metrics: self.metrics.clone(),
            capabilities: Arc::clone(&self.capabilities),
            runtime: self.runtime.clone(),
        };
        let exchange = exports.exchange.then(|| exchange::GuestIndices::new(&instance_pre)).transpose()?;
        let streams = match exports.http {
            Some(HttpExport::P3) => {
                Some(ProxyPre::P3(wasmtime_wasi_http::p3::bindings::ServicePre::new(instance_pre)?))
            }
            Some(HttpExport::P2) => Some(ProxyPre::P2(wasmtime_wasi_http::p2::bindings::ProxyPre::new(instance_pre)?)),
            None => None,
        };
        Ok(Component {
            instances: InstancePool::new(&blueprint),
            meter: self.metrics.requests(&service.id),
            streams: streams.map(|proxy| StreamHandler::new(blueprint.clone(), proxy)),
            blueprint,
            exports,
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

fn export_problems(service: &Service, exports: &Exports) -> Vec<ComponentProblem> {
    let missing = |reason: String| ComponentProblem::MissingExport { component: service.id.clone(), reason };
    let mut problems = Vec::new();
    if service.route.is_some() && !exports.exchange && exports.http.is_none() {
        problems
            .push(missing("has a route, but exports neither mutrapro:http/exchange nor a wasi:http handler".into()));
    }
    if !service.subscribes.is_empty() && !exports.consumer {
        problems.push(missing(format!("subscribes to events, but does not export {CONSUMER}")));
    }
    if !service.schedules.is_empty() && !exports.job {
        problems.push(missing(format!("has schedules, but does not export {JOB}")));
    }
    problems
}
