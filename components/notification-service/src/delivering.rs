//! Gives notifications to plugins, which bring them to people.
//!
//! An attempt is counted, and the next one set, before the plugin is called: a crash in between loses nothing and
//! repeats nothing at once. A plugin may get a notification more than once, always with the same id.

use crate::domain::delivery::{self, Next};
use crate::recipients;
use crate::store::deliveries::{self, Delivery};
use mutrapro_sdk::log;
use mutrapro_sdk::plugins::notifier::{self, Notification, Recipient};
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use std::time::Duration;
use std::vec::IntoIter;

/// How many deliveries of a plugin one tick takes; what is left is for the next one.
const DELIVERIES_MAX: i64 = 100;
/// How long one tick begins deliveries, so that the last of them has time enough: the host gives a job 60 s, and a
/// plugin 10 s.
const TICK_TIME: Duration = Duration::from_secs(40);
/// How many deliveries one tick removes.
const REMOVED_MAX: i64 = 1000;

/// Attempts what is due.
///
/// # Errors
/// The first error of the database; one delivery that cannot go on does not hold up the others.
pub(crate) fn deliver_due() -> Result<()> {
    let started = Instant::now();
    let plugins = notifier::names();
    let mut queues = Vec::new();
    for plugin in deliveries::plugins_due(&Database, started)? {
        queues.push(Queue::of(deliveries::due(&Database, &plugin, started, DELIVERIES_MAX)?));
    }
    in_turn(&mut queues, || Instant::now().since(started), |delivery| attempt(delivery, &plugins))
}

/// Removes deliveries that ended long ago.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn remove_old(now: Instant) -> Result<()> {
    let before = now.minus(delivery::KEPT);
    // Seldom is there anything to write for, and a look costs little.
    if deliveries::has_ended_before(&Database, before)? {
        transaction(|tx| Ok(deliveries::remove_ended_before(tx, before, REMOVED_MAX)?))?;
    }
    Ok(())
}

/// What is due of one plugin.
struct Queue {
    due: IntoIter<Delivery>,
    /// What its deliveries of this tick have taken.
    taken: Duration,
}

impl Queue {
    fn of(due: Vec<Delivery>) -> Self {
        Self { due: due.into_iter(), taken: Duration::ZERO }
    }
}

/// Attempts one delivery after the other, each time one of the plugin that has taken the least time: a slow one holds up the
/// others for one delivery of its own at a time. `elapsed` is how long ago the tick began.
fn in_turn(
    queues: &mut [Queue],
    elapsed: impl Fn() -> Duration,
    mut attempt: impl FnMut(&Delivery) -> Result<()>,
) -> Result<()> {
    let mut outcome = Ok(());
    let mut begun = elapsed();
    while begun < TICK_TIME {
        let waiting = queues.iter_mut().filter(|queue| queue.due.len() > 0);
        let Some(queue) = waiting.min_by_key(|queue| queue.taken) else { break };
        let Some(delivery) = queue.due.next() else { break };
        if let Err(problem) = attempt(&delivery) {
            log::warn!("notification {} waits for {}: {problem}", delivery.notification_id, delivery.plugin);
            outcome = outcome.and(Err(problem));
        }
        let ended = elapsed();
        queue.taken += ended.saturating_sub(begun);
        begun = ended;
    }
    outcome
}

fn attempt(due: &Delivery, plugins: &[String]) -> Result<()> {
    if let Some(reason) = delivery::obstacle(&due.plugin, due.attempts, plugins) {
        return record(due, &Next::Failed(reason), Instant::now());
    }
    let Some(begun) = begin(due, Instant::now())? else {
        return Ok(());
    };
    let outcome = match recipients::find(begun.user_id) {
        Ok(recipient) => delivery::outcome(notifier::deliver(&begun.plugin, &notification(&begun, recipient))),
        Err(outcome) => outcome,
    };
    let now = Instant::now();
    record(&begun, &delivery::next(outcome, begun.attempts, now), now)
}

/// Counts an attempt; `None` when someone else has begun it.
fn begin(due: &Delivery, now: Instant) -> Result<Option<Delivery>> {
    let attempts = due.attempts.saturating_add(1);
    let next_attempt_at = now.plus(delivery::delay(attempts));
    let is_ours = transaction(|tx| Ok(deliveries::begin_attempt(tx, due, next_attempt_at, now)?))?;
    Ok(is_ours.then(|| Delivery { attempts, next_attempt_at, ..due.clone() }))
}

fn record(delivery: &Delivery, next: &Next, now: Instant) -> Result<()> {
    if let Next::Failed(error) = next {
        let Delivery { notification_id, plugin, .. } = delivery;
        log::warn!("notification {notification_id} is not delivered by {plugin}: {error}");
    }
    transaction(|tx| {
        match next {
            Next::Delivered => deliveries::mark_delivered(tx, delivery, now)?,
            Next::Failed(error) => deliveries::mark_failed(tx, delivery, error, now)?,
            Next::Again { attempts, at, error } => deliveries::put_off(tx, delivery, (*attempts, *at), error, now)?,
        }
        Ok(())
    })
}

/// A delivery as plugins read it.
fn notification(delivery: &Delivery, recipient: Recipient) -> Notification {
    let reference = delivery.reference_type.clone().zip(delivery.reference_id);
    Notification {
        id: delivery.notification_id.to_string(),
        recipient,
        title: delivery.title.clone(),
        text: delivery.message.clone(),
        kind: delivery.notification_type.to_string(),
        reference: reference.map(|(kind, id)| (kind, id.to_string())),
        written_at: delivery.written_at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{NotificationId, NotificationType};
    use mutrapro_sdk::id::Uuid;
    use mutrapro_sdk::identity::UserId;
    use mutrapro_sdk::problem::Problem;
    use std::cell::Cell;

    fn delivery() -> Delivery {
        Delivery {
            notification_id: NotificationId::generate(),
            plugin: "mail".to_owned(),
            attempts: 0,
            next_attempt_at: Instant::UNIX_EPOCH,
            user_id: UserId::from(Uuid::from_u128(7)),
            title: "Payment due".to_owned(),
            message: "Please pay the deposit.".to_owned(),
            notification_type: NotificationType::PaymentReminder,
            reference_type: Some("milestone".to_owned()),
            reference_id: Some(Uuid::from_u128(9)),
            written_at: "2026-01-31T09:30:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn plugins_read_what_the_user_was_told() {
        let delivery = delivery();
        let to = || Recipient { user_id: "7".to_owned(), full_name: "Lan".to_owned(), email: "lan@x.vn".to_owned() };
        let told = notification(&delivery, to());
        assert_eq!(told.id, delivery.notification_id.to_string());
        assert_eq!(told.recipient.email, "lan@x.vn");
        assert_eq!((told.title.as_str(), told.text.as_str()), ("Payment due", "Please pay the deposit."));
        assert_eq!((told.kind.as_str(), told.written_at.as_str()), ("payment_reminder", "2026-01-31T09:30:00.000000Z"));
        assert_eq!(told.reference, Some(("milestone".to_owned(), Uuid::from_u128(9).to_string())));
        let about_nothing = Delivery { reference_type: None, reference_id: None, ..delivery };
        assert_eq!(notification(&about_nothing, to()).reference, None);
    }

    fn queue(length: usize, plugin: &str) -> Queue {
        Queue::of((0..length).map(|_| Delivery { plugin: plugin.to_owned(), ..delivery() }).collect())
    }

    /// In which order deliveries are attempted, of which one takes `seconds` of its plugin.
    fn order(queues: &mut [Queue], seconds: impl Fn(&str) -> u64) -> Vec<String> {
        let (now, mut order) = (Cell::new(Duration::ZERO), Vec::new());
        let attempt = |delivery: &Delivery| {
            now.set(now.get() + Duration::from_secs(seconds(&delivery.plugin)));
            order.push(delivery.plugin.clone());
            Ok(())
        };
        in_turn(queues, || now.get(), attempt).unwrap();
        order
    }

    #[test]
    fn delivery_that_cannot_go_on_holds_up_no_other_and_is_told() {
        let mut seen = 0;
        let attempt = |_: &Delivery| {
            seen += 1;
            if seen == 3 { Ok(()) } else { Err(Problem::internal(seen)) }
        };
        let outcome = in_turn(&mut [queue(3, "mail")], || Duration::ZERO, attempt);
        assert_eq!(seen, 3);
        assert!(outcome.unwrap_err().to_string().contains("(1)"));
    }

    #[test]
    fn slow_plugin_holds_up_the_others_for_one_delivery_at_a_time() {
        let mut queues = [queue(3, "letter"), queue(4, "mail")];
        let order = order(&mut queues, |plugin| if plugin == "letter" { 9 } else { 3 });
        assert_eq!(order, ["letter", "mail", "mail", "mail", "letter", "mail", "letter"]);
    }

    #[test]
    fn nothing_is_begun_that_could_not_be_ended() {
        assert_eq!(order(&mut [queue(9, "letter")], |_| 10).len(), 4);
        assert_eq!(order(&mut [], |_| 10).len(), 0);
    }
}
