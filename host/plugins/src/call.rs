//! One call from a service into a plugin.

use crate::bindings::imports::types::CallError;
use crate::breaker::{Breaker, Showing};
use crate::limits::PluginLimits;
use crate::metrics::{CallMeter, Outcome, PluginMetrics};
use futures::future::BoxFuture;
use mutrapro_manifest::{ComponentId, PluginContract, Service};
use mutrapro_runtime::{CallContext, CallError as RuntimeError, Component, State};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

/// A plugin, whoever uses it.
#[derive(Debug)]
pub(crate) struct Plugin {
    id: ComponentId,
    breaker: Breaker,
    meters: HashMap<PluginContract, CallMeter>,
}

impl Plugin {
    pub(crate) fn new(service: &Service, limits: &PluginLimits, metrics: &PluginMetrics) -> Self {
        let meters = service.implements.iter().map(|contract| (*contract, metrics.of(&service.id, *contract)));
        Self {
            id: service.id.clone(),
            breaker: Breaker::new(limits.failures_max, limits.rest),
            meters: meters.collect(),
        }
    }

    pub(crate) fn id(&self) -> &ComponentId {
        &self.id
    }
}

/// Which plugin is called, and what follows from its failures.
pub(crate) struct Question {
    pub(crate) contract: PluginContract,
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) call_time: Duration,
    /// Whether failures make the plugin rest: not where outsiders choose what it reads.
    pub(crate) is_counted: bool,
}

impl Question {
    /// Takes an instance of the plugin and runs `body` on it, within the time for a call. `cannot_say` finds in an answer that
    /// it is none.
    pub(crate) async fn ask<T: Send>(
        self,
        state: &mut State,
        cannot_say: impl FnOnce(&T) -> bool,
        body: impl for<'a> FnOnce(
            &'a mut Store<State>,
            &'a Instance,
            InstancePre<State>,
        ) -> BoxFuture<'a, wasmtime::Result<T>>
        + Send,
    ) -> Result<T, CallError> {
        let Self { contract, plugin, call_time, is_counted } = self;
        let meter = plugin.meters.get(&contract).ok_or_else(|| CallError::Unknown(plugin.id.to_string()))?;
        if state.has_open_transaction() {
            return Err(CallError::TransactionOpen);
        }
        let runtime = state.runtime().ok_or_else(|| CallError::Failed("the host is shutting down".to_owned()))?;
        let component = runtime.plugin(&plugin.id).ok_or_else(|| CallError::Unknown(plugin.id.to_string()))?;
        let started = Instant::now();
        let nested = state.nested_call();
        let call = CallContext { deadline: nested.deadline.min(started + call_time), ..nested };
        let passage = plugin.breaker.enter(component.replacements(), started).map_err(|rest| {
            meter.count_only(Outcome::Resting);
            CallError::Resting(whole_seconds(rest))
        })?;
        let answer = run(component, call, body).await;
        let (outcome, showing) = match &answer {
            Ok(answer) if cannot_say(answer) => (Outcome::CannotSay, Showing::Fails),
            Ok(_) => (Outcome::Answered, Showing::Works),
            Err(CallError::TimedOut) => (Outcome::TimedOut, Showing::Fails),
            Err(CallError::Overloaded) => (Outcome::Overloaded, Showing::Nothing),
            Err(_) => (Outcome::Failed, Showing::Fails),
        };
        let ended = Instant::now();
        meter.count(outcome, ended - started);
        let is_told = is_counted || showing != Showing::Fails;
        if passage.end(if is_told { showing } else { Showing::Nothing }, ended) {
            meter.rests();
            tracing::error!(plugin = %plugin.id, %contract, "failed too often in a row: it rests for a while");
        }
        answer
    }
}

async fn run<T: Send>(
    component: &Arc<Component>,
    call: CallContext,
    body: impl for<'a> FnOnce(&'a mut Store<State>, &'a Instance, InstancePre<State>) -> BoxFuture<'a, wasmtime::Result<T>>
    + Send,
) -> Result<T, CallError> {
    let mut lease = component.acquire(&call).await.map_err(call_error)?;
    let pre = lease.instance_pre().clone();
    let answer = lease.run(call, move |store, instance| body(store, instance, pre)).await;
    lease.release();
    answer.map_err(call_error)
}

fn call_error(error: RuntimeError) -> CallError {
    match error {
        RuntimeError::Overloaded { .. } => CallError::Overloaded,
        RuntimeError::TimedOut { .. } => CallError::TimedOut,
        other => CallError::Failed(other.to_string()),
    }
}

/// Rounded up, as it says how long to wait.
fn whole_seconds(duration: Duration) -> u32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
