//! The contract `mutrapro:sql/database`, for guests.
//!
//! What a guest does wrong is an error of the contract; a handle that the table does not know traps, as only a broken
//! host or a guest that breaks the component model has one.

use crate::bindings::mutrapro::sql::database::{Error, Host, HostTransaction, RowSet, Value};
use crate::database::Database;
use crate::guard::{Guard, Verdict};
use crate::metrics::ServiceMetrics;
use crate::transaction::Transaction;
use mutrapro_runtime::{Settlement, State};
use std::sync::Arc;
use wasmtime::component::Resource;

/// What the resource table holds behind a guest's `transaction` handle.
#[derive(Debug)]
pub struct TransactionResource {
    /// None once the host has rolled it back while the guest still held the handle.
    transaction: Option<Transaction>,
}

/// What all instances of a service share.
pub(crate) struct ServiceSql {
    pub(crate) guard: Guard,
    pub(crate) database: Arc<dyn Database>,
    pub(crate) metrics: Arc<ServiceMetrics>,
}

impl ServiceSql {
    fn judge(&self, statement: &str, parameters: usize) -> Result<Verdict, Error> {
        self.guard.judge(statement, parameters).inspect_err(|error| {
            match error {
                Error::Forbidden(_) => self.metrics.forbidden.inc(),
                _ => self.metrics.invalid.inc(),
            };
        })
    }
}

/// The part of an instance.
struct Part {
    sql: Arc<ServiceSql>,
    /// The transaction that the guest began itself, by its place in the resource table.
    begun: Option<u32>,
}

/// Puts a host-owned transaction where a guest can be lent it: pass `Resource::new_borrow(rep)` to the handler.
///
/// # Errors
/// A full table: a broken invariant of the host.
pub fn lend(state: &mut State, transaction: Transaction) -> wasmtime::Result<Resource<TransactionResource>> {
    let lent = state.table().push(TransactionResource { transaction: Some(transaction) })?;
    state.transaction_opened();
    Ok(lent)
}

/// Takes a lent transaction back, also after a trap.
///
/// # Errors
/// A handle that [`lend`] did not give: a broken invariant of the host.
pub fn take_back(state: &mut State, lent: Resource<TransactionResource>) -> wasmtime::Result<Transaction> {
    let resource = state.table().delete(lent)?;
    state.transaction_closed();
    resource.transaction.ok_or_else(|| wasmtime::format_err!("a lent transaction was taken away meanwhile"))
}

/// The transaction behind a handle; `None` when it was rolled back meanwhile.
///
/// # Errors
/// A handle that the table does not know.
pub fn transaction_mut<'a>(
    state: &'a mut State,
    handle: &Resource<TransactionResource>,
) -> wasmtime::Result<Option<&'a mut Transaction>> {
    let resource = state.table().get_mut(handle)?;
    Ok(resource.transaction.as_mut().filter(|transaction| transaction.is_open()))
}

/// Gives a new instance its part.
pub(crate) fn prepare(state: &mut State, sql: Arc<ServiceSql>) {
    state.insert(Part { sql, begun: None });
}

/// Rolls back what the guest began and left open.
pub(crate) fn settle(state: &mut State) -> Settlement {
    // A service without a database has no part, and nothing to settle.
    let begun = state.part_mut::<Part>().ok().and_then(|part| part.begun.take());
    let Some(rep) = begun else { return Settlement::Clean };
    state.transaction_closed();
    // The entry stays, without its transaction: the guest may still hold the handle.
    if let Ok(resource) = state.table().get_mut(&Resource::<TransactionResource>::new_own(rep)) {
        drop(resource.transaction.take());
    }
    Settlement::Abandoned("a transaction was left open and has been rolled back")
}

impl Host for State {
    async fn begin(&mut self) -> wasmtime::Result<Result<Resource<TransactionResource>, Error>> {
        if self.has_open_transaction() {
            return Ok(Err(Error::Invalid(
                "a transaction is open already: use it, or commit or drop it first".to_owned(),
            )));
        }
        let sql = Arc::clone(&self.part::<Part>()?.sql);
        let transaction = match sql.database.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return Ok(Err(error)),
        };
        let handle = self.table().push(TransactionResource { transaction: Some(transaction) })?;
        self.part_mut::<Part>()?.begun = Some(handle.rep());
        self.transaction_opened();
        Ok(Ok(handle))
    }

    async fn query(&mut self, statement: String, parameters: Vec<Value>) -> wasmtime::Result<Result<RowSet, Error>> {
        let sql = Arc::clone(&self.part::<Part>()?.sql);
        match sql.judge(&statement, parameters.len()) {
            Ok(Verdict { is_read: true, .. }) => Ok(sql.database.query(&statement, parameters).await),
            Ok(_) => {
                let remedy = "outside a transaction only SELECT runs: begin one to change rows";
                Ok(Err(Error::Forbidden(remedy.to_owned())))
            }
            Err(error) => Ok(Err(error)),
        }
    }
}

impl HostTransaction for State {
    async fn query(
        &mut self,
        this: Resource<TransactionResource>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<RowSet, Error>> {
        if let Err(error) = self.part::<Part>()?.sql.judge(&statement, parameters.len()) {
            return Ok(Err(error));
        }
        match transaction_mut(self, &this)? {
            Some(transaction) => Ok(transaction.query(&statement, parameters).await),
            None => Ok(Err(rolled_back())),
        }
    }

    async fn execute(
        &mut self,
        this: Resource<TransactionResource>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        match self.part::<Part>()?.sql.judge(&statement, parameters.len()) {
            Ok(Verdict { is_read: false, .. }) => {}
            Ok(_) => return Ok(Err(Error::Invalid("a SELECT changes no rows: use query".to_owned()))),
            Err(error) => return Ok(Err(error)),
        }
        match transaction_mut(self, &this)? {
            Some(transaction) => Ok(transaction.execute(&statement, parameters).await),
            None => Ok(Err(rolled_back())),
        }
    }

    async fn commit(&mut self, this: Resource<TransactionResource>) -> wasmtime::Result<Result<(), Error>> {
        match take_own(self, this)? {
            Some(transaction) => Ok(transaction.commit().await),
            None => Ok(Err(rolled_back())),
        }
    }

    async fn drop(&mut self, this: Resource<TransactionResource>) -> wasmtime::Result<()> {
        // In the background: the guest waits for nothing, the next writer for the end of it.
        drop(take_own(self, this)?);
        Ok(())
    }
}

/// Takes the transaction out of a handle that the guest gives up.
fn take_own(state: &mut State, this: Resource<TransactionResource>) -> wasmtime::Result<Option<Transaction>> {
    let rep = this.rep();
    let resource = state.table().delete(this)?;
    let part = state.part_mut::<Part>()?;
    // Not so when it was settled before.
    if part.begun == Some(rep) {
        part.begun = None;
        state.transaction_closed();
    }
    Ok(resource.transaction)
}

fn rolled_back() -> Error {
    Error::Unavailable("the transaction has been rolled back: it was open too long or failed before".to_owned())
}
