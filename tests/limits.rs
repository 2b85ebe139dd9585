//! What a service may use of time, memory and sizes, beside a bystander that must not notice.

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use futures::stream;
use mutrapro_testkit::{answer, eventually};
use mutrapro_tests::{Guest, Stage, check_claims};
use reqwest::{Body, Method};
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a single misdeed may cost the host at its peak, in bytes: the memory of its own instance (64 MiB), an answer of the
/// largest size in two copies (16 MiB), and what the allocator keeps.
const MISDEED_BYTES_MAX: u64 = 112 << 20;
/// Long enough for any statement that does not wait, far below the limits after which a lock would be taken away.
const AT_ONCE: Duration = Duration::from_secs(2);

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_service_uses_no_more_than_its_limits() -> Result<()> {
    let stage = Stage::set([
        Guest::hostile("hostile"),
        Guest::hostile("narrow").trigger("limits = { request_ms_max = 500, body_bytes_max = 1024 }"),
        Guest::hostile("single").trigger("limits = { instances_max = 1 }"),
    ])
    .await?;
    let mut failed = check_claims![stage;
        an_endless_loop_is_timed_out,
        an_endless_query_is_stopped,
        an_endless_query_in_a_transaction_leaves_the_writer_free,
        an_endless_change_leaves_the_writer_free,
        a_trap_in_mid_transaction_rolls_back_and_frees_the_writer_at_once,
        an_endless_loop_in_mid_transaction_rolls_back,
        a_transaction_that_is_left_open_rolls_back_and_frees_the_writer_at_once,
        a_transaction_that_dawdles_is_rolled_back,
        a_hundred_thousand_rows_are_too_large,
        a_value_cannot_grow_without_bounds,
        an_allocation_of_four_gibibytes_costs_one_request,
        an_instance_that_leaks_is_let_go_before_it_is_full,
        a_response_of_a_gibibyte_is_never_copied,
        a_response_over_the_limit_is_an_error,
        resources_cannot_be_hoarded,
        a_gibibyte_of_random_bytes_is_refused,
        a_flood_of_output_is_survived,
        a_malformed_response_is_an_error_of_the_service,
        a_response_cannot_lie_about_its_length,
        a_body_over_the_limit_is_refused_before_it_is_sent,
        a_client_that_sends_too_much_still_reads_why,
        a_body_of_unknown_length_over_the_limit_is_refused,
        a_head_over_the_limit_is_refused,
        a_head_over_the_limit_is_refused_in_http_2,
        too_many_header_fields_are_refused,
        a_slow_response_is_timed_out,
        a_client_that_never_sends_its_body_is_timed_out,
        one_request_too_many_is_told_when_to_come_again,
    ];
    match stage.strike().await {
        Ok(report) => println!("the bystander answered {report:?}"),
        Err(error) => failed.push(format!("the bystander notices nothing: {error:#}")),
    }
    ensure!(failed.is_empty(), "claims that do not hold:\n{}", failed.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_nobody_needs_are_let_go() -> Result<()> {
    let stage = Stage::set([Guest::hostile("hostile")]).await?;
    stage.post("/hostile/headers", Vec::new()).await?.expect(200)?;
    let idle = ["service=\"hostile\"", "state=\"Idle\""];
    let count = stage.system.metric("mutrapro_instances", &idle).await?;
    ensure!(count == 1.0, "{count} instances are kept for the next request");
    eventually("the idle instance is let go", async || {
        Ok((stage.system.metric("mutrapro_instances", &idle).await? == 0.0).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_finishes_when_the_host_is_told_to_stop() -> Result<()> {
    let mut stage = Stage::set([Guest::hostile("hostile")]).await?;
    let client = stage.client.clone();
    let slow =
        tokio::spawn(
            async move { answer(client.request(Method::POST, "/hostile/resources/sleep").body("3000")).await },
        );
    is_busy(&stage, "hostile").await?;
    stage.load.stop().await?;
    let started = Instant::now();
    let status = stage.system.terminate().await?;
    ensure!(status.success(), "the host ended with {status}");
    ensure!(started.elapsed() < Duration::from_secs(10), "it took {:?}", started.elapsed());
    let said = slow.await??.expect(200)?.text();
    ensure!(said == "ok: slept 3000 ms", "the request in flight was told {said:?}");
    Ok(())
}

/// More requests at once than the host takes, all for a service that is at work for longer than they wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_for_one_service_is_not_felt_by_another() -> Result<()> {
    const CONNECTIONS: usize = 10;
    const REQUESTS_PER_CONNECTION: usize = 120;
    let stage = Stage::set([Guest::hostile("single").trigger("limits = { instances_max = 1 }")]).await?;
    let url = format!("{}/single/resources/sleep", stage.client.base());
    let mut flood = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = reqwest::Client::builder().http2_prior_knowledge().build()?;
        client.post(&url).body("0").send().await?;
        flood.extend((0..REQUESTS_PER_CONNECTION).map(|_| answer(client.post(&url).body("3000"))));
    }
    let answers = try_join_all(flood).await?;
    let refused = answers.iter().filter(|answer| answer.status == 503).count();
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    ensure!(served > 0 && refused > 0 && served + refused == answers.len(), "{served} served, {refused} refused");
    stage.strike().await.map(drop)
}

async fn an_endless_loop_is_timed_out(stage: &Stage) -> Result<()> {
    let code = stage.post("/hostile/resources/loop", "").await?.problem(504)?;
    ensure!(code == "timed_out", "the code is {code}");
    Ok(())
}

async fn an_endless_query_is_stopped(stage: &Stage) -> Result<()> {
    stage.refuses("/hostile/sql/query", ENDLESS, "unavailable", &[]).await
}

async fn an_endless_query_in_a_transaction_leaves_the_writer_free(stage: &Stage) -> Result<()> {
    stage.refuses("/hostile/sql/transaction-query", ENDLESS, "unavailable", &[]).await?;
    writes_at_once(stage, "after-query").await
}

async fn an_endless_change_leaves_the_writer_free(stage: &Stage) -> Result<()> {
    let statement = format!("INSERT INTO hostile_items (id) {}", ENDLESS.replace("count(*)", "i"));
    stage.refuses("/hostile/sql/execute", &statement, "unavailable", &[]).await?;
    writes_at_once(stage, "1").await
}

async fn a_trap_in_mid_transaction_rolls_back_and_frees_the_writer_at_once(stage: &Stage) -> Result<()> {
    let code = stage.post("/hostile/sql/trap", insertion("trapped")).await?.problem(500)?;
    ensure!(code == "internal", "the code is {code}");
    // The same key again: it would be refused if the first had stayed.
    writes_at_once(stage, "trapped").await
}

async fn an_endless_loop_in_mid_transaction_rolls_back(stage: &Stage) -> Result<()> {
    let code = stage.post("/hostile/sql/loop", insertion("looped")).await?.problem(504)?;
    ensure!(code == "timed_out", "the code is {code}");
    writes_at_once(stage, "looped").await
}

async fn a_transaction_that_is_left_open_rolls_back_and_frees_the_writer_at_once(stage: &Stage) -> Result<()> {
    stage.refuses("/hostile/sql/leak", &insertion("leaked"), "ok", &["1"]).await?;
    writes_at_once(stage, "leaked").await
}

async fn a_transaction_that_dawdles_is_rolled_back(stage: &Stage) -> Result<()> {
    stage.refuses("/hostile/sql/dawdle", &insertion("dawdled"), "unavailable", &[]).await?;
    writes_at_once(stage, "dawdled").await
}

async fn a_hundred_thousand_rows_are_too_large(stage: &Stage) -> Result<()> {
    let rows = |count: u32| {
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n")
    };
    stage.refuses("/hostile/sql/query", &rows(100_000), "too-large", &[]).await?;
    stage.refuses("/hostile/sql/transaction-query", &rows(100_000), "too-large", &[]).await?;
    stage.refuses("/hostile/sql/query", &rows(10_000), "ok", &["10000 row(s)"]).await
}

async fn a_value_cannot_grow_without_bounds(stage: &Stage) -> Result<()> {
    let doubling = "WITH RECURSIVE n(s, i) AS (SELECT 'xxxxxxxxxxxxxxxx', 0 UNION ALL SELECT s || s, i + 1 FROM n \
                    WHERE i < 30) SELECT length(s) FROM n";
    let cost = stage.memory_of(async {
        let said = stage.misdeed("/hostile/sql/query", doubling).await?;
        ensure!(!said.starts_with("ok: "), "the host let it pass: {said}");
        Ok(())
    });
    is_affordable(cost.await?)
}

async fn an_allocation_of_four_gibibytes_costs_one_request(stage: &Stage) -> Result<()> {
    let cost = stage.memory_of(async {
        let code = stage.post("/hostile/resources/allocate", "").await?.problem(500)?;
        ensure!(code == "internal", "the code is {code}");
        Ok(())
    });
    is_affordable(cost.await?)?;
    stage.refuses("/hostile/headers", "", "ok", &[]).await
}

/// Ten times what an instance may have, 4 MiB a request.
async fn an_instance_that_leaks_is_let_go_before_it_is_full(stage: &Stage) -> Result<()> {
    for _ in 0..160 {
        stage.refuses("/hostile/resources/leak-memory", "", "ok", &["4194304"]).await?;
    }
    Ok(())
}

async fn a_response_of_a_gibibyte_is_never_copied(stage: &Stage) -> Result<()> {
    let cost = stage.memory_of(async {
        let answer = stage.post("/hostile/response/gibibyte-of-headers", "").await?;
        ensure!(answer.status >= 500, "the host answered {}", answer.status);
        Ok(())
    });
    is_affordable(cost.await?)
}

async fn a_response_over_the_limit_is_an_error(stage: &Stage) -> Result<()> {
    let code = stage.post("/hostile/response/mebibytes", "9").await?.problem(500)?;
    ensure!(code == "response_too_large", "the code is {code}");
    let large = stage.post("/hostile/response/mebibytes", "8").await?.expect(200)?;
    ensure!(large.body.len() == 8 << 20, "{} bytes came", large.body.len());
    Ok(())
}

async fn resources_cannot_be_hoarded(stage: &Stage) -> Result<()> {
    let cost = stage.memory_of(async {
        let answer = stage.post("/hostile/resources/leak-resources", "").await?;
        ensure!(answer.status >= 500, "the host answered {}", answer.status);
        Ok(())
    });
    is_affordable(cost.await?)
}

async fn a_gibibyte_of_random_bytes_is_refused(stage: &Stage) -> Result<()> {
    let cost = stage.memory_of(async {
        let code = stage.post("/hostile/resources/random", "").await?.problem(500)?;
        ensure!(code == "internal", "the code is {code}");
        Ok(())
    });
    is_affordable(cost.await?)
}

async fn a_flood_of_output_is_survived(stage: &Stage) -> Result<()> {
    let cost = stage.memory_of(stage.refuses("/hostile/resources/print", "1", "ok", &["printed"])).await?;
    is_affordable(cost)
}

async fn a_malformed_response_is_an_error_of_the_service(stage: &Stage) -> Result<()> {
    let malformed = [
        ("status", "99"),
        ("status", "0"),
        ("status", "100"),
        ("status", "101"),
        ("status", "600"),
        ("status", "65535"),
        ("newline-in-value", ""),
        ("newline-in-name", ""),
    ];
    let mut passed = Vec::new();
    for (name, argument) in malformed {
        let answer = stage.post(&format!("/hostile/response/{name}"), argument).await?;
        let is_error = matches!(answer.status, 500 | 502) && answer.headers.get("set-cookie").is_none();
        if !is_error {
            passed.push(format!("{name} {argument} became {}", answer.status));
        }
    }
    ensure!(passed.is_empty(), "{}", passed.join(", "));
    Ok(())
}

async fn a_response_cannot_lie_about_its_length(stage: &Stage) -> Result<()> {
    let answer = stage.post("/hostile/response/wrong-length", "").await?.expect(200)?;
    ensure!(answer.text() == "malformed", "the body came as {:?}", answer.text());
    Ok(())
}

async fn a_body_over_the_limit_is_refused_before_it_is_sent(stage: &Stage) -> Result<()> {
    for (path, limit) in [("/narrow/headers", 1024), ("/hostile/headers", 1 << 20)] {
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", limit + 1);
        begins_with(&send_raw(stage, &head).await?, "HTTP/1.1 413")?;
        stage.post(path, vec![b'x'; limit]).await?.expect(200)?;
    }
    let code = stage.post("/narrow/headers", vec![b'x'; 1025]).await?.problem(413)?;
    ensure!(code == "body_too_large", "the code is {code}");
    Ok(())
}

/// A client that writes its whole body before it reads must not find the connection reset instead of an answer.
async fn a_client_that_sends_too_much_still_reads_why(stage: &Stage) -> Result<()> {
    for attempt in 1..=20 {
        let answer = stage.post("/hostile/headers", vec![b'x'; 4 << 20]).await;
        answer.with_context(|| format!("attempt {attempt}"))?.expect(413)?;
    }
    Ok(())
}

async fn a_body_of_unknown_length_over_the_limit_is_refused(stage: &Stage) -> Result<()> {
    let chunks =
        |count: usize| Body::wrap_stream(stream::iter((0..count).map(|_| Ok::<_, Infallible>(vec![b'x'; 512]))));
    stage.post("/narrow/headers", chunks(2)).await?.expect(200)?;
    let code = stage.post("/narrow/headers", chunks(3)).await?.problem(413)?;
    ensure!(code == "body_too_large", "the code is {code}");
    Ok(())
}

async fn a_head_over_the_limit_is_refused(stage: &Stage) -> Result<()> {
    for kibibytes in [80, 40] {
        let request = stage.client.request(Method::GET, "/hostile/headers");
        let answer = answer(request.header("x-long", "x".repeat(kibibytes << 10))).await?;
        ensure!(answer.status == 431, "a header of {kibibytes} KiB: {}", answer.status);
    }
    Ok(())
}

async fn a_head_over_the_limit_is_refused_in_http_2(stage: &Stage) -> Result<()> {
    let client = reqwest::Client::builder().http2_prior_knowledge().build()?;
    let url = format!("{}/hostile/headers", stage.client.base());
    answer(client.get(&url).header("x-long", "x".repeat(40 << 10))).await?.expect(431)?;
    Ok(())
}

async fn too_many_header_fields_are_refused(stage: &Stage) -> Result<()> {
    let with = |count: u32| {
        let request = stage.client.request(Method::GET, "/hostile/headers");
        answer((0..count).fold(request, |request, n| request.header(format!("x-{n}"), "x")))
    };
    with(80).await?.expect(200)?;
    with(120).await?.expect(431)?;
    Ok(())
}

async fn a_slow_response_is_timed_out(stage: &Stage) -> Result<()> {
    let code = stage.post("/narrow/resources/sleep", "5000").await?.problem(504)?;
    ensure!(code == "timed_out", "the code is {code}");
    stage.refuses("/narrow/resources/sleep", "1", "ok", &[]).await
}

async fn a_client_that_never_sends_its_body_is_timed_out(stage: &Stage) -> Result<()> {
    let request = "POST /narrow/headers HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf";
    begins_with(&send_raw(stage, request).await?, "HTTP/1.1 504")
}

async fn one_request_too_many_is_told_when_to_come_again(stage: &Stage) -> Result<()> {
    let client = stage.client.clone();
    let slow =
        tokio::spawn(async move { answer(client.request(Method::POST, "/single/resources/sleep").body("4000")).await });
    is_busy(stage, "single").await?;
    let refused = stage.post("/single/headers", "").await?;
    let again = refused.headers.get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let code = refused.problem(503)?;
    ensure!(code == "overloaded", "the code is {code}");
    ensure!(again.as_deref() == Some("1"), "Retry-After is {again:?}");
    slow.await??.expect(200)?;
    stage.refuses("/single/headers", "", "ok", &[]).await
}

/// Sends these bytes and no more, and gives the first bytes of the answer.
async fn send_raw(stage: &Stage, request: &str) -> Result<String> {
    let address = stage.client.base().trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(request.as_bytes()).await?;
    let mut head = vec![0; "HTTP/1.1 200".len()];
    let read = tokio::time::timeout(Duration::from_secs(10), connection.read_exact(&mut head));
    read.await.context("no answer in 10 s")??;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn begins_with(answer: &str, expected: &str) -> Result<()> {
    ensure!(answer == expected, "the host answered {answer:?}");
    Ok(())
}

/// Waits until `service`, which nobody called before, has an instance: it is at work then.
async fn is_busy(stage: &Stage, service: &str) -> Result<()> {
    let label = format!("service=\"{service}\"");
    eventually("an instance is at work", async || {
        let instances = stage.system.metric("mutrapro_instances", &[&label]).await?;
        Ok((instances > 0.0).then_some(()))
    })
    .await
}

/// Checks that the writer of the hostile service is free and has no row `id`.
async fn writes_at_once(stage: &Stage, id: &str) -> Result<()> {
    let statement = insertion(id);
    let written = stage.refuses("/hostile/sql/execute", &statement, "ok", &["1"]);
    tokio::time::timeout(AT_ONCE, written).await.with_context(|| format!("the writer is not free after {AT_ONCE:?}"))?
}

fn insertion(id: &str) -> String {
    format!("INSERT INTO hostile_items (id) VALUES ('{id}')")
}

fn is_affordable(bytes: u64) -> Result<()> {
    ensure!(bytes <= MISDEED_BYTES_MAX, "it cost the host {} MiB, more than {}", bytes >> 20, MISDEED_BYTES_MAX >> 20);
    Ok(())
}
