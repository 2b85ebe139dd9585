//! Requests that are sent at once, of which only one may have its way: through the public API, again and again.
//!
//! After each kind of race, once everything has settled, the API and the databases have to tell that there was one effect.

#[path = "races/accounts.rs"]
mod accounts;
#[path = "races/agreements.rs"]
mod agreements;
#[path = "races/money.rs"]
mod money;
#[path = "races/studio.rs"]
mod studio;
#[path = "races/work.rs"]
mod work;

use accounts::{a_user_is_deactivated_once, of_many_refreshes_one_wins_and_the_family_dies, of_two_admins_one_stays};
use agreements::{a_quotation_is_approved_once, a_quotation_is_approved_or_rejected, a_request_has_one_coordinator};
use anyhow::{Result, bail, ensure};
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use money::{a_payment_sent_twice_is_one, of_many_payments_of_a_milestone_one_is_made, one_of_many_revisions_is_free};
use mutrapro_testkit::{Answer, System};
use mutrapro_tests::{Cast, Databases, Person, check_claims, person, unhurried_system};
use serde_json::Value;
use studio::{a_slot_goes_to_one_customer, an_artist_is_in_one_session_at_a_time, no_more_is_lent_than_there_is};
use work::the_last_place_of_a_specialist_goes_to_one_task;

/// How often each race is run.
const ROUNDS: usize = 20;
/// How many rounds are run at a time, so that the host has something else to do as well.
const ABREAST: usize = 4;
/// How many requests a race has.
const RACERS: usize = 8;

/// A studio with all its people.
struct Stage {
    system: System,
    databases: Databases,
    cast: Cast,
    /// As many customers as a race has requests.
    crowd: Vec<Person>,
}

impl Stage {
    async fn open() -> Result<Self> {
        let system = unhurried_system().start().await?;
        let api = system.client();
        let names: Vec<_> = (0..RACERS).map(|number| format!("racer{number}")).collect();
        let crowd = try_join_all(names.iter().map(|name| person(&api, name))).await?;
        Ok(Self { databases: Databases::of(&system)?, cast: Cast::of(&system).await?, crowd, system })
    }

    /// Waits until everything that was done has had its effects, of which none may have failed.
    async fn settled(&self) -> Result<()> {
        self.system.settled().await?;
        self.system.no_dead_letters().await
    }

    /// Makes sure that one event of each of `kinds` has `value` in its field `field`.
    async fn told_once(&self, kinds: &[&str], field: &str, value: &str) -> Result<()> {
        for kind in kinds {
            let times = self.databases.told(kind, field, value).await?;
            ensure!(times == 1, "{kind} was told {times} times of the {field} {value}");
        }
        Ok(())
    }

    /// Makes sure that `query`, with `id` for `$1`, counts `expected` in `database`.
    async fn counts(&self, database: &str, query: &'static str, id: &str, expected: i64) -> Result<()> {
        let counted = self.databases.count(database, query, &[id]).await?;
        ensure!(counted == expected, "{counted} instead of {expected} for {id}: {query}");
        Ok(())
    }
}

#[tokio::test]
async fn of_requests_that_are_sent_at_once_one_has_its_way() -> Result<()> {
    let stage = Stage::open().await?;
    // The race of two administrators comes last, as it ends the session of the stage's own.
    let failed = check_claims![stage;
        of_many_payments_of_a_milestone_one_is_made,
        a_payment_sent_twice_is_one,
        one_of_many_revisions_is_free,
        a_slot_goes_to_one_customer,
        no_more_is_lent_than_there_is,
        an_artist_is_in_one_session_at_a_time,
        a_quotation_is_approved_once,
        a_quotation_is_approved_or_rejected,
        a_request_has_one_coordinator,
        the_last_place_of_a_specialist_goes_to_one_task,
        of_many_refreshes_one_wins_and_the_family_dies,
        a_user_is_deactivated_once,
        of_two_admins_one_stays,
    ];
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    // Those who wait for administrators wait in a row; a circle costs a second each time, and a queue behind it its patience.
    let deadlocks = stage.databases.deadlocks("user_db").await?;
    ensure!(deadlocks == 0, "{deadlocks} deadlocks in user_db");
    Ok(())
}

/// Runs all rounds, and gives what they give.
async fn rounds<T, F: Future<Output = Result<T>>>(round: impl FnMut(usize) -> F) -> Result<Vec<T>> {
    stream::iter((0..ROUNDS).map(round)).buffer_unordered(ABREAST).try_collect().await
}

/// What became of requests that were sent at once.
struct Race {
    won: Vec<Value>,
    /// As `<status> <code>`.
    lost: Vec<String>,
}

async fn race(racers: impl IntoIterator<Item = impl Future<Output = Result<Answer>>>) -> Result<Race> {
    let mut race = Race { won: Vec::new(), lost: Vec::new() };
    for answer in try_join_all(racers).await? {
        let status = answer.status;
        match status {
            200 | 201 => race.won.push(answer.json()?),
            400..500 => race.lost.push(format!("{status} {}", answer.problem(status)?)),
            _ => bail!("{status}: {}", answer.text()),
        }
    }
    Ok(race)
}

impl Race {
    /// The answer to the one request that had its way, if the others were all told one of `losses`.
    fn winner(self, losses: &[&str]) -> Result<Value> {
        let Self { mut won, lost } = self;
        let is_fair = lost.iter().all(|loss| losses.contains(&loss.as_str()));
        ensure!(won.len() == 1 && is_fair, "{} won, the others: {lost:?}: {won:?}", won.len());
        Ok(won.remove(0))
    }
}
