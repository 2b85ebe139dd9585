//! What happens to a row: each actor asks, and the answer is compared with the cell.

use crate::actors::Actor;
use crate::rows::{Content, Row};
use crate::things::World;
use anyhow::{Context, Result, ensure};
use hmac::{Hmac, KeyInit, Mac};
use mutrapro_testkit::Answer;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use sha2::Sha256;
use std::collections::HashMap;

/// What the sandbox gateway signs its webhooks with in this test.
pub(crate) const WEBHOOK_KEY: &str = "a key that signs webhooks in tests";
/// What is left of a session after these is nothing.
const SESSION_ENDS: [&str; 2] = ["auth/logout", "auth/logout-all"];

/// The things that were made for a row, by name.
pub(crate) type Made = HashMap<String, String>;

/// A request with the ids of things in place of their names.
#[derive(Debug, Clone)]
struct Call {
    path: String,
    content: Content,
    headers: Vec<(String, String)>,
}

/// Asks as everyone in the row, and gives what was answered otherwise than it says.
pub(crate) async fn check(world: &World, row: &Row) -> Vec<String> {
    let mut failures = Vec::new();
    let mut made = Made::new();
    let mut is_used = false;
    for (actor, expected) in row.in_order() {
        let is_let_in = expected < 400;
        if is_let_in && is_used {
            made.clear();
        }
        is_used |= is_let_in;
        if let Err(error) = check_cell(world, row, (actor, expected), &mut made).await {
            let Row { line, method, path, .. } = row;
            failures.push(format!("line {line}: {method} {path} as {}: {error:#}", actor.name()));
        }
    }
    failures
}

async fn check_cell(world: &World, row: &Row, (actor, expected): (Actor, u16), made: &mut Made) -> Result<()> {
    let answer = ask(world, row, actor, made).await?.expect(expected)?;
    if expected >= 400 {
        is_problem(&answer)?;
    }
    if expected == 404 {
        let unknown = Call::unknown(world, row, actor, made).await?;
        let missing = send(world, row, actor, &unknown).await?;
        let (hidden, missing) = (answer.json()?, missing.expect(404).context("what there is not")?.json()?);
        for field in ["code", "title", "detail"] {
            ensure!(hidden.get(field) == missing.get(field), "tells of what is hidden: {hidden}, and not {missing}");
        }
    }
    if expected < 400 && SESSION_ENDS.contains(&row.path.as_str()) {
        world.company.renew(actor).await?;
    }
    Ok(())
}

/// What `actor` is answered; the things that are made for the row are kept in `made`.
///
/// # Errors
/// When one of them cannot be made, or there is no answer.
pub(crate) async fn ask(world: &World, row: &Row, actor: Actor, made: &mut Made) -> Result<Answer> {
    let call = Call::known(world, row, actor, made).await?;
    send(world, row, actor, &call).await
}

/// Refusals are problem details (RFC 9457) with a code for programs.
fn is_problem(answer: &Answer) -> Result<()> {
    let media_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    ensure!(media_type == Some("application/problem+json"), "{media_type:?} {}", answer.text());
    let body = answer.json()?;
    let code = body.get("code").and_then(Value::as_str).context("no code")?;
    let fits = match answer.status {
        401 => matches!(code, "not_authenticated" | "bad_signature"),
        404 => code == "not_found",
        _ => !code.is_empty(),
    };
    ensure!(fits, "{code} is no code for {}", answer.status);
    Ok(())
}

async fn send(world: &World, row: &Row, actor: Actor, call: &Call) -> Result<Answer> {
    let client = world.company.client(actor)?;
    let mut request = client.request(row.method.clone(), &format!("/api/v1/{}", call.path));
    // Each call is meant, none is a repetition.
    request = request.header("idempotency-key", world.new_name());
    let body = match &call.content {
        Content::None => String::new(),
        Content::Json(text) | Content::Text(text) => text.clone(),
    };
    for (name, value) in &call.headers {
        let value = if value == "<signature>" { signature(&body)? } else { value.clone() };
        request = request.header(name, value);
    }
    request = match call.content {
        Content::None => request,
        Content::Json(_) => request.header(CONTENT_TYPE, "application/json").body(body),
        Content::Text(_) => request.header(CONTENT_TYPE, "application/octet-stream").body(body),
    };
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    // A stream that is open is answer enough.
    let body = if is_stream(&headers) { Vec::new() } else { response.bytes().await?.to_vec() };
    Ok(Answer { status, headers, body })
}

fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

/// As the sandbox gateway signs.
fn signature(body: &str) -> Result<String> {
    let now_s = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_KEY.as_bytes())?;
    mac.update(format!("{now_s}.{body}").as_bytes());
    let code: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("t={now_s},v1={code}"))
}

impl Call {
    /// Of the things that the row names.
    async fn known(world: &World, row: &Row, actor: Actor, made: &mut Made) -> Result<Self> {
        let mut fill = Fill { world, actor, made, is_unknown: false };
        fill.call(row).await
    }

    /// The same of things that there are not.
    async fn unknown(world: &World, row: &Row, actor: Actor, made: &mut Made) -> Result<Self> {
        let mut fill = Fill { world, actor, made, is_unknown: true };
        fill.call(row).await
    }
}

/// Puts ids in the place of names.
struct Fill<'a> {
    world: &'a World,
    actor: Actor,
    made: &'a mut Made,
    is_unknown: bool,
}

impl Fill<'_> {
    async fn call(&mut self, row: &Row) -> Result<Call> {
        let content = match &row.content {
            Content::None => Content::None,
            Content::Json(text) => Content::Json(self.text(text).await?),
            Content::Text(text) => Content::Text(self.text(text).await?),
        };
        Ok(Call { path: self.text(&row.path).await?, content, headers: row.headers.clone() })
    }

    async fn text(&mut self, text: &str) -> Result<String> {
        let mut parts = text.split('<');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('>').with_context(|| format!("{text} has a name without an end"))?;
            let value = self.value(name).await.with_context(|| format!("making <{name}>"))?;
            filled += if self.is_unknown && is_id(&value) { new_id() } else { value }.as_str();
            filled += rest;
        }
        Ok(filled)
    }

    async fn value(&mut self, name: &str) -> Result<String> {
        if name == "own_password" {
            return Ok(self.actor.password().to_owned());
        }
        let Some(kind) = name.strip_suffix('*') else {
            return self.world.thing(name).await;
        };
        if let Some(made) = self.made.get(kind) {
            return Ok(made.clone());
        }
        let made = self.world.fresh(kind).await?;
        self.made.insert(kind.to_owned(), made.clone());
        Ok(made)
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// An id that nothing has (a UUID of version 7).
fn new_id() -> String {
    let digits = format!("{:032x}", rand::random::<u128>());
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default().to_owned();
    format!("{}-{}-7{}-8{}-{}", part(0..8), part(8..12), part(13..16), part(17..20), part(20..32))
}
