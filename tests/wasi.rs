//! Components that know nothing but WASI's own HTTP, and protocols.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use mutrapro_testkit::{Answer, answer, eventually};
use mutrapro_tests::{Guest, Stage, check_claims, paced};
use reqwest::{Body, Method, Version};
use std::convert::Infallible;
use std::time::Duration;

/// What a stream of any length may cost the host at its peak, in bytes: the memory of its instance and buffers.
const STREAM_BYTES_MAX: u64 = 48 << 20;
const GIBIBYTE: u64 = 1 << 30;

#[tokio::test(flavor = "multi_thread")]
async fn plain_components_are_served() -> Result<()> {
    let stage = Stage::set([
        Guest::new("plain-p3", "plain_p3").trigger("limits = { body_bytes_max = 67108864 }"),
        Guest::new("plain-p2", "plain_p2"),
        Guest::new("hasty", "plain_p2").trigger("limits = { request_ms_max = 1000 }"),
    ])
    .await?;
    let mut failed = check_claims![stage;
        a_component_of_wasi_0_2_is_served,
        a_component_of_wasi_0_3_is_served,
        a_plain_component_learns_from_the_host_who_calls,
        http_2_without_tls_is_spoken_on_the_same_port,
        a_body_streams_in_while_the_response_streams_out,
        a_response_of_a_gibibyte_streams_in_constant_memory,
        a_request_of_sixty_mebibytes_streams_in_constant_memory,
        a_response_that_nobody_reads_to_its_end_is_let_go,
        a_body_that_keeps_arriving_may_take_longer_than_a_request,
        a_body_that_trickles_is_given_up,
        a_stream_that_computes_without_end_is_ended,
    ];
    match stage.strike().await {
        Ok(report) => println!("the bystander answered {report:?}"),
        Err(error) => failed.push(format!("the bystander notices nothing: {error:#}")),
    }
    ensure!(failed.is_empty(), "claims that do not hold:\n{}", failed.join("\n"));
    Ok(())
}

async fn a_component_of_wasi_0_2_is_served(stage: &Stage) -> Result<()> {
    let said = stage.misdeed("/plain-p2/some/path?a=b", "12345").await?;
    ensure!(said == "/plain-p2/some/path?a=b with 5 bytes", "it answered {said:?}");
    Ok(())
}

async fn a_component_of_wasi_0_3_is_served(stage: &Stage) -> Result<()> {
    let said = stage.misdeed("/plain-p3/echo", "12345").await?;
    ensure!(said == "12345", "it answered {said:?}");
    stage.post("/plain-p3/nowhere", "").await?.expect(404)?;
    Ok(())
}

async fn a_plain_component_learns_from_the_host_who_calls(stage: &Stage) -> Result<()> {
    let request = stage.client.request(Method::GET, "/plain-p3/headers").header("x-mutrapro-caller", "api-gateway");
    let seen = answer(request.header("x-mutrapro-user", "forged")).await?.expect(200)?.text();
    let own: Vec<&str> = seen.lines().filter(|line| line.contains("x-mutrapro-")).collect();
    ensure!(own == ["x-mutrapro-client-address: 127.0.0.1"], "the component sees {own:?}");
    Ok(())
}

async fn http_2_without_tls_is_spoken_on_the_same_port(stage: &Stage) -> Result<()> {
    let client = reqwest::Client::builder().http2_prior_knowledge().build()?;
    for path in ["/bystander", "/plain-p3/headers", "/plain-p2/x"] {
        let response = client.get(format!("{}{path}", stage.client.base())).send().await?;
        ensure!(response.version() == Version::HTTP_2, "{path} was answered with {:?}", response.version());
        ensure!(response.status() == 200, "{path} was answered with {}", response.status());
        response.bytes().await?;
    }
    Ok(())
}

async fn a_body_streams_in_while_the_response_streams_out(stage: &Stage) -> Result<()> {
    let (mut sender, receiver) = mpsc::channel::<Result<Bytes, Infallible>>(1);
    let request = stage.client.request(Method::POST, "/plain-p3/echo").body(Body::wrap_stream(receiver));
    sender.send(Ok(Bytes::from_static(b"0"))).await?;
    let mut response = request.send().await?.error_for_status()?.bytes_stream();
    for round in 1..=10 {
        // The next chunk is sent only after the last one came back.
        let came = response.next().await.context("the response ended early")??;
        ensure!(came == (round - 1).to_string(), "{came:?} came back in round {round}");
        sender.send(Ok(Bytes::from(round.to_string()))).await?;
    }
    drop(sender);
    ensure!(response.next().await.context("the last chunk is missing")?? == "10", "the last chunk is wrong");
    ensure!(response.next().await.is_none(), "the response goes on after its end");
    Ok(())
}

async fn a_response_of_a_gibibyte_streams_in_constant_memory(stage: &Stage) -> Result<()> {
    let cost = stage.memory_of(async {
        let mut response = stage.client.request(Method::GET, "/plain-p3/stream/1024").send().await?.bytes_stream();
        let mut bytes = 0u64;
        while let Some(chunk) = response.next().await {
            bytes += u64::try_from(chunk?.len())?;
        }
        ensure!(bytes == GIBIBYTE, "{bytes} bytes came");
        Ok(())
    });
    is_affordable(cost.await?)
}

async fn a_request_of_sixty_mebibytes_streams_in_constant_memory(stage: &Stage) -> Result<()> {
    const CHUNKS: usize = 60 * 16;
    let cost = stage.memory_of(async {
        let chunk = Bytes::from(vec![b'x'; 64 << 10]);
        let chunks = (0..CHUNKS).map(move |_| Ok::<_, Infallible>(chunk.clone()));
        let body = Body::wrap_stream(futures::stream::iter(chunks));
        let request = stage.client.request(Method::POST, "/plain-p3/echo").body(body);
        let mut response = request.send().await?.error_for_status()?.bytes_stream();
        let mut bytes = 0;
        while let Some(chunk) = response.next().await {
            bytes += chunk?.len();
        }
        ensure!(bytes == CHUNKS * (64 << 10), "{bytes} bytes came back");
        Ok(())
    });
    is_affordable(cost.await?)
}

async fn a_response_that_nobody_reads_to_its_end_is_let_go(stage: &Stage) -> Result<()> {
    let mut response = stage.client.request(Method::GET, "/plain-p3/stream/1024").send().await?.bytes_stream();
    response.next().await.context("no first chunk")??;
    let instances = async || stage.system.metric("mutrapro_instances", &["service=\"plain-p3\""]).await;
    ensure!(instances().await? > 0.0, "an instance that streams is not counted");
    drop(response);
    eventually("the stream's instance is let go", async || Ok((instances().await? == 0.0).then_some(()))).await
}

async fn a_body_that_keeps_arriving_may_take_longer_than_a_request(stage: &Stage) -> Result<()> {
    const PARTS: usize = 12;
    let said = sent_slowly(stage, PARTS, 64 << 10).await?.expect(200)?.text();
    ensure!(said == format!("/hasty/x with {} bytes", PARTS * (64 << 10)), "it answered {said:?}");
    Ok(())
}

async fn a_body_that_trickles_is_given_up(stage: &Stage) -> Result<()> {
    // Whoever sends for ever is answered in the middle of it, or cut off.
    match sent_slowly(stage, 100, 16).await {
        Ok(answer) => answer.expect(504).map(drop),
        Err(error) if error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_request) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn a_stream_that_computes_without_end_is_ended(stage: &Stage) -> Result<()> {
    let timed_out = ["service=\"plain-p3\"", "cause=\"Timeout\""];
    let timeouts = async || stage.system.metric("mutrapro_traps_total", &timed_out).await;
    let before = timeouts().await?;
    stage.post("/plain-p3/compute", "").await?.problem(500)?;
    eventually("it counts as out of time", async || Ok((timeouts().await? > before).then_some(()))).await
}

/// Sends a body of as many parts of `part_bytes`, four a second, to the service that gives a request one second.
async fn sent_slowly(stage: &Stage, parts: usize, part_bytes: usize) -> Result<Answer> {
    let parts = std::iter::repeat_n(Bytes::from(vec![b'x'; part_bytes]), parts);
    let body = paced(parts, Duration::from_millis(250));
    answer(stage.client.request(Method::POST, "/hasty/x").body(body)).await
}

fn is_affordable(bytes: u64) -> Result<()> {
    ensure!(bytes <= STREAM_BYTES_MAX, "it cost the host {} MiB, more than {}", bytes >> 20, STREAM_BYTES_MAX >> 20);
    Ok(())
}
