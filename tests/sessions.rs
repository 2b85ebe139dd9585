//! What a session is worth, and to whom: through the public API of a system started from the repository's manifest.

#[path = "sessions/streams.rs"]
mod streams;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use mutrapro_testkit::{Answer, Client, System, answer, eventually};
use mutrapro_tests::{
    Login, PASSWORD, SESSION_LAG, admin, check_claims, gone_within, items, login, refresh, register, registration,
    repository_system, text, try_login, unhurried_system, user_id,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

/// How often the race for a refresh token is run, and by how many.
const RACES: usize = 20;
const RACERS: usize = 8;
/// After so many failures an account is locked.
const FAILURES_MAX: usize = 5;

struct Stage {
    system: System,
    api: Client,
    admin: Client,
}

impl Stage {
    async fn open() -> Result<Self> {
        let system = unhurried_system().start().await?;
        let api = system.client();
        let admin = admin(&api).await?.client;
        Ok(Self { system, api, admin })
    }

    /// Registers `name` and signs them in.
    async fn join(&self, name: &str) -> Result<Login> {
        register(&self.api, name).await?.expect(201)?;
        self.login(name).await
    }

    async fn login(&self, name: &str) -> Result<Login> {
        login(&self.api, &format!("{name}@example.com"), PASSWORD).await
    }

    /// Every page of the activity log, as text.
    async fn activity(&self) -> Result<String> {
        let (mut all, mut cursor) = (String::new(), String::new());
        loop {
            let answer = self.admin.get(&format!("/api/v1/activity?limit=100{cursor}")).await?.expect(200)?;
            all.push_str(&answer.text());
            match answer.json()?.get("next_cursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(all),
            }
        }
    }
}

#[tokio::test]
async fn a_session_is_worth_what_the_domain_says() -> Result<()> {
    let stage = Stage::open().await?;
    let failed = check_claims!(stage;
        of_many_refreshes_at_once_one_wins_and_the_family_dies,
        logout_ends_the_session_and_its_refresh_token,
        logout_all_ends_every_session,
        a_session_of_somebody_else_does_not_exist,
        a_lock_looks_like_an_unknown_address,
        nobody_registers_with_a_role,
        nobody_edits_somebody_else,
        deactivation_ends_open_sessions,
        another_password_ends_the_other_sessions,
        other_changes_of_an_account_end_no_session,
        one_kind_of_token_is_not_the_other,
        no_password_is_told_or_kept,
    );
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

async fn of_many_refreshes_at_once_one_wins_and_the_family_dies(stage: &Stage) -> Result<()> {
    register(&stage.api, "race").await?.expect(201)?;
    for race in 0..RACES {
        let start = stage.login("race").await?;
        let racers = (0..RACERS).map(|_| refresh(&stage.api, &start.refresh_token));
        let (won, lost): (Vec<Answer>, Vec<Answer>) =
            try_join_all(racers).await?.into_iter().partition(|answer| answer.status == 200);
        ensure!(won.len() == 1, "{} of {RACERS} won race {race}", won.len());
        for answer in lost {
            let code = answer.problem(401)?;
            ensure!(code == "refresh_token_reused", "{code} in race {race}");
        }
        let winner = Login::of(&stage.api, &won.first().context("one won")?.json()?)?;
        let code = refresh(&stage.api, &winner.refresh_token).await?.problem(401)?;
        ensure!(code == "refresh_token_reused", "{code} for the token of a dead family in race {race}");
        for client in [&start.client, &winner.client] {
            gone_within(client, SESSION_LAG).await?;
        }
    }
    Ok(())
}

async fn logout_ends_the_session_and_its_refresh_token(stage: &Stage) -> Result<()> {
    let (ended, other) = (stage.join("logout").await?, stage.login("logout").await?);
    ended.client.post("/api/v1/auth/logout", &json!({})).await?.expect(204)?;
    refresh(&stage.api, &ended.refresh_token).await?.problem(401)?;
    gone_within(&ended.client, SESSION_LAG).await?;
    other.client.get("/api/v1/users/me").await?.expect(200)?;
    refresh(&stage.api, &other.refresh_token).await?.expect(200)?;
    Ok(())
}

async fn logout_all_ends_every_session(stage: &Stage) -> Result<()> {
    let sessions = [stage.join("logout-all").await?, stage.login("logout-all").await?];
    let bystander = stage.join("bystander").await?;
    sessions[0].client.post("/api/v1/auth/logout-all", &json!({})).await?.expect(204)?;
    for session in &sessions {
        refresh(&stage.api, &session.refresh_token).await?.problem(401)?;
        gone_within(&session.client, SESSION_LAG).await?;
    }
    bystander.client.get("/api/v1/users/me").await?.expect(200)?;
    Ok(())
}

async fn a_session_of_somebody_else_does_not_exist(stage: &Stage) -> Result<()> {
    let (owner, other) = (stage.join("owner").await?, stage.join("other").await?);
    let path = format!("/api/v1/auth/sessions/{}", current_session(&owner.client).await?);
    for client in [&other.client, &stage.admin] {
        ensure!(client.delete(&path).await?.problem(404)? == "not_found");
    }
    refresh(&stage.api, &owner.refresh_token).await?.expect(200)?;
    owner.client.delete(&path).await?.expect(204)?;
    gone_within(&owner.client, SESSION_LAG).await
}

/// The id of the session that the client uses.
async fn current_session(client: &Client) -> Result<String> {
    let sessions = client.get("/api/v1/auth/sessions").await?.expect(200)?.json()?;
    let current = items(&sessions)?.iter().find(|session| session.get("is_current") == Some(&json!(true)));
    Ok(text(current.with_context(|| format!("no current session in {sessions}"))?, "id")?.to_owned())
}

async fn a_lock_looks_like_an_unknown_address(stage: &Stage) -> Result<()> {
    let before = stage.join("locked").await?;
    let unknown = untraced(&try_login(&stage.api, "nobody@example.com", PASSWORD).await?)?;
    for failure in 0..FAILURES_MAX {
        let wrong = try_login(&stage.api, "locked@example.com", "a wrong password").await?;
        ensure!(untraced(&wrong)? == unknown, "failure {failure}: {}", wrong.text());
    }
    let locked = try_login(&stage.api, "locked@example.com", PASSWORD).await?;
    ensure!(untraced(&locked)? == unknown, "the right password of a locked account: {}", locked.text());
    ensure!(locked.problem(401)? == "invalid_credentials");
    // Who is in stays in: otherwise anyone could throw anyone out.
    before.client.get("/api/v1/users/me").await?.expect(200)?;
    Ok(())
}

/// The status, the type and the exact body of a problem, but for its trace id.
fn untraced(answer: &Answer) -> Result<(u16, String, String)> {
    let body = answer.json()?;
    let content_type = answer.headers.get("content-type").context("no content type")?.to_str()?;
    Ok((answer.status, content_type.to_owned(), answer.text().replace(text(&body, "trace_id")?, "")))
}

async fn nobody_registers_with_a_role(stage: &Stage) -> Result<()> {
    let wishes = [
        ("role", json!("system_admin")),
        ("roles", json!(["system_admin"])),
        ("primary_role", json!("system_admin")),
        ("is_admin", json!(true)),
    ];
    for (number, (field, wish)) in wishes.into_iter().enumerate() {
        let name = format!("climber{number}");
        let body = registration_with(&name, field, wish)?;
        let answer = stage.api.post("/api/v1/auth/register", &body).await?;
        match answer.status {
            422 => try_login(&stage.api, &format!("{name}@example.com"), PASSWORD).await?.expect(401).map(drop)?,
            201 => {}
            other => anyhow::bail!("{other} for a registration with {field}: {}", answer.text()),
        }
        if answer.status == 422 {
            register(&stage.api, &name).await?.expect(201)?;
        }
        let climber = stage.login(&name).await?.client;
        let me = climber.get("/api/v1/users/me").await?.expect(200)?.json()?;
        ensure!(me.get("roles") == Some(&json!(["customer"])), "{field}: {me}");
        climber.get("/api/v1/users").await?.problem(403)?;
    }
    Ok(())
}

fn registration_with(name: &str, field: &str, value: Value) -> Result<Value> {
    let mut body = registration(name);
    body.as_object_mut().context("a registration is an object")?.insert(field.to_owned(), value);
    Ok(body)
}

async fn nobody_edits_somebody_else(stage: &Stage) -> Result<()> {
    let (victim, attacker) = (stage.join("victim").await?, stage.join("attacker").await?.client);
    let before = victim.client.get("/api/v1/users/me").await?.expect(200)?.text();
    let user = format!("/api/v1/users/{}", user_id(&victim.client).await?);
    let tries = [
        (Method::GET, user.clone(), None),
        (Method::PATCH, user.clone(), Some(json!({ "full_name": "Taken Over", "email": "attacker@example.org" }))),
        (Method::POST, format!("{user}/deactivate"), Some(json!({}))),
        (Method::POST, format!("{user}/activate"), Some(json!({}))),
        (Method::POST, format!("{user}/roles"), Some(json!({ "role": "system_admin" }))),
        (Method::DELETE, format!("{user}/roles/customer"), None),
    ];
    for (method, path, body) in tries {
        let mut request = attacker.request(method.clone(), &path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let refused = answer(request).await?;
        ensure!([403, 404].contains(&refused.status), "{method} {path}: {} {}", refused.status, refused.text());
    }
    let after = victim.client.get("/api/v1/users/me").await?.expect(200)?.text();
    ensure!(before == after, "{before} became {after}");
    Ok(())
}

async fn deactivation_ends_open_sessions(stage: &Stage) -> Result<()> {
    let sessions = [stage.join("gone").await?, stage.login("gone").await?];
    let id = user_id(&sessions[0].client).await?;
    stage.admin.post(&format!("/api/v1/users/{id}/deactivate"), &json!({})).await?.expect(200)?;
    try_join_all(sessions.iter().map(|session| gone_within(&session.client, SESSION_LAG))).await?;
    for session in &sessions {
        refresh(&stage.api, &session.refresh_token).await?.problem(401)?;
    }
    let code = try_login(&stage.api, "gone@example.com", PASSWORD).await?.problem(401)?;
    ensure!(code == "invalid_credentials", "{code}");
    Ok(())
}

async fn another_password_ends_the_other_sessions(stage: &Stage) -> Result<()> {
    let (own, other) = (stage.join("careful").await?, stage.login("careful").await?);
    let bystander = stage.join("careless").await?;
    let change = json!({ "old_password": PASSWORD, "new_password": "another passphrase" });
    own.client.post("/api/v1/users/me/password", &change).await?.expect(204)?;
    gone_within(&other.client, SESSION_LAG).await?;
    refresh(&stage.api, &other.refresh_token).await?.problem(401)?;
    stage.system.settled().await?;
    for kept in [&own, &bystander] {
        kept.client.get("/api/v1/users/me").await?.expect(200)?;
        refresh(&stage.api, &kept.refresh_token).await?.expect(200)?;
    }
    try_login(&stage.api, "careful@example.com", PASSWORD).await?.problem(401)?;
    login(&stage.api, "careful@example.com", "another passphrase").await?;
    eventually("the log says why", async || Ok(stage.activity().await?.contains("password_changed").then_some(())))
        .await
}

async fn other_changes_of_an_account_end_no_session(stage: &Stage) -> Result<()> {
    let (own, other) = (stage.join("mover").await?, stage.login("mover").await?);
    own.client.patch("/api/v1/users/me", &json!({ "address": "password" })).await?.expect(200)?;
    let wrong = json!({ "old_password": "not the old one", "new_password": "another passphrase" });
    own.client.post("/api/v1/users/me/password", &wrong).await?.problem(403)?;
    stage.system.settled().await?;
    for session in [&own, &other] {
        refresh(&stage.api, &session.refresh_token).await?.expect(200)?;
    }
    Ok(())
}

async fn one_kind_of_token_is_not_the_other(stage: &Stage) -> Result<()> {
    let tokens = register(&stage.api, "tokens").await?.expect(201)?;
    let tokens = try_login(&stage.api, text(&tokens.json()?, "email")?, PASSWORD).await?.expect(200)?.json()?;
    let (access, refreshing) = (text(&tokens, "access_token")?, text(&tokens, "refresh_token")?);
    let code = stage.api.with_token(refreshing).get("/api/v1/users/me").await?.problem(401)?;
    ensure!(code == "invalid_token", "{code}");
    let code = refresh(&stage.api, access).await?.problem(401)?;
    ensure!(code == "invalid_refresh_token", "{code}");
    // Neither try has spoilt anything.
    stage.api.with_token(access).get("/api/v1/users/me").await?.expect(200)?;
    refresh(&stage.api, refreshing).await?.expect(200)?;
    Ok(())
}

async fn no_password_is_told_or_kept(stage: &Stage) -> Result<()> {
    let (password, next, short) = ("zyzzyva-first-secret", "zyzzyva-second-secret", "zyzzyva");
    let body = registration_with("discreet", "password", json!(short))?;
    let mut told = stage.api.post("/api/v1/auth/register", &body).await?.expect(422)?.text();
    let body = registration_with("discreet", "password", json!(password))?;
    told += &stage.api.post("/api/v1/auth/register", &body).await?.expect(201)?.text();
    told += &stage.api.post("/api/v1/auth/register", &body).await?.expect(409)?.text();
    told += &try_login(&stage.api, "discreet@example.com", next).await?.expect(401)?.text();
    let signed_in = try_login(&stage.api, "discreet@example.com", password).await?.expect(200)?;
    told += &signed_in.text();
    let discreet = Login::of(&stage.api, &signed_in.json()?)?;
    for (old, new, status) in [(next, password, 403), (password, short, 422), (password, next, 204)] {
        let change = json!({ "old_password": old, "new_password": new });
        told += &discreet.client.post("/api/v1/users/me/password", &change).await?.expect(status)?.text();
    }
    stage.system.settled().await?;
    for path in ["users/me", "users/me/customer", "auth/sessions", "notifications"] {
        told += &discreet.client.get(&format!("/api/v1/{path}")).await?.expect(200)?.text();
    }
    let id = user_id(&discreet.client).await?;
    told += &stage.admin.get(&format!("/api/v1/users/{id}")).await?.expect(200)?.text();
    let activity = stage.activity().await?;
    ensure!(activity.contains(&id), "the log knows the user");
    told += &activity;
    for secret in ["zyzzyva", "argon2", "password_hash"] {
        ensure!(!told.contains(secret), "{secret} is told");
    }
    // On servers of their own, the databases' files are not the host's.
    if stage.system.servers().is_none() {
        ensure!(files_with(stage.system.data(), "discreet@example.com")? > 0, "the search finds what is kept");
        ensure!(files_with(stage.system.data(), "zyzzyva")? == 0, "a password is kept in the data folder");
    }
    Ok(())
}

/// How many files below `folder` contain `text`.
fn files_with(folder: &Path, text: &str) -> Result<usize> {
    let mut found = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        found += if path.is_dir() {
            files_with(&path, text)?
        } else {
            usize::from(std::fs::read(&path)?.windows(text.len()).any(|window| window == text.as_bytes()))
        };
    }
    Ok(found)
}

#[tokio::test]
async fn who_signs_in_too_often_is_told_when_to_come_back() -> Result<()> {
    const PER_MINUTE: usize = 3;
    let builder = repository_system().env("MUTRAPRO_RATE_LIMIT_SIGN_IN_PER_MINUTE", &PER_MINUTE.to_string());
    let system = builder.start().await?;
    let api = system.client();
    for _ in 0..PER_MINUTE {
        try_login(&api, "nobody@example.com", PASSWORD).await?.problem(401)?;
    }
    for refused in [
        try_login(&api, "nobody@example.com", PASSWORD).await?,
        register(&api, "hasty").await?,
        refresh(&api, "no token at all").await?,
    ] {
        let wait = refused.headers.get("retry-after").context("no Retry-After")?.to_str()?.to_owned();
        ensure!((1..=60).contains(&wait.parse::<u64>()?), "come back in {wait} s");
        ensure!(refused.problem(429)? == "rate_limited");
    }
    // Whoever only reads is not held back.
    api.get("/api/v1/openapi.json").await?.expect(200)?;
    Ok(())
}
