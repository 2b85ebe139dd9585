//! People who use the repository's own application, through its public API.

use anyhow::{Context, Result};
use mutrapro_manifest::{App, LoadOptions, Variables, load};
use mutrapro_testkit::{Answer, Application, Client, System, SystemBuilder, eventually, eventually_within};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The first administrator of [`repository_system`].
pub const ADMIN_EMAIL: &str = "admin@example.com";
/// The administrator's password.
pub const ADMIN_PASSWORD: &str = "a password for tests";
/// What [`register`] gives everyone.
pub const PASSWORD: &str = "a long passphrase";
/// How long a session that was ended may still be believed.
pub const SESSION_LAG: Duration = Duration::from_secs(1);

/// What the repository's manifest says, with something in the place of each secret.
///
/// # Errors
/// When the manifest is not valid.
pub fn repository_app() -> Result<App> {
    let variables = Variables::new([], |name| Some(format!("{name} for tests")), BTreeMap::new());
    load(Application::repository().manifest(), &variables, LoadOptions { require_wasm: false }).context("spin.toml")
}

/// The repository's own application with a first administrator.
pub fn repository_system() -> SystemBuilder {
    let builder = System::of(Application::repository());
    builder.env("MUTRAPRO_ADMIN_EMAIL", ADMIN_EMAIL).env("MUTRAPRO_ADMIN_PASSWORD", ADMIN_PASSWORD)
}

/// The repository's own application, for which nobody is too fast.
pub fn unhurried_system() -> SystemBuilder {
    let limits = ["SIGN_IN", "ADDRESS", "USER"].map(|of| format!("MUTRAPRO_RATE_LIMIT_{of}_PER_MINUTE"));
    limits.iter().fold(repository_system(), |builder, limit| builder.env(limit, "1000000"))
}

/// Someone who is signed in.
pub struct Login {
    /// Sends requests with the access token.
    pub client: Client,
    /// To be exchanged for the next tokens.
    pub refresh_token: String,
}

impl Login {
    /// The login that an answer with tokens is.
    ///
    /// # Errors
    /// When there are no tokens in `body`.
    pub fn of(api: &Client, body: &Value) -> Result<Self> {
        Ok(Self {
            client: api.with_token(text(body, "access_token")?),
            refresh_token: text(body, "refresh_token")?.to_owned(),
        })
    }
}

/// Registers `name` at `<name>@example.com` with [`PASSWORD`].
///
/// # Errors
/// When there is no answer.
pub async fn register(api: &Client, name: &str) -> Result<Answer> {
    api.post("/api/v1/auth/register", &registration(name)).await
}

/// What [`register`] sends.
pub fn registration(name: &str) -> Value {
    json!({
        "email": format!("{name}@example.com"),
        "username": name,
        "password": PASSWORD,
        "full_name": format!("{name} Tran"),
    })
}

/// Signs in.
///
/// # Errors
/// When the answer is another than 200 with tokens.
pub async fn login(api: &Client, email: &str, password: &str) -> Result<Login> {
    let answer = try_login(api, email, password).await?.expect(200)?;
    Login::of(api, &answer.json()?)
}

/// Tries to sign in.
///
/// # Errors
/// When there is no answer.
pub async fn try_login(api: &Client, email: &str, password: &str) -> Result<Answer> {
    api.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

/// Exchanges a refresh token.
///
/// # Errors
/// When there is no answer.
pub async fn refresh(api: &Client, refresh_token: &str) -> Result<Answer> {
    api.post("/api/v1/auth/refresh", &json!({ "refresh_token": refresh_token })).await
}

/// Signs the first administrator in.
///
/// # Errors
/// When there is none after a while.
pub async fn admin(api: &Client) -> Result<Login> {
    // The first admin is made by a job that nothing waits for.
    eventually("the first admin can log in", async || Ok(login(api, ADMIN_EMAIL, ADMIN_PASSWORD).await.ok())).await
}

/// The id of the user who is signed in.
///
/// # Errors
/// When the session is not good for that.
pub async fn user_id(client: &Client) -> Result<String> {
    let me = client.get("/api/v1/users/me").await?.expect(200)?.json()?;
    Ok(text(&me, "id")?.to_owned())
}

/// Waits until the access token is refused, for as long as `patience`.
///
/// # Errors
/// When it still counts then.
pub async fn gone_within(client: &Client, patience: Duration) -> Result<()> {
    eventually_within(patience, "the session is gone", async || {
        let status = client.get("/api/v1/users/me").await?.status;
        Ok((status == 401).then_some(()))
    })
    .await
}

/// The text in `field`.
///
/// # Errors
/// When there is none, with the body.
pub fn text<'a>(body: &'a Value, field: &str) -> Result<&'a str> {
    body.get(field).and_then(Value::as_str).with_context(|| format!("no text `{field}` in {body}"))
}

/// The items of a page.
///
/// # Errors
/// When `body` is none.
pub fn items(body: &Value) -> Result<&Vec<Value>> {
    body.get("items").and_then(Value::as_array).with_context(|| format!("no list in {body}"))
}
