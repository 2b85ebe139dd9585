//! Customers and a studio in the middle of their work, who go on through whatever fails; and what has to be in the databases
//! afterwards.

mod ledger;
mod persistent;
mod song;

use crate::{Cast, Person, person};
use anyhow::{Result, bail};
pub use ledger::Ledger;
use mutrapro_testkit::System;
pub use persistent::Line;
use persistent::Persistent;
use serde_json::json;
use song::Studio;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Customers who have one song transcribed after the other.
pub struct Stories {
    customers: JoinSet<Result<i64>>,
    are_to_end: Rc<Cell<bool>>,
}

impl Stories {
    /// Begins as many at the same time as `customers`, on a thread of their own (`LocalSet`).
    ///
    /// # Errors
    /// When those who work on the songs cannot be hired.
    pub async fn begin(system: &System, line: &Line, customers_max: usize) -> Result<Self> {
        let cast = Cast::of(system).await?;
        // Nobody has to wait for the specialist.
        let limit = json!({ "max_concurrent_tasks": customers_max });
        cast.transcriber.person.client.patch("/api/v1/specialists/me", &limit).await?.expect(200)?;
        let studio = Rc::new(Studio::new(&cast, line));
        let are_to_end = Rc::new(Cell::new(false));
        let mut customers = JoinSet::new();
        for number in 0..customers_max {
            let customer = person(&system.client(), &format!("customer{number}")).await?;
            customers.spawn_local(one_after_the_other(
                customer,
                line.clone(),
                Rc::clone(&studio),
                Rc::clone(&are_to_end),
            ));
        }
        Ok(Self { customers, are_to_end })
    }

    /// Lets them go on for a while.
    ///
    /// # Errors
    /// When a story comes to no good end.
    pub async fn go_on_for(&mut self, while_: Duration) -> Result<()> {
        match tokio::time::timeout(while_, self.customers.join_next()).await {
            Err(_elapsed) => Ok(()),
            Ok(None) => bail!("there are no customers"),
            Ok(Some(ended)) => bail!("a customer ended after {} stories", ended??),
        }
    }

    /// Lets the stories that have begun come to their end, and says how many there were.
    ///
    /// # Errors
    /// When one comes to no good end.
    pub async fn end(mut self) -> Result<i64> {
        self.are_to_end.set(true);
        let mut told = 0;
        while let Some(customer) = self.customers.join_next().await {
            told += customer??;
        }
        Ok(told)
    }
}

async fn one_after_the_other(
    customer: Person,
    line: Line,
    studio: Rc<Studio>,
    are_to_end: Rc<Cell<bool>>,
) -> Result<i64> {
    let customer = Persistent::new(&customer.client, &line);
    let mut told = 0;
    while !are_to_end.get() {
        studio.transcribe(&customer, &format!("Song {told}")).await?;
        told += 1;
    }
    Ok(told)
}
