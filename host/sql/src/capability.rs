//! The capability as the runtime sees it.

use crate::bindings::mutrapro::sql::database as contract;
use crate::databases::Databases;
use crate::guard::Guard;
use crate::host::{self, ServiceSql};
use mutrapro_manifest::{App, ComponentId, Service};
use mutrapro_runtime::{Capability, Interface, Settlement, State};
use std::collections::HashMap;
use std::sync::Arc;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::format_err;

/// What it gives, each with what grants it.
pub const INTERFACES: &[Interface] = &[Interface {
    name: "mutrapro:sql/database",
    grant: "`database = \"…\"` and `tables` in its [[trigger.mutrapro]] entry",
}];

/// Gives services SQL over their own tables.
pub struct SqlCapability {
    services: HashMap<ComponentId, Arc<ServiceSql>>,
}

impl SqlCapability {
    /// Every service that has one of `databases` gets it, behind a guard that knows who owns what in `app`.
    pub fn new(app: &App, databases: Arc<Databases>) -> Self {
        let services = databases.iter().filter_map(|(id, database)| {
            let service = app.services.get(id)?;
            let sql = ServiceSql {
                guard: Guard::new(app, service),
                database: Arc::clone(database),
                metrics: databases.metrics_of(id)?,
            };
            Some((id.clone(), Arc::new(sql)))
        });
        Self { services: services.collect() }
    }
}

impl Capability for SqlCapability {
    fn interfaces(&self) -> &'static [Interface] {
        INTERFACES
    }

    fn is_granted(&self, _interface: &Interface, service: &Service) -> bool {
        service.database.is_some()
    }

    fn add_to_linker(&self, _interface: &Interface, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        contract::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
    }

    fn prepare(&self, service: &Arc<Service>, state: &mut State) -> wasmtime::Result<()> {
        if service.database.is_none() {
            return Ok(());
        }
        let sql = self.services.get(&service.id);
        let sql = sql.ok_or_else(|| format_err!("the database of {} was not opened", service.id))?;
        host::prepare(state, Arc::clone(sql));
        Ok(())
    }

    fn settle(&self, state: &mut State) -> Settlement {
        host::settle(state)
    }
}
