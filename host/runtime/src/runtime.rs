//! The runtime as a whole: every component of an application, loaded and ready.

use crate::bindings::{Request, Response};
use crate::capability::Capability;
use crate::component::Component;
use crate::context::CallContext;
use crate::deliver::set_host_fields;
use crate::engine::{EngineConfig, TickingEngine};
use crate::error::{CallError, StartError};
use crate::limits::RuntimeLimits;
use crate::loader::Loader;
use crate::metrics::RuntimeMetrics;
use crate::program::{Program, memory_bytes_max};
use crate::variables::VariablesCapability;
use mutrapro_manifest::{App, ComponentId, Service};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// The statuses that a response may have (RFC 9110, section 15), without those that announce another.
const STATUSES: RangeInclusive<u16> = 200..=599;
/// How often idle instances are looked over.
const IDLE_CHECK: Duration = Duration::from_secs(1);

/// Every component of an application, ready to be called.
pub struct Runtime {
    components: BTreeMap<ComponentId, Arc<Component>>,
    plugins: BTreeMap<ComponentId, Arc<Component>>,
    pub(crate) limits: Arc<RuntimeLimits>,
    pub(crate) loader: Arc<Loader>,
    _engine: TickingEngine,
}

impl Runtime {
    /// Loads every component of `app` with the capabilities that it is granted. Blocks while components compile: call it
    /// where that is allowed.
    ///
    /// # Errors
    /// [`StartError::Components`] names every problem of every component.
    pub fn load(
        app: &App,
        engine: &EngineConfig,
        limits: RuntimeLimits,
        capabilities: Vec<Arc<dyn Capability>>,
        metrics: RuntimeMetrics,
    ) -> Result<Arc<Self>, StartError> {
        let memory =
            app.services.values().chain(app.plugins.values()).map(|service| memory_bytes_max(service, &limits)).max();
        let engine = TickingEngine::new(engine, &limits, memory.unwrap_or(limits.memory_bytes_max))?;
        let limits = Arc::new(limits);
        let mut capabilities = capabilities;
        capabilities.push(Arc::new(VariablesCapability));
        let mut problems = Vec::new();
        let runtime = Arc::new_cyclic(|runtime: &Weak<Self>| {
            let loader = Arc::new(Loader {
                engine: engine.engine.clone(),
                epochs: engine.epochs.clone(),
                limits: Arc::clone(&limits),
                metrics,
                capabilities: capabilities.into(),
                runtime: runtime.clone(),
            });
            let mut load = |services: &BTreeMap<ComponentId, Arc<Service>>| {
                let mut components = BTreeMap::new();
                for (id, service) in services {
                    match loader.component(service) {
                        Ok(component) => {
                            components.insert(id.clone(), Arc::new(component));
                        }
                        Err(found) => problems.extend(found),
                    }
                }
                components
            };
            let (components, plugins) = (load(&app.services), load(&app.plugins));
            Self { components, plugins, limits, loader, _engine: engine }
        });
        if problems.is_empty() { Ok(runtime) } else { Err(StartError::Components(problems)) }
    }

    /// The component of this name.
    pub fn component(&self, id: &ComponentId) -> Option<&Arc<Component>> {
        self.components.get(id)
    }

    /// Every component, plugins apart.
    pub fn components(&self) -> impl Iterator<Item = &Arc<Component>> {
        self.components.values()
    }

    /// The plugin of this name. No component reaches it but through the contracts for plugins.
    pub fn plugin(&self, id: &ComponentId) -> Option<&Arc<Component>> {
        self.plugins.get(id)
    }

    /// The limits that calls run under.
    pub fn limits(&self) -> &RuntimeLimits {
        &self.limits
    }

    /// Sends a request that fits in memory from component to component; `None` when the route streams, or `target`
    /// exports no exchange but a WASI handler: then [`deliver`](Self::deliver) is the way.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn send(
        &self,
        target: &ComponentId,
        mut request: Request,
        call: CallContext,
    ) -> Result<Option<Response>, CallError> {
        set_host_fields(&mut request, &call);
        self.exchange(target, &request, call).await
    }

    /// Calls the exported exchange of `target` with a request whose headers are as the host wants them.
    pub(crate) async fn exchange(
        &self,
        target: &ComponentId,
        request: &Request,
        call: CallContext,
    ) -> Result<Option<Response>, CallError> {
        let component = self.callee(target, &call)?;
        self.exchange_with(component, &component.program(), request, call).await
    }

    /// As [`exchange`](Self::exchange), counted.
    pub(crate) async fn exchange_with(
        &self,
        component: &Component,
        program: &Arc<Program>,
        request: &Request,
        call: CallContext,
    ) -> Result<Option<Response>, CallError> {
        let started = Instant::now();
        let outcome = self.try_exchange(component, program, request, call).await;
        match &outcome {
            Ok(Some(response)) => component.meter.count(response.status, started.elapsed()),
            Ok(None) => {}
            Err(error) => component.meter.count(status_of(error), started.elapsed()),
        }
        outcome
    }

    async fn try_exchange(
        &self,
        component: &Component,
        program: &Arc<Program>,
        request: &Request,
        call: CallContext,
    ) -> Result<Option<Response>, CallError> {
        if program.exchange.is_none() {
            let not_served = || CallError::NotServed { component: component.id().clone() };
            return program.streams.as_ref().map(|_| None).ok_or_else(not_served);
        }
        let limit_bytes = self.limits.exchange_bytes_max;
        if request.body.len() > limit_bytes {
            return Err(CallError::RequestTooLarge { limit_bytes });
        }
        let mut lease = component.acquire_of(program, &call).await?;
        let response = lease.exchange(call, request).await?;
        lease.release();
        let failed = |reason| CallError::Failed { component: component.id().clone(), reason };
        match response {
            Some(response) if response.body.len() > limit_bytes => {
                Err(CallError::ResponseTooLarge { component: component.id().clone(), limit_bytes })
            }
            Some(response) if !STATUSES.contains(&response.status) => {
                Err(failed(format!("it answered with the status {}", response.status)))
            }
            response => Ok(response),
        }
    }

    /// The component called `target`, if calls are not nested too deeply yet.
    pub(crate) fn callee(&self, target: &ComponentId, call: &CallContext) -> Result<&Arc<Component>, CallError> {
        let component = self.components.get(target).ok_or_else(|| CallError::NoSuchComponent(target.clone()))?;
        if call.depth > self.limits.call_depth_max {
            return Err(component.overloaded("components call each other too deeply"));
        }
        Ok(component)
    }

    /// Lets go of instances that have been idle for too long, for as long as the runtime lives.
    pub fn spawn_idle_release(self: &Arc<Self>) {
        let runtime = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE_CHECK).await;
                let Some(runtime) = runtime.upgrade() else { return };
                let Some(since) = Instant::now().checked_sub(runtime.limits.instance_idle) else {
                    continue;
                };
                for component in runtime.components().chain(runtime.plugins.values()) {
                    component.program().instances.release_idle(since);
                }
            }
        });
    }
}

/// The status under which a call without a response is counted, and that a trigger answers with.
pub fn status_of(error: &CallError) -> u16 {
    match error {
        CallError::NoSuchComponent(_) | CallError::NotServed { .. } => 502,
        CallError::Overloaded { .. } => 503,
        CallError::TimedOut { .. } => 504,
        CallError::RequestTooLarge { .. } => 413,
        CallError::ResponseTooLarge { .. } | CallError::Failed { .. } => 500,
    }
}
