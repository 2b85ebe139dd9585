//! What a service may do with events and jobs, beside a bystander that must not notice.

use anyhow::{Result, ensure};
use mutrapro_testkit::{eventually, eventually_within};
use mutrapro_tests::{Guest, Stage, check_claims};
use serde_json::json;
use std::time::Duration;

/// Enough for an endless loop to be stopped, twice, with the wait between two attempts.
const LOOP_PATIENCE: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_handler_harms_nobody_but_its_own_events() -> Result<()> {
    let subscriber =
        |name: &str| Guest::hostile(name).trigger(&format!("subscribes = [\"hostile.{}\"]", name.replace('-', "_")));
    let stage = Stage::set([
        Guest::hostile("hostile"),
        subscriber("handler").tables(&["handler_gate"]),
        subscriber("looper"),
        subscriber("trapper"),
        subscriber("committer"),
        Guest::hostile("worker").trigger("schedules = [{ job = \"worker-items\", cron = \"@reboot\" }]"),
        Guest::hostile("bad-worker").trigger(
            "schedules = [{ job = \"loop\", cron = \"@reboot\" }, { job = \"trap\", cron = \"@reboot\" }, \
             { job = \"refuse\", cron = \"@reboot\" }]",
        ),
    ])
    .await?;
    let mut failed = check_claims![stage;
        an_event_of_an_undeclared_kind_is_not_emitted,
        an_event_that_is_no_object_is_not_emitted,
        an_event_that_is_too_large_is_not_emitted,
        a_rejected_event_is_a_dead_letter_at_once_and_the_others_flow,
        a_replayed_dead_letter_is_delivered_again,
        an_event_that_waits_holds_back_its_own_aggregate_and_no_other,
        a_handler_cannot_begin_a_transaction_of_its_own,
        a_handler_calls_nobody,
        a_handler_cannot_commit_what_it_was_lent,
        a_trap_in_a_handler_undoes_its_event_and_brings_it_again,
        an_endless_handler_is_stopped_and_its_event_comes_again,
        jobs_that_loop_trap_and_fail_keep_no_other_from_running,
    ];
    match stage.strike().await {
        Ok(report) => println!("the bystander answered {report:?}"),
        Err(error) => failed.push(format!("the bystander notices nothing: {error:#}")),
    }
    ensure!(failed.is_empty(), "claims that do not hold:\n{}", failed.join("\n"));
    Ok(())
}

async fn an_event_of_an_undeclared_kind_is_not_emitted(stage: &Stage) -> Result<()> {
    for kind in ["item.created", "user.registered"] {
        let event = json!({ "kind": kind, "aggregate_id": "a", "payload": "{}" }).to_string();
        stage.refuses("/hostile/emit", &event, "not-declared", &[kind]).await?;
    }
    let event = json!({ "kind": "hostile", "aggregate_id": "a", "payload": "{}" }).to_string();
    stage.refuses("/hostile/emit", &event, "invalid-payload", &["hostile"]).await
}

async fn an_event_that_is_no_object_is_not_emitted(stage: &Stage) -> Result<()> {
    for payload in ["", "null", "1", "[]", "\"{}\"", "{", "{} {}", "{'a': 1}"] {
        let event = json!({ "kind": "hostile.handler", "aggregate_id": "a", "payload": payload }).to_string();
        stage.refuses("/hostile/emit", &event, "invalid-payload", &["no JSON object"]).await?;
    }
    let nested = "{\"a\":".repeat(100_000);
    let event = json!({ "kind": "hostile.handler", "aggregate_id": "a", "payload": nested }).to_string();
    let said = stage.misdeed("/hostile/emit", &event).await?;
    ensure!(!said.starts_with("ok: "), "the host let it pass: {said}");
    Ok(())
}

async fn an_event_that_is_too_large_is_not_emitted(stage: &Stage) -> Result<()> {
    let event = json!({ "kind": "hostile.handler", "aggregate_id": "a", "payload_bytes": 1 << 20 }).to_string();
    stage.refuses("/hostile/emit", &event, "payload-too-large", &["262144"]).await
}

async fn a_rejected_event_is_a_dead_letter_at_once_and_the_others_flow(stage: &Stage) -> Result<()> {
    let before = emit(stage, "handler", "rejecting", "record").await?;
    let rejected = emit(stage, "handler", "rejecting", "write-and-reject").await?;
    let after = emit(stage, "handler", "rejecting", "record").await?;
    note_of(stage, "handler", &before, "recorded").await?;
    note_of(stage, "handler", &after, "recorded").await?;
    let letter = eventually("the event is a dead letter", async || dead_letter(stage, &rejected).await).await?;
    ensure!(letter.contains("attempts 1") && letter.contains("rejected on purpose"), "the dead letter is {letter:?}");
    has_no_note(stage, "handler", &rejected).await
}

async fn a_replayed_dead_letter_is_delivered_again(stage: &Stage) -> Result<()> {
    let rejected = emit(stage, "handler", "replayed", "write-and-reject").await?;
    let letter = eventually("the event is a dead letter", async || dead_letter(stage, &rejected).await).await?;
    let id = letter.split_whitespace().next().unwrap_or_default();
    let died_before = letter.split_whitespace().nth(1).unwrap_or_default();
    stage.system.run(&["dead-letters", "replay", id]).await?;
    eventually("it was rejected once more", async || {
        let again = dead_letter(stage, &rejected).await?;
        Ok(again.filter(|letter| !letter.contains(died_before)))
    })
    .await?;
    stage.system.run(&["dead-letters", "drop", id]).await?;
    ensure!(dead_letter(stage, &rejected).await?.is_none(), "a dropped dead letter is still there");
    Ok(())
}

async fn an_event_that_waits_holds_back_its_own_aggregate_and_no_other(stage: &Stage) -> Result<()> {
    let first = emit(stage, "handler", "waiting", "wait-for-gate").await?;
    let second = emit(stage, "handler", "waiting", "record").await?;
    let other = emit(stage, "handler", "free", "record").await?;
    note_of(stage, "handler", &other, "recorded").await?;
    has_no_note(stage, "handler", &first).await?;
    has_no_note(stage, "handler", &second).await?;
    let open = "INSERT INTO handler_gate (id) VALUES ('open')";
    stage.refuses("/handler/sql/execute", open, "ok", &["1"]).await?;
    note_of(stage, "handler", &second, "recorded").await?;
    // What came second is there only after what came first.
    ensure!(note(stage, "handler", &first).await? == "ok: 1 row(s) the gate is open", "the first is not handled");
    Ok(())
}

async fn a_handler_cannot_begin_a_transaction_of_its_own(stage: &Stage) -> Result<()> {
    let event = emit(stage, "handler", "beginning", "begin").await?;
    note_of(stage, "handler", &event, "invalid: ").await
}

async fn a_handler_calls_nobody(stage: &Stage) -> Result<()> {
    let event = emit(stage, "handler", "calling", "call").await?;
    note_of(stage, "handler", &event, "transaction-open: ").await
}

async fn a_handler_cannot_commit_what_it_was_lent(stage: &Stage) -> Result<()> {
    let retried = retries(stage, "committer").await?;
    let event = emit(stage, "committer", "committing", "commit-the-lent").await?;
    retried_more_than(stage, "committer", retried).await?;
    has_no_note(stage, "committer", &event).await
}

async fn a_trap_in_a_handler_undoes_its_event_and_brings_it_again(stage: &Stage) -> Result<()> {
    let retried = retries(stage, "trapper").await?;
    let event = emit(stage, "trapper", "trapping", "trap").await?;
    let other = emit(stage, "trapper", "sound", "record").await?;
    note_of(stage, "trapper", &other, "recorded").await?;
    retried_more_than(stage, "trapper", retried + 1.0).await?;
    has_no_note(stage, "trapper", &event).await
}

async fn an_endless_handler_is_stopped_and_its_event_comes_again(stage: &Stage) -> Result<()> {
    let retried = retries(stage, "looper").await?;
    let event = emit(stage, "looper", "looping", "loop").await?;
    let other = emit(stage, "looper", "sound", "record").await?;
    note_of(stage, "looper", &other, "recorded").await?;
    retried_more_than(stage, "looper", retried + 1.0).await?;
    has_no_note(stage, "looper", &event).await
}

async fn jobs_that_loop_trap_and_fail_keep_no_other_from_running(stage: &Stage) -> Result<()> {
    eventually("the neighbour's job ran", async || {
        let ran = stage.misdeed("/worker/sql/query", "SELECT id FROM worker_items").await?;
        Ok((ran == "ok: 1 row(s) ran").then_some(()))
    })
    .await?;
    for job in ["loop", "trap", "refuse"] {
        let labels = ["service=\"bad-worker\"".to_owned(), format!("job=\"{job}\"")];
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        eventually_within(LOOP_PATIENCE, "the job was stopped", async || {
            let ticks = stage.system.metric("mutrapro_schedule_ticks_total", &labels).await?;
            Ok((ticks > 0.0).then_some(()))
        })
        .await?;
        let done = [labels.as_slice(), &["result=\"done\""]].concat();
        let done = stage.system.metric("mutrapro_schedule_ticks_total", &done).await?;
        ensure!(done == 0.0, "{job} counts as done");
    }
    stage.refuses("/bad-worker/headers", "", "ok", &[]).await
}

/// Emits the event that orders `service` to `act`, and gives its id.
async fn emit(stage: &Stage, service: &str, aggregate_id: &str, act: &str) -> Result<String> {
    let table = format!("{service}_items");
    let payload = json!({ "act": act, "table": table, "gate": format!("{service}_gate") }).to_string();
    let kind = format!("hostile.{service}");
    let event = json!({ "kind": kind, "aggregate_id": aggregate_id, "payload": payload }).to_string();
    let said = stage.misdeed("/hostile/emit", &event).await?;
    let id = said.strip_prefix("ok: ").map(str::to_owned);
    id.ok_or_else(|| anyhow::anyhow!("the event was not emitted: {said}"))
}

/// What the handler wrote for an event, as `ok: 1 row(s) <note>`.
async fn note(stage: &Stage, service: &str, event: &str) -> Result<String> {
    let statement = format!("SELECT note FROM {service}_items WHERE id = '{event}'");
    stage.misdeed(&format!("/{service}/sql/query"), &statement).await
}

/// Waits for a note, and checks that it begins with `expected`.
async fn note_of(stage: &Stage, service: &str, event: &str, expected: &str) -> Result<()> {
    let noted = eventually_within(LOOP_PATIENCE, "the event was handled", async || {
        let said = note(stage, service, event).await?;
        Ok(said.strip_prefix("ok: 1 row(s) ").map(str::to_owned))
    });
    let noted = noted.await?;
    ensure!(noted.starts_with(expected), "the handler noted {noted:?}");
    Ok(())
}

async fn has_no_note(stage: &Stage, service: &str, event: &str) -> Result<()> {
    let said = note(stage, service, event).await?;
    ensure!(said == "ok: 0 row(s) ", "an event that failed left something: {said:?}");
    Ok(())
}

/// The line of a dead letter in the operator's list.
async fn dead_letter(stage: &Stage, event: &str) -> Result<Option<String>> {
    let list = stage.system.run(&["dead-letters", "list"]).await?;
    Ok(list.lines().find(|line| line.contains(event)).map(str::to_owned))
}

/// How many deliveries to `service` have failed and come again.
async fn retries(stage: &Stage, service: &str) -> Result<f64> {
    let labels = [format!("service=\"{service}\""), "result=\"retried\"".to_owned()];
    stage.system.metric("mutrapro_events_consumed_total", &[&labels[0], &labels[1]]).await
}

async fn retried_more_than(stage: &Stage, service: &str, times: f64) -> Result<()> {
    eventually_within(LOOP_PATIENCE, "the event came again", async || {
        Ok((retries(stage, service).await? > times).then_some(()))
    })
    .await
}
