//! Accounts, sessions and notifications, step by step, through the public API of a system started from the repository's manifest.

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{System, eventually};
use mutrapro_tests::{
    Login, PASSWORD, SESSION_LAG, admin, gone_within, items, login, register, repository_system, text,
};
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;

async fn system() -> Result<System> {
    repository_system().start().await
}

#[tokio::test]
async fn a_registration_is_told_and_logged_once() -> Result<()> {
    let system = system().await?;
    let api = system.client();
    let user = register(&api, "lan").await?.expect(201)?.json()?;
    let lan = login(&api, "lan@example.com", PASSWORD).await?.client;
    system.settled().await?;

    let notifications = lan.get("/api/v1/notifications").await?.expect(200)?.json()?;
    ensure!(items(&notifications)?.len() == 1, "one welcome: {notifications}");
    let unread = lan.get("/api/v1/notifications/unread-count").await?.expect(200)?.json()?;
    ensure!(unread.as_object().is_some_and(|counts| counts.values().any(|count| count == 1)), "{unread}");

    let me = lan.get("/api/v1/users/me").await?.expect(200)?.json()?;
    ensure!(me.get("email") == Some(&json!("lan@example.com")), "{me}");
    ensure!(text(&user, "id")? == text(&me, "id")?, "{user} {me}");

    let admin = admin(&api).await?.client;
    let path = format!("/api/v1/activity?entity=user&action=registered&user={}", text(&me, "id")?);
    let activity = admin.get(&path).await?.expect(200)?.json()?;
    ensure!(items(&activity)?.len() == 1, "one activity row: {activity}");
    let openapi = api.get("/api/v1/openapi.json").await?.expect(200)?.json()?;
    ensure!(openapi.pointer("/paths/~1api~1v1~1auth~1register/post").is_some(), "{openapi}");
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_session() -> Result<()> {
    let system = system().await?;
    let api = system.client();
    register(&api, "minh").await?.expect(201)?;
    let first = login(&api, "minh@example.com", PASSWORD).await?;

    let refresh = json!({ "refresh_token": first.refresh_token });
    let rotated = api.post("/api/v1/auth/refresh", &refresh).await?.expect(200)?.json()?;
    let second = Login::of(&api, &rotated)?;
    second.client.get("/api/v1/users/me").await?.expect(200)?;
    api.with_token(&second.refresh_token).get("/api/v1/users/me").await?.problem(401)?;

    let code = api.post("/api/v1/auth/refresh", &refresh).await?.problem(401)?;
    ensure!(code == "refresh_token_reused", "{code}");
    gone_within(&second.client, SESSION_LAG).await?;
    api.post("/api/v1/auth/refresh", &json!({ "refresh_token": second.refresh_token })).await?.problem(401)?;
    Ok(())
}

#[tokio::test]
async fn an_admin_grants_a_role_and_deactivates_a_user() -> Result<()> {
    let system = system().await?;
    let api = system.client();
    register(&api, "hoa").await?.expect(201)?;
    let hoa = login(&api, "hoa@example.com", PASSWORD).await?;
    let admin = admin(&api).await?.client;
    hoa.client.get("/api/v1/users").await?.problem(403)?;

    let found = admin.get("/api/v1/users?q=hoa").await?.expect(200)?.json()?;
    let id = text(items(&found)?.first().context("the admin finds the user")?, "id")?.to_owned();
    let roles = format!("/api/v1/users/{id}/roles");
    let granted = admin.post(&roles, &json!({ "role": "arrangement_specialist" })).await?;
    ensure!((200..300).contains(&granted.status), "{}", granted.text());
    eventually("the grant is told", async || {
        let told = hoa.client.get("/api/v1/notifications").await?.expect(200)?.json()?;
        Ok((items(&told)?.len() == 2).then_some(()))
    })
    .await?;

    let deactivated = admin.post(&format!("/api/v1/users/{id}/deactivate"), &json!({})).await?;
    ensure!((200..300).contains(&deactivated.status), "{}", deactivated.text());
    gone_within(&hoa.client, SESSION_LAG).await?;
    let code = api.post("/api/v1/auth/login", &json!({ "email": "hoa@example.com", "password": PASSWORD })).await?;
    ensure!(code.problem(401)? == "invalid_credentials");
    api.post("/api/v1/auth/refresh", &json!({ "refresh_token": hoa.refresh_token })).await?.problem(401)?;
    Ok(())
}

#[tokio::test]
async fn what_the_outside_may_not_reach_it_does_not_reach() -> Result<()> {
    let system = system().await?;
    let api = system.client();
    api.get("/api/v1/users/me").await?.problem(401)?;
    api.get("/api/v1/internal/users/x").await?.problem(404)?;
    api.get("/internal/users/x").await?.problem(404)?;
    let forged = api.request(reqwest::Method::GET, "/api/v1/users/me");
    let forged = forged.header("x-mutrapro-user", "0199f3c2-0000-7000-8000-000000000000");
    let forged = forged.header("x-mutrapro-roles", "system_admin").header("x-mutrapro-caller", "api-gateway");
    mutrapro_testkit::answer(forged).await?.problem(401)?;
    Ok(())
}

#[tokio::test]
async fn a_body_of_unknown_length_takes_the_streaming_way_through_gateway_and_service() -> Result<()> {
    let system = system().await?;
    let api = system.client();
    let body = json!({ "email": "an@example.com", "username": "an_le", "password": PASSWORD, "full_name": "An Le" });
    let chunks = body.to_string().into_bytes().chunks(7).map(|chunk| Ok(chunk.to_vec())).collect::<Vec<_>>();
    let body =
        reqwest::Body::wrap_stream(futures::stream::iter(chunks.into_iter().map(|chunk: Result<_, Infallible>| chunk)));
    let request = api.request(reqwest::Method::POST, "/api/v1/auth/register").body(body);
    let user = mutrapro_testkit::answer(request.header("content-type", "application/json")).await?.expect(201)?;
    ensure!(user.json()?.get("username") == Some(&json!("an_le")));
    login(&api, "an@example.com", PASSWORD).await?;
    Ok(())
}

#[tokio::test]
async fn a_stream_of_notifications_brings_what_happens_while_it_is_open() -> Result<()> {
    let system = system().await?;
    let api = system.client();
    register(&api, "thu").await?.expect(201)?;
    let thu = login(&api, "thu@example.com", PASSWORD).await?.client;
    system.settled().await?;
    let mut stream = thu.request(reqwest::Method::GET, "/api/v1/notifications/stream").send().await?;
    ensure!(stream.status() == 200, "{}", stream.status());

    let admin = admin(&api).await?.client;
    let me = thu.get("/api/v1/users/me").await?.json()?;
    let roles = format!("/api/v1/users/{}/roles", text(&me, "id")?);
    admin.post(&roles, &json!({ "role": "recording_artist" })).await?;

    let mut received = String::new();
    let told = tokio::time::timeout(Duration::from_secs(20), async {
        while let Some(chunk) = stream.chunk().await? {
            received.push_str(&String::from_utf8_lossy(&chunk));
            if received.contains("event: notification") && received.contains("recording") {
                return Ok(());
            }
        }
        anyhow::bail!("the stream ended with {received:?}")
    });
    told.await.with_context(|| "no notification came through the stream")?
}
