//! Requests, quotations, what is to be paid for them, and payments.

use crate::accounts::id_of;
use crate::actors::Actor;
use crate::things::World;
use anyhow::{Context, Result};
use mutrapro_tests::{Deal, Person, created, done, filed, got, items, paid, text};
use serde_json::json;
use std::rc::Rc;

/// The owner and the holder, who agree.
pub(crate) struct Parties {
    owner: Rc<Person>,
    holder: Rc<Person>,
}

impl Parties {
    /// Both as they are signed in now.
    ///
    /// # Errors
    /// When they were never registered.
    pub(crate) fn of(world: &World) -> Result<Self> {
        Ok(Self { owner: world.company.person(Actor::Owner)?, holder: world.company.person(Actor::Holder)? })
    }

    /// A request of the owner with a quotation that the holder sent.
    ///
    /// # Errors
    /// When one of the steps is refused.
    pub(crate) async fn offer(&self) -> Result<Deal<'_>> {
        Deal::offered(&self.owner, &self.holder).await
    }
}

/// Makes what `name` stands for, if that is here.
///
/// # Errors
/// When one of the steps is refused.
pub(crate) async fn make(world: &World, name: &str) -> Result<Option<String>> {
    let parties = Parties::of(world)?;
    Ok(Some(match name {
        "unclaimed_request" => filed(&parties.owner, "Hạ trắng").await?,
        "request" => claimed(&parties).await?,
        "cancelled_request" => {
            let request = claimed(&parties).await?;
            done(&parties.owner.client, &format!("requests/{request}/cancel"), &json!({})).await?;
            request
        }
        "draft" => {
            let path = format!("requests/{}/quotations", claimed(&parties).await?);
            let terms = json!({ "complexity": "simple", "audio_minutes": 4 });
            id_of(&created(&parties.holder.client, &path, &terms).await?)?
        }
        "sent" => parties.offer().await?.quotation,
        "approved" => {
            let deal = parties.offer().await?;
            deal.approved().await?;
            deal.quotation
        }
        "due_milestone" => parties.offer().await?.approved().await?,
        "payment" => payment(&parties).await?,
        "paid_milestone" => {
            let payment = world.thing("payment").await?;
            let payment = got(&parties.owner.client, &format!("payments/{payment}")).await?;
            text(&payment, "milestone_id")?.to_owned()
        }
        "refunded_payment" => {
            let payment = payment(&parties).await?;
            done(&world.client(Actor::Admin)?, &format!("payments/{payment}/refund"), &json!({})).await?;
            payment
        }
        "gateway" => "sandbox".to_owned(),
        "price" => {
            let prices = got(&world.client(Actor::Nobody)?, "pricing").await?;
            id_of(items(&prices)?.first().context("there are prices")?)?
        }
        _ => return Ok(None),
    }))
}

async fn claimed(parties: &Parties) -> Result<String> {
    let request = filed(&parties.owner, "Diễm xưa").await?;
    done(&parties.holder.client, &format!("requests/{request}/claim"), &json!({})).await?;
    Ok(request)
}

async fn payment(parties: &Parties) -> Result<String> {
    let milestone = parties.offer().await?.approved().await?;
    let payment = paid(&parties.owner, &milestone).await?;
    anyhow::ensure!(text(&payment, "status")? == "completed", "the sandbox pays at once: {payment}");
    id_of(&payment)
}
