//! What a plugin may use and what it costs its service, for every contract, beside a bystander that must not notice.

use anyhow::{Result, ensure};
use mutrapro_testkit::{System, answer, eventually_within, guest};
use mutrapro_tests::{
    Cast, Deal, Guest, GuestApplication, OutsideServer, Stage, check_claims, got, milestone, repository_system,
};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// What a single misdeed may cost the host at its peak, in bytes: as for services (`tests/limits.rs`).
const MISDEED_BYTES_MAX: u64 = 112 << 20;
/// How many failures in a row make a plugin rest, and for how long.
const FAILURES_MAX: u32 = 5;
const REST: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_plugin_costs_the_call_and_nothing_else() -> Result<()> {
    let plugins = ["first", "second", "weary"];
    let patron = Guest::new("patron", "patron").tables(&["patron_items"]).trigger("blobs = true").trigger(&format!(
        "plugins = {{ pricing = {plugins:?}, payment-gateway = \"first\", notifier = \"first\", media-inspector = \"first\" }}"
    ));
    let plugin = |name| {
        let variables = format!("variables = {{ own = \"value of {name}\" }}");
        Guest::plugin(name, "hostile_plugin").component(&variables)
    };
    let guests = [patron].into_iter().chain(plugins.map(plugin));
    let stage = Stage::set(guests).await?;
    let mut failed = check_claims![stage;
        names_come_in_the_order_of_the_manifest,
        every_contract_carries_questions_and_answers,
        a_plugin_that_the_service_does_not_have_is_unknown,
        no_plugin_is_called_while_a_transaction_is_open,
        an_endless_loop_is_timed_out,
        a_plugin_that_dawdles_is_timed_out,
        a_trap_is_an_error_of_the_call,
        an_allocation_of_four_gibibytes_costs_one_call,
        an_answer_over_the_limit_is_never_copied,
        an_answer_of_a_gibibyte_is_never_copied,
        a_plugin_that_cannot_say_is_told_from_one_that_fails,
        a_plugin_reaches_no_component_and_nothing_outside,
        a_plugin_sees_its_own_variables_alone,
        a_plugin_reads_the_file_that_it_was_lent_within_bounds,
        a_blob_that_the_service_does_not_have_is_lent_to_nobody,
        what_outsiders_choose_makes_no_plugin_rest,
        a_plugin_that_keeps_failing_rests_alone_and_is_tried_again,
        calls_are_counted_by_plugin_contract_and_outcome,
    ];
    match stage.strike().await {
        Ok(report) => println!("the bystander answered {report:?}"),
        Err(error) => failed.push(format!("the bystander notices nothing: {error:#}")),
    }
    ensure!(failed.is_empty(), "claims that do not hold:\n{}", failed.join("\n"));
    Ok(())
}

/// A plugin whose file is elsewhere, as Spin's manifest has it.
#[tokio::test]
async fn a_plugin_is_fetched_once_if_it_is_what_its_digest_says() -> Result<()> {
    // With a custom section of its own, so that no earlier run has fetched it: tests share one cache.
    let mut wasm = std::fs::read(guest("hostile_plugin"))?;
    wasm.extend([0, 21, 4]);
    wasm.extend(b"test");
    wasm.extend(rand::random::<[u8; 16]>());
    let digest = hex::encode(Sha256::digest(&wasm));
    let elsewhere = OutsideServer::serving(wasm).await?;
    let url = format!("http://{}/hostile_plugin.wasm", elsewhere.address());
    let patron = Guest::new("patron", "patron").tables(&["patron_items"]).trigger("blobs = true");
    let patron = patron.trigger("plugins = { pricing = \"remote\" }");
    let application =
        GuestApplication::default().with(patron).with(Guest::plugin("remote", "").fetched(&url, &digest)).write()?;
    let mut system = System::of(application).embedded().start().await?;
    for _ in 0..2 {
        let request = system.client().request(Method::POST, "/patron/pricing/remote").body("nothing");
        let said = answer(request).await?.expect(200)?.text();
        ensure!(said.contains("label: \"nothing\""), "the plugin that was fetched said {said:?}");
        ensure!(system.terminate().await?.success(), "the host ends well");
        system.restart().await?;
    }
    ensure!(elsewhere.connections() == 1, "it was fetched {} times", elsewhere.connections());
    Ok(())
}

/// The promotion that the application ships with, through the public API: what is paid is what was quoted.
#[tokio::test]
async fn a_promotion_takes_its_part_off_a_price_and_says_so() -> Result<()> {
    let system = repository_system()
        .env("MUTRAPRO_PROMOTION_DISCOUNT_BP", "1500")
        .env("MUTRAPRO_PROMOTION_LABEL", "Spring")
        .env("MUTRAPRO_PROMOTION_SERVICE_TYPES", "transcription")
        .start()
        .await?;
    let cast = Cast::of(&system).await?;
    let deal = Deal::offered(&cast.customer, &cast.coordinator).await?;
    let quotation = got(&cast.customer.client, &format!("quotations/{}", deal.quotation)).await?;
    let line = json!([{ "plugin": "promotion", "label": "Spring", "amount": -30_000 }]);
    ensure!(quotation["computed_price"] == 200_000 && quotation["total_price"] == 170_000, "{quotation}");
    ensure!(quotation["lines"] == line && quotation["deposit_amount"] == 68_000, "{quotation}");
    deal.begun().await?;
    let deposit = milestone(&cast.customer, &deal.quotation, "deposit", "paid").await?;
    ensure!(deposit["amount"] == 68_000, "{deposit}");

    let piece = json!({ "service_type": "mixing", "amount": 1 });
    let other = cast.customer.client.post("/api/v1/pricing/estimate", &piece).await?.expect(200)?.json()?;
    ensure!(other["lines"] == json!([]) && other["computed_price"] == other["total_price"], "{other}");
    Ok(())
}

/// A misdeed of a plugin is told as `case`; it goes on working for the next call.
async fn costs_one_call(stage: &Stage, path: &str, misdeed: &str, case: &str, texts: &[&str]) -> Result<()> {
    stage.refuses(path, misdeed, case, texts).await?;
    stage.refuses(path, "nothing", "ok", &[]).await
}

async fn names_come_in_the_order_of_the_manifest(stage: &Stage) -> Result<()> {
    stage.refuses("/patron/names", "", "ok", &["first,second,weary first first first"]).await
}

async fn every_contract_carries_questions_and_answers(stage: &Stage) -> Result<()> {
    let nothing = "nothing";
    stage.refuses("/patron/pricing/second", nothing, "ok", &["label: \"nothing\"", "amount: 1000"]).await?;
    stage.refuses("/patron/charge/first", nothing, "ok", &["transaction-id: \"nothing\"", "Succeeded"]).await?;
    stage.refuses("/patron/refund/first", nothing, "ok", &["transaction-id: \"nothing\""]).await?;
    stage.refuses("/patron/webhook/first", nothing, "ok", &["Err(", "CannotSay"]).await?;
    stage.refuses("/patron/notifier/first", nothing, "ok", &["Ok(())"]).await?;
    stage.refuses("/patron/notifier/first", "never", "ok", &["Never", "no such address"]).await?;
    stage.refuses("/patron/media/first", nothing, "ok", &["None"]).await
}

async fn a_plugin_that_the_service_does_not_have_is_unknown(stage: &Stage) -> Result<()> {
    for path in ["/patron/pricing/bystander", "/patron/pricing/nobody", "/patron/charge/second", "/patron/media/second"]
    {
        stage.refuses(path, "nothing", "unknown", &[path.rsplit('/').next().unwrap_or_default()]).await?;
    }
    Ok(())
}

async fn no_plugin_is_called_while_a_transaction_is_open(stage: &Stage) -> Result<()> {
    stage.refuses("/patron/in-transaction/first", "", "transaction-open", &[]).await?;
    stage.refuses("/patron/pricing/first", "nothing", "ok", &[]).await
}

async fn an_endless_loop_is_timed_out(stage: &Stage) -> Result<()> {
    let started = Instant::now();
    costs_one_call(stage, "/patron/pricing/first", "loop", "timed-out", &[]).await?;
    ensure!(started.elapsed() < Duration::from_secs(4), "a price may take 2 s, this took {:?}", started.elapsed());
    costs_one_call(stage, "/patron/charge/first", "loop", "timed-out", &[]).await
}

async fn a_plugin_that_dawdles_is_timed_out(stage: &Stage) -> Result<()> {
    let started = Instant::now();
    costs_one_call(stage, "/patron/pricing/first", "sleep", "timed-out", &[]).await?;
    ensure!(started.elapsed() < Duration::from_secs(4), "a price may take 2 s, this took {:?}", started.elapsed());
    Ok(())
}

async fn a_trap_is_an_error_of_the_call(stage: &Stage) -> Result<()> {
    for contract in ["pricing", "charge", "refund", "notifier"] {
        costs_one_call(stage, &format!("/patron/{contract}/first"), "trap", "failed", &["first failed"]).await?;
    }
    stage.refuses("/patron/media/first", "trap", "failed", &["first failed"]).await
}

async fn an_allocation_of_four_gibibytes_costs_one_call(stage: &Stage) -> Result<()> {
    let call = costs_one_call(stage, "/patron/pricing/first", "allocate", "failed", &["first failed"]);
    is_affordable(stage.memory_of(call).await?)
}

async fn an_answer_over_the_limit_is_never_copied(stage: &Stage) -> Result<()> {
    let call = costs_one_call(stage, "/patron/pricing/first", "huge", "failed", &["first failed"]);
    is_affordable(stage.memory_of(call).await?)
}

async fn an_answer_of_a_gibibyte_is_never_copied(stage: &Stage) -> Result<()> {
    let call = costs_one_call(stage, "/patron/pricing/first", "aliased", "failed", &["first failed"]);
    is_affordable(stage.memory_of(call).await?)
}

async fn a_plugin_that_cannot_say_is_told_from_one_that_fails(stage: &Stage) -> Result<()> {
    for contract in ["pricing", "charge", "refund", "media"] {
        let path = format!("/patron/{contract}/first");
        costs_one_call(stage, &path, "refuse", "cannot-say", &["on purpose"]).await?;
    }
    Ok(())
}

async fn a_plugin_reaches_no_component_and_nothing_outside(stage: &Stage) -> Result<()> {
    for authority in ["patron.spin.internal", "bystander.spin.internal", "example.com", "127.0.0.1:3001"] {
        let misdeed = format!("call {authority}");
        stage.refuses("/patron/pricing/first", &misdeed, "ok", &["HttpRequestDenied"]).await?;
    }
    stage.refuses("/patron/pricing/first", "file", "ok", &["Err("]).await?;
    stage.refuses("/patron/pricing/first", "connect", "ok", &["Err("]).await
}

async fn a_plugin_sees_its_own_variables_alone(stage: &Stage) -> Result<()> {
    stage.refuses("/patron/pricing/second", "variable own", "ok", &["value of second"]).await?;
    stage.refuses("/patron/pricing/second", "variable jwt_key", "ok", &["Undefined"]).await
}

async fn a_plugin_reads_the_file_that_it_was_lent_within_bounds(stage: &Stage) -> Result<()> {
    let read = "3145728: 1Some('a') 2Some('a') 1Some('c') 0None 0None and 1048576Some('a')";
    stage.refuses("/patron/media/first", "read", "ok", &[read]).await?;
    stage.refuses("/patron/media/first", "read-on", "ok", &["64 MiB, then this call has read too much"]).await
}

async fn a_blob_that_the_service_does_not_have_is_lent_to_nobody(stage: &Stage) -> Result<()> {
    stage.refuses("/patron/no-media/first", "read", "failed", &[]).await
}

/// Files and webhooks come from outside: whoever sends bad ones keeps no plugin from others.
async fn what_outsiders_choose_makes_no_plugin_rest(stage: &Stage) -> Result<()> {
    for _ in 0..=FAILURES_MAX {
        stage.refuses("/patron/webhook/first", "trap", "failed", &[]).await?;
        stage.refuses("/patron/media/first", "trap", "failed", &[]).await?;
    }
    stage.refuses("/patron/charge/first", "nothing", "ok", &[]).await
}

async fn a_plugin_that_keeps_failing_rests_alone_and_is_tried_again(stage: &Stage) -> Result<()> {
    for _ in 0..FAILURES_MAX {
        stage.refuses("/patron/pricing/weary", "trap", "failed", &[]).await?;
    }
    let since = Instant::now();
    stage.refuses("/patron/pricing/weary", "nothing", "resting", &[]).await?;
    stage.refuses("/patron/pricing/first", "nothing", "ok", &[]).await?;
    let rests =
        stage.system.metric("mutrapro_plugin_rests_total", &["plugin=\"weary\"", "contract=\"pricing\""]).await?;
    ensure!(rests == 1.0, "it began to rest {rests} times");
    eventually_within(REST * 2, "the plugin is tried again", async || {
        Ok(stage.misdeed("/patron/pricing/weary", "nothing").await?.starts_with("ok: ").then_some(()))
    })
    .await?;
    let rested = since.elapsed();
    ensure!(rested >= REST - Duration::from_secs(1), "it was tried again after {rested:?}");
    Ok(())
}

async fn calls_are_counted_by_plugin_contract_and_outcome(stage: &Stage) -> Result<()> {
    let count = async |outcome: &str| {
        let labels = ["plugin=\"weary\"", "contract=\"pricing\"", outcome];
        stage.system.metric("mutrapro_plugin_calls_total", &labels).await
    };
    let (failed, answered) = (count("outcome=\"Failed\"").await?, count("outcome=\"Answered\"").await?);
    ensure!((failed, answered) == (f64::from(FAILURES_MAX), 1.0), "{failed} failed, {answered} answered");
    ensure!(count("outcome=\"Resting\"").await? >= 1.0, "none is counted that was refused while it rested");
    Ok(())
}

fn is_affordable(cost_bytes: u64) -> Result<()> {
    ensure!(cost_bytes < MISDEED_BYTES_MAX, "it cost the host {} MiB at its peak", cost_bytes >> 20);
    Ok(())
}
