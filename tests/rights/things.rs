//! What there is to ask about: things are made through the API when the table names them first.

use crate::actors::{Actor, Company};
use crate::{accounts, deals, rooms, work};
use anyhow::{Context, Result};
use mutrapro_testkit::{Client, System};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Everyone, and everything that was made so far.
pub(crate) struct World {
    /// Where it is.
    pub(crate) system: System,
    /// Who asks.
    pub(crate) company: Company,
    kept: RefCell<HashMap<String, String>>,
    names: Cell<u32>,
    hours: Cell<u32>,
}

impl World {
    /// A world with people in it, of whom the worker has room for a task of every kind.
    ///
    /// # Errors
    /// When they cannot be made.
    pub(crate) async fn of(system: System) -> Result<Self> {
        let company = Company::of(&system).await?;
        let many = json!({ "max_concurrent_tasks": 50 });
        company.client(Actor::Worker)?.patch("/api/v1/specialists/me", &many).await?.expect(200)?;
        Ok(Self { system, company, kept: RefCell::default(), names: Cell::new(0), hours: Cell::new(0) })
    }

    /// The id of the one thing of this name that everyone asks about.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) async fn thing(&self, name: &str) -> Result<String> {
        let kept = self.kept.borrow().get(name).cloned();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let made = self.fresh(name).await?;
        self.kept.borrow_mut().insert(name.to_owned(), made.clone());
        Ok(made)
    }

    /// The id of a new thing of this name, or what else the name stands for.
    ///
    /// # Errors
    /// When it cannot be made, or there is no such name.
    pub(crate) async fn fresh(&self, name: &str) -> Result<String> {
        // Things are made of other things, so this calls itself.
        let mut made = Box::pin(accounts::make(self, name)).await?;
        if made.is_none() {
            made = Box::pin(deals::make(self, name)).await?;
        }
        if made.is_none() {
            made = Box::pin(work::make(self, name)).await?;
        }
        if made.is_none() {
            made = Box::pin(rooms::make(self, name)).await?;
        }
        made.with_context(|| format!("nobody knows how to make <{name}>"))
    }

    /// What sends requests as `actor`.
    ///
    /// # Errors
    /// When they were never registered.
    pub(crate) fn client(&self, actor: Actor) -> Result<Client> {
        self.company.client(actor)
    }

    /// A name that nothing has yet.
    pub(crate) fn new_name(&self) -> String {
        format!("name{}", next(&self.names))
    }

    /// An hour from the beginning of the calendar in which nothing is booked yet.
    pub(crate) fn new_hour(&self) -> u32 {
        next(&self.hours)
    }
}

fn next(number: &Cell<u32>) -> u32 {
    number.set(number.get() + 1);
    number.get()
}
