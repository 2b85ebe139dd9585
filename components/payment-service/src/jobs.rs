//! What happens because time passes: payments and refunds that were left in progress go on.

use crate::charging::{self, charge_of};
use crate::domain::payment::{PaymentStatus, SETTLE_AFTER};
use crate::gateway;
use crate::store::{self, Payment};
use crate::{refunding, webhooks};
use mutrapro_sdk::jobs::Job;
use mutrapro_sdk::log;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::Database;
use mutrapro_sdk::time::Instant;

const SETTLE_PAYMENTS: &str = "settle-payments";
const CARRY_OUT_REFUNDS: &str = "carry-out-refunds";

/// How much one tick does; what is left is for the next one.
const ROWS_MAX: i64 = 100;

/// Runs a job of the manifest.
pub(crate) fn run(job: &Job) -> Result<()> {
    let now = Instant::now();
    match job.name.as_str() {
        SETTLE_PAYMENTS => settle_payments(now),
        CARRY_OUT_REFUNDS => carry_out_refunds(now),
        _ => Err(job.unknown()),
    }
}

fn settle_payments(now: Instant) -> Result<()> {
    let stuck = store::stuck_payments(&Database, now.minus(SETTLE_AFTER), ROWS_MAX)?;
    for_each(&stuck, |payment| {
        let payment = charging::resume(payment, now)?;
        if payment.status == PaymentStatus::Processing {
            deliver_webhooks(&payment, now)?;
        }
        Ok(())
    })
}

/// Nobody calls from a gateway without a server of its own, so its webhooks set out here, and come in as any other.
fn deliver_webhooks(payment: &Payment, now: Instant) -> Result<()> {
    for webhook in gateway::simulated_webhooks(&payment.gateway, &charge_of(payment), now)? {
        match webhooks::receive(&payment.gateway, &webhook, now) {
            // A webhook that is refused has arrived, as the gateway meant it to.
            Err(problem) if problem.status().is_client_error() => {
                log::info!("a simulated webhook of {} was refused: {problem}", payment.gateway);
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

fn carry_out_refunds(now: Instant) -> Result<()> {
    let mut refunds = store::waiting_refunds(&Database, ROWS_MAX)?;
    refunds.extend(store::stuck_refunds(&Database, now.minus(SETTLE_AFTER), ROWS_MAX)?);
    for_each(&refunds, |refund| refunding::resume(refund, now))
}

/// Does each: one that cannot go on does not hold up the others, and the first error is the job's.
fn for_each(payments: &[Payment], mut go_on: impl FnMut(&Payment) -> Result<()>) -> Result<()> {
    let mut outcome = Ok(());
    for payment in payments {
        if let Err(problem) = go_on(payment) {
            log::warn!("payment {} waits for the next tick: {problem}", payment.id);
            outcome = outcome.and(Err(problem));
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use mutrapro_sdk::problem::Problem;

    #[test]
    fn payment_that_cannot_go_on_holds_up_no_other_and_is_told() {
        let payments = [(); 3].map(|()| samples::payment());
        let mut seen = Vec::new();
        let outcome = for_each(&payments, |payment| {
            seen.push(payment.id);
            if seen.len() == 3 { Ok(()) } else { Err(Problem::internal(seen.len())) }
        });
        assert_eq!(seen, payments.each_ref().map(|payment| payment.id));
        assert!(outcome.unwrap_err().to_string().contains("(1)"));
    }

    #[test]
    fn every_job_of_the_manifest_is_known_here() {
        let manifest = include_str!("../../../spin.toml");
        let entry =
            manifest.split("component = \"payment-service\"").nth(1).unwrap().split("[component").next().unwrap();
        let jobs: Vec<_> = entry.split("job = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(jobs, [SETTLE_PAYMENTS, CARRY_OUT_REFUNDS]);
    }
}
