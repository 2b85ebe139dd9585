//! The capability as the runtime sees it.

use crate::bindings::imports::{
    media, media_inspector_plugins, notifier_plugins, payment_gateway_plugins, pricing_plugins,
};
use crate::call::{Plugin, Question};
use crate::limits::PluginLimits;
use crate::metrics::PluginMetrics;
use mutrapro_blobs::{Blobs, ServiceBlobs};
use mutrapro_manifest::{App, ComponentId, PluginContract, Service};
use mutrapro_runtime::{Capability, Interface, State};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wasmtime::component::{HasSelf, Linker};

const PRICING: &str = "mutrapro:plugins/pricing-plugins";
const PAYMENT_GATEWAY: &str = "mutrapro:plugins/payment-gateway-plugins";
const NOTIFIER: &str = "mutrapro:plugins/notifier-plugins";
const MEDIA_INSPECTOR: &str = "mutrapro:plugins/media-inspector-plugins";
const MEDIA: &str = "mutrapro:plugins/media";

const SERVICES_ONLY: &str = "a [[trigger.mutrapro]] entry for it: services have plugins, plugins have none";
/// What it gives, each with what grants it.
pub const INTERFACES: [Interface; 5] = [
    Interface { name: PRICING, grant: SERVICES_ONLY },
    Interface { name: PAYMENT_GATEWAY, grant: SERVICES_ONLY },
    Interface { name: NOTIFIER, grant: SERVICES_ONLY },
    Interface { name: MEDIA_INSPECTOR, grant: SERVICES_ONLY },
    Interface { name: MEDIA, grant: "it into `plugins = { … }` of a service: only plugins are lent files" },
];

/// Gives services their plugins, and media inspectors the files that they are to look at.
pub struct PluginsCapability {
    services: HashMap<ComponentId, Arc<ServicePlugins>>,
}

/// The plugins of one service.
pub(crate) struct ServicePlugins {
    plugins: BTreeMap<PluginContract, Vec<Arc<Plugin>>>,
    /// Its files, if it keeps any.
    pub(crate) blobs: Option<Arc<ServiceBlobs>>,
    pub(crate) limits: Arc<PluginLimits>,
}

impl ServicePlugins {
    /// The names of the plugins for `contract`, in the order of the manifest.
    pub(crate) fn names(&self, contract: PluginContract) -> Vec<String> {
        self.plugins.get(&contract).into_iter().flatten().map(|plugin| plugin.id().to_string()).collect()
    }

    /// A question to the plugin `name`, if the service has it for `contract`.
    pub(crate) fn question(&self, contract: PluginContract, name: &str) -> Option<Question> {
        let plugin = self.plugins.get(&contract)?.iter().find(|plugin| plugin.id().as_str() == name)?;
        let call_time = self.limits.call_time(contract);
        Some(Question { contract, plugin: Arc::clone(plugin), call_time, is_counted: true })
    }
}

impl PluginsCapability {
    /// Every service of `app` with its plugins; files come from `blobs`.
    pub fn new(app: &App, blobs: &Blobs, limits: PluginLimits, metrics: &PluginMetrics) -> Self {
        let limits = Arc::new(limits);
        let plugin = |service: &Arc<Service>| Arc::new(Plugin::new(service, &limits, metrics));
        let plugins: HashMap<_, _> = app.plugins.iter().map(|(id, service)| (id, plugin(service))).collect();
        let of = |service: &Arc<Service>| {
            let named = |ids: &Vec<ComponentId>| ids.iter().filter_map(|id| plugins.get(id).cloned()).collect();
            let plugins = service.plugins.iter().map(|(contract, ids)| (*contract, named(ids))).collect();
            let blobs = service.blobs.then(|| blobs.of(&service.id));
            Arc::new(ServicePlugins { plugins, blobs, limits: Arc::clone(&limits) })
        };
        Self { services: app.services.values().map(|service| (service.id.clone(), of(service))).collect() }
    }
}

impl Capability for PluginsCapability {
    fn interfaces(&self) -> &'static [Interface] {
        &INTERFACES
    }

    fn is_granted(&self, interface: &Interface, service: &Service) -> bool {
        match interface.name {
            // Nothing in itself: a file is there only while it is lent.
            MEDIA => !service.implements.is_empty(),
            // A service that could have plugins starts without them too.
            _ => service.implements.is_empty(),
        }
    }

    fn add_to_linker(&self, interface: &Interface, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        match interface.name {
            PRICING => pricing_plugins::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
            PAYMENT_GATEWAY => payment_gateway_plugins::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
            NOTIFIER => notifier_plugins::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
            MEDIA_INSPECTOR => media_inspector_plugins::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
            _ => media::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
        }
    }

    fn prepare(&self, service: &Arc<Service>, state: &mut State) -> wasmtime::Result<()> {
        // A plugin has none.
        if let Some(plugins) = self.services.get(&service.id) {
            state.insert(Arc::clone(plugins));
        }
        Ok(())
    }
}
