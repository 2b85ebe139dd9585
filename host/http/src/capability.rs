//! Capability `mutrapro:http`: calls to other components, and rate limits for whoever guards a route.

use crate::bindings::{client, rate_limit};
use crate::limits::HttpLimits;
use crate::rate_limit::RateLimits;
use mutrapro_manifest::{ComponentId, Service};
use mutrapro_runtime::bindings::{Request, Response};
use mutrapro_runtime::{CallError, Capability, Interface, State};
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};

const CLIENT: &str = "mutrapro:http/client";
const RATE_LIMIT: &str = "mutrapro:http/rate-limit";
/// What it gives, each with what grants it.
pub const INTERFACES: [Interface; 2] = [
    Interface {
        name: CLIENT,
        grant: "`allowed_outbound_hosts = [\"http://<component>.spin.internal\"]` into its [component] entry",
    },
    Interface { name: RATE_LIMIT, grant: "`route = \"/…\"` into its [[trigger.mutrapro]] entry" },
];

/// Calls between components go to those that the caller's manifest entry lists; rate limits to components with a route.
pub struct HttpCapability {
    rate_limits: Arc<RateLimits>,
}

impl HttpCapability {
    /// A capability whose rate limits start full.
    pub fn new(limits: &HttpLimits) -> Self {
        Self { rate_limits: Arc::new(RateLimits::new(limits)) }
    }
}

impl Capability for HttpCapability {
    fn interfaces(&self) -> &'static [Interface] {
        &INTERFACES
    }

    fn is_granted(&self, interface: &Interface, service: &Service) -> bool {
        match interface.name {
            CLIENT => !service.outbound.components.is_empty(),
            _ => service.route.is_some(),
        }
    }

    fn add_to_linker(&self, interface: &Interface, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        match interface.name {
            CLIENT => client::add_to_linker::<State, HttpView>(linker, |state| HttpHost(state)),
            _ => rate_limit::add_to_linker::<State, HttpView>(linker, |state| HttpHost(state)),
        }
    }

    fn prepare(&self, _service: &Arc<Service>, state: &mut State) -> wasmtime::Result<()> {
        state.insert(Arc::clone(&self.rate_limits));
        Ok(())
    }
}

struct HttpView;

impl HasData for HttpView {
    type Data<'a> = HttpHost<'a>;
}

struct HttpHost<'a>(&'a mut State);

impl client::Host for HttpHost<'_> {
    async fn send(&mut self, component: String, request: Request) -> wasmtime::Result<Result<Response, client::Error>> {
        let state = &*self.0;
        if state.has_open_transaction() {
            return Ok(Err(client::Error::TransactionOpen));
        }
        let Some(runtime) = state.runtime() else {
            return Ok(Err(client::Error::Failed("the host is shutting down".to_owned())));
        };
        let service = state.service();
        let target = ComponentId::new(&component);
        if runtime.component(&target).is_none() {
            return Ok(Err(client::Error::NoSuchComponent(component)));
        }
        if !service.outbound.components.contains(&target) {
            let missing = format!(
                "{} may not call {component}: list \"http://{component}.spin.internal\" in its allowed_outbound_hosts",
                service.id
            );
            return Ok(Err(client::Error::NotAllowed(missing)));
        }
        let call = state.nested_call();
        Ok(match runtime.send(&target, request, call).await {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err(client::Error::Streams),
            Err(error) => Err(client_error(error)),
        })
    }
}

fn client_error(error: CallError) -> client::Error {
    match error {
        CallError::NoSuchComponent(component) => client::Error::NoSuchComponent(component.to_string()),
        CallError::Overloaded { .. } => client::Error::Overloaded,
        CallError::TimedOut { .. } => client::Error::TimedOut,
        CallError::RequestTooLarge { .. } | CallError::ResponseTooLarge { .. } => client::Error::TooLarge,
        CallError::NotServed { .. } | CallError::Failed { .. } => client::Error::Failed(error.to_string()),
    }
}

impl rate_limit::Host for HttpHost<'_> {
    fn take(&mut self, key: String, limit: u32, period_seconds: u32) -> wasmtime::Result<Result<u32, u32>> {
        let key = format!("{}/{key}", self.0.service().id);
        Ok(self.0.part::<Arc<RateLimits>>()?.take(key, limit, period_seconds))
    }
}
