//! Streams of notifications end with the session that they were opened through.

use super::{Stage, current_session};
use anyhow::{Context, Result, bail, ensure};
use mutrapro_testkit::{Client, eventually_within};
use mutrapro_tests::{check_claims, user_id};
use reqwest::{Method, Response};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long a stream may outlive its session: it asks about once a second, and a busy machine is slower.
const STREAM_LAG: Duration = Duration::from_secs(2);
/// How long it may take until everyone on the way knows that a client is gone: the gateway learns it from the first
/// heartbeat that it cannot pass on, and notification-service from the second, each at most 8 s after the one before.
const HEARTBEAT_PATIENCE: Duration = Duration::from_secs(20);
const NEWS_PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_stream_lasts_as_long_as_its_session_and_its_client() -> Result<()> {
    let stage = Stage::open().await?;
    let failed = check_claims!(stage;
        a_stream_ends_with_its_session_and_others_go_on,
        a_stream_ends_when_its_user_is_deactivated,
        a_stream_whose_client_is_gone_is_let_go,
    );
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

async fn a_stream_ends_with_its_session_and_others_go_on(stage: &Stage) -> Result<()> {
    let (ended, other) = (stage.join("listener").await?.client, stage.login("listener").await?.client);
    let (mut ending, mut going_on) = (open(&ended).await?, open(&other).await?);
    let path = format!("/api/v1/auth/sessions/{}", current_session(&ended).await?);
    other.delete(&path).await?.expect(204)?;
    ends_within(&mut ending, STREAM_LAG).await?;
    open(&ended).await.err().context("the ended session opens another stream")?;

    let roles = format!("/api/v1/users/{}/roles", user_id(&other).await?);
    stage.admin.post(&roles, &json!({ "role": "recording_artist" })).await?.expect(201)?;
    tells_within(&mut going_on, "New role: recording artist", NEWS_PATIENCE).await
}

async fn a_stream_ends_when_its_user_is_deactivated(stage: &Stage) -> Result<()> {
    let listener = stage.join("dismissed").await?.client;
    let mut stream = open(&listener).await?;
    let path = format!("/api/v1/users/{}/deactivate", user_id(&listener).await?);
    stage.admin.post(&path, &json!({})).await?.expect(200)?;
    ends_within(&mut stream, STREAM_LAG).await
}

async fn a_stream_whose_client_is_gone_is_let_go(stage: &Stage) -> Result<()> {
    nothing_streams_within(stage, HEARTBEAT_PATIENCE).await?;
    let listener = stage.join("leaver").await?.client;
    let stream = open(&listener).await?;
    let streaming = stage.system.metric(INSTANCES, &STREAMING).await?;
    ensure!(streaming >= 1.0, "{streaming} instances stream");
    drop(stream);
    nothing_streams_within(stage, HEARTBEAT_PATIENCE).await
}

const INSTANCES: &str = "mutrapro_instances";
const STREAMING: [&str; 1] = ["state=\"Streaming\""];

async fn nothing_streams_within(stage: &Stage, patience: Duration) -> Result<()> {
    let started = Instant::now();
    eventually_within(patience, "no instance streams", async || {
        let streaming = stage.system.metric(INSTANCES, &STREAMING).await?;
        Ok((streaming == 0.0).then_some(()))
    })
    .await?;
    println!("nothing streams after {:?}", started.elapsed());
    Ok(())
}

/// Opens a stream and waits for its first sign of life, so that its session is known to have been asked for.
async fn open(client: &Client) -> Result<Response> {
    let mut stream = client.request(Method::GET, "/api/v1/notifications/stream").send().await?;
    ensure!(stream.status() == 200, "{}", stream.status());
    tells_within(&mut stream, "still here", NEWS_PATIENCE).await?;
    Ok(stream)
}

async fn tells_within(stream: &mut Response, expected: &str, patience: Duration) -> Result<()> {
    let mut received = String::new();
    let told = tokio::time::timeout(patience, async {
        while let Some(chunk) = stream.chunk().await? {
            received.push_str(&String::from_utf8_lossy(&chunk));
            if received.contains(expected) {
                return Ok(());
            }
        }
        bail!("the stream ended before it told {expected:?}")
    });
    told.await.with_context(|| format!("{expected:?} was not told in {patience:?}"))?
}

/// Reads until the stream ends as it should, whatever it tells before.
async fn ends_within(stream: &mut Response, patience: Duration) -> Result<()> {
    let started = Instant::now();
    let ended = tokio::time::timeout(patience, async {
        while stream.chunk().await?.is_some() {}
        anyhow::Ok(())
    });
    ended.await.with_context(|| format!("the stream goes on after {patience:?}"))??;
    println!("the stream ended after {:?}", started.elapsed());
    Ok(())
}
