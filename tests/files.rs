//! Large files through the public API, in and out: they cost the host no memory to speak of, and may take their time.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::StreamExt;
use mutrapro_testkit::{Answer, System, answer, eventually};
use mutrapro_tests::{Cast, Person, created, paced, peak_memory_bytes, repository_system, reset_peak_memory, text};
use reqwest::{Body, Method};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// The limit of the design.
const FILE_BYTES_MAX: usize = 500_000_000;
const WAV_HEAD_BYTES: usize = 44;
const CHUNK_BYTES: usize = 1 << 20;
/// What the host may need for a stream of any length: the memory of the instances that it passes through, and buffers.
const STREAM_BYTES_MAX: u64 = 64 << 20;
/// The parts of an upload that takes its time: more often than epochs end, and for three times as long as a guest may compute.
const PART_BYTES: usize = 16 << 10;
const PART_PACE: Duration = Duration::from_millis(2);
const PARTS: usize = 9_000;
const UPLOAD_TIME_MIN: Duration = Duration::from_secs(15);
/// Room for the file, and not for a second one.
const QUOTA_BYTES: &str = "600000000";

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_megabytes_come_in_and_go_out_in_constant_memory() -> Result<()> {
    let system = repository_system().env("MUTRAPRO_FILE_QUOTA_BYTES", QUOTA_BYTES).start().await?;
    let cast = Cast::of(&system).await?;
    let customer = &cast.customer;
    let request = requested(customer).await?;

    let process = system.process_id().context("the host has ended")?;
    let before = reset_peak_memory(process)?;
    let file = upload(customer, &request, FILE_BYTES_MAX).await?.expect(201)?.json()?;
    let sha256 = hexadecimal(&content(FILE_BYTES_MAX).fold(Sha256::new(), |hasher, chunk| hasher.chain_update(chunk)));
    ensure!(file.get("size_bytes") == Some(&json!(FILE_BYTES_MAX)), "{file}");
    ensure!(text(&file, "sha256")? == sha256, "{file}");
    let seconds = (FILE_BYTES_MAX - WAV_HEAD_BYTES) as u64 / 8_000;
    let duration_ms = file.pointer("/audio_metadata/duration_ms").and_then(Value::as_u64);
    ensure!(duration_ms.is_some_and(|ms| ms / 1000 == seconds), "{seconds} s are known: {file}");

    let path = format!("/api/v1/files/{}/content", text(&file, "id")?);
    ensure!(downloaded(customer, &path).await? == sha256, "what comes out is what went in");
    let used = peak_memory_bytes(process)?.saturating_sub(before);
    println!("the host needed {} MiB more than before", used >> 20);
    ensure!(used <= STREAM_BYTES_MAX, "it cost the host {} MiB", used >> 20);

    ranges_are_answered(customer, &path).await?;
    further_and_longer_files_are_refused(customer, &request, &cast.other_customer).await?;
    nothing_is_left_of_refused_uploads(&system).await
}

/// As over a line of some 60 Mbit/s, on which there is always a little to pass on: that is no endless computation.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_takes_its_time_comes_in() -> Result<()> {
    let system = repository_system().start().await?;
    let customer = Cast::of(&system).await?.customer;
    let request = requested(&customer).await?;
    let file: Vec<u8> = content(PARTS * PART_BYTES).flatten().collect();
    let parts: Vec<_> = file.chunks(PART_BYTES).map(Bytes::copy_from_slice).collect();
    let started = Instant::now();
    let uploaded = upload_body(&customer, &request, paced(parts, PART_PACE)).await?.expect(201)?.json()?;
    ensure!(uploaded.get("size_bytes") == Some(&json!(file.len())), "{uploaded}");
    ensure!(started.elapsed() >= UPLOAD_TIME_MIN, "it took {:?} only", started.elapsed());
    Ok(())
}

async fn ranges_are_answered(customer: &Person, path: &str) -> Result<()> {
    let head: Vec<u8> = content(FILE_BYTES_MAX).next().context("a first chunk")?.to_vec();
    for (range, status, expected) in [
        ("bytes=0-43", 206, head.get(..44)),
        ("bytes=8-11", 206, head.get(8..12)),
        ("bytes=-5", 206, Some([128; 5].as_slice())),
        ("bytes=500000000-", 416, None),
    ] {
        let part = answer(customer.client.request(Method::GET, path).header("range", range)).await?.expect(status)?;
        if let Some(expected) = expected {
            ensure!(part.body == expected, "{range}: {:?}", part.body);
        }
    }
    Ok(())
}

async fn further_and_longer_files_are_refused(customer: &Person, request: &str, other: &Person) -> Result<()> {
    let code = upload(customer, request, 200_000_000).await?.problem(409)?;
    ensure!(code == "quota_exceeded", "{code}");
    let code = upload(other, &requested(other).await?, FILE_BYTES_MAX + 1).await?.problem(413)?;
    ensure!(code == "file_too_large", "{code}");
    Ok(())
}

async fn requested(customer: &Person) -> Result<String> {
    let request = json!({
        "request_type": "transcription", "title": "A whole concert", "description": "Everything that was played",
    });
    Ok(text(&created(&customer.client, "requests", &request).await?, "id")?.to_owned())
}

async fn nothing_is_left_of_refused_uploads(system: &System) -> Result<()> {
    let folder = system.data().join("blobs");
    eventually("only the one file is kept", async || Ok((files(&folder)? == 1).then_some(()))).await
}

fn files(folder: &std::path::Path) -> Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        count += if path.is_dir() { files(&path)? } else { 1 };
    }
    Ok(count)
}

/// Uploads a recording of so many bytes whose length is not announced.
async fn upload(customer: &Person, request: &str, bytes: usize) -> Result<Answer> {
    let chunks = content(bytes).map(Ok::<_, Infallible>);
    upload_body(customer, request, Body::wrap_stream(futures::stream::iter(chunks))).await
}

async fn upload_body(customer: &Person, request: &str, body: Body) -> Result<Answer> {
    let query = [("file_name", "concert.wav"), ("source", "customer_upload"), ("request_id", request)];
    let request = customer.client.request(Method::POST, "/api/v1/files").query(&query);
    answer(request.header("content-type", "application/octet-stream").body(body)).await
}

/// The digest of what is at `path`, which is never held whole.
async fn downloaded(customer: &Person, path: &str) -> Result<String> {
    let response = customer.client.request(Method::GET, path).send().await?.error_for_status()?;
    let mut chunks = response.bytes_stream();
    let mut hasher = Sha256::new();
    while let Some(chunk) = chunks.next().await {
        hasher.update(&chunk?);
    }
    Ok(hexadecimal(&hasher))
}

/// A WAV file (RIFF, PCM, mono, 8 bits, 8 kHz) of so many bytes, in chunks.
fn content(bytes: usize) -> impl Iterator<Item = Bytes> + Send + 'static {
    let samples = bytes - WAV_HEAD_BYTES;
    let length = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    let empty = mutrapro_tests::wav(0);
    let part = |range| empty.get::<std::ops::Range<usize>>(range).unwrap_or_default();
    // The head of an empty one, with the lengths of this one.
    let first = [part(0..4), &length(bytes - 8), part(8..40), &length(samples)].concat();
    let silence = Bytes::from(vec![128; CHUNK_BYTES]);
    let rest = (0..samples.div_ceil(CHUNK_BYTES)).map(move |index| {
        let left = samples - index * CHUNK_BYTES;
        silence.slice(..left.min(CHUNK_BYTES))
    });
    std::iter::once(Bytes::from(first)).chain(rest)
}

fn hexadecimal(hasher: &Sha256) -> String {
    hasher.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
