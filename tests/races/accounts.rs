//! Races for accounts and their sessions.

use crate::{RACERS, ROUNDS, Stage, race, rounds};
use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{Answer, Client};
use mutrapro_tests::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Login, PASSWORD, SESSION_LAG, created, done, gone_within, got, items, login, person,
    refresh, text, try_login, user_id,
};
use serde_json::json;

const ENDED_SESSIONS: &str = "SELECT count(*) FROM user_sessions WHERE id = $1 AND revoked_at IS NOT NULL";
const USABLE_TOKENS: &str = "SELECT count(*) FROM refresh_tokens AS token
    JOIN user_sessions AS session ON session.family_id = token.family_id
    WHERE session.id = $1 AND token.used_at IS NULL AND token.revoked_at IS NULL";
const ACTIVE_ADMINS: &str = "SELECT count(*) FROM users JOIN user_roles ON user_roles.user_id = users.id
    WHERE users.is_active AND user_roles.is_active AND user_roles.role = $1";

pub(crate) async fn of_many_refreshes_one_wins_and_the_family_dies(stage: &Stage) -> Result<()> {
    let api = &stage.system.client();
    let customer = person(api, "refresher").await?;
    let sessions = rounds(|_| async {
        let start = login(api, "refresher@example.com", PASSWORD).await?;
        let session = current_session(&start.client).await?;
        let racers = (0..RACERS).map(|_| refresh(api, &start.refresh_token));
        let winner = race(racers).await?.winner(&["401 refresh_token_reused"])?;
        // What it won is of no use: the losers have shown that somebody else has the token too.
        let winner = Login::of(api, &winner)?;
        let code = refresh(api, &winner.refresh_token).await?.problem(401)?;
        ensure!(code == "refresh_token_reused", "{code}");
        gone_within(&start.client, SESSION_LAG).await?;
        gone_within(&winner.client, SESSION_LAG).await?;
        Ok(session)
    });
    let sessions = sessions.await?;
    stage.settled().await?;
    let left = got(&customer.client, "auth/sessions").await?;
    ensure!(items(&left)?.len() == 1, "only the session that was not raced for is left: {left}");
    for session in &sessions {
        stage.counts("auth_db", ENDED_SESSIONS, session, 1).await?;
        stage.counts("auth_db", USABLE_TOKENS, session, 0).await?;
        stage.told_once(&["session.started", "session.revoked"], "session_id", session).await?;
    }
    Ok(())
}

async fn current_session(client: &Client) -> Result<String> {
    let sessions = got(client, "auth/sessions").await?;
    let current = items(&sessions)?.iter().find(|session| session.get("is_current") == Some(&json!(true)));
    Ok(text(current.with_context(|| format!("no current session in {sessions}"))?, "id")?.to_owned())
}

pub(crate) async fn a_user_is_deactivated_once(stage: &Stage) -> Result<()> {
    let api = &stage.system.client();
    let admin = &stage.cast.admin.client;
    let other_admin = &second_admin(stage, "khanh").await?;
    let victims = rounds(|round| async move {
        let name = format!("victim{round}");
        let victim = person(api, &name).await?;
        let path = format!("/api/v1/users/{}/deactivate", victim.user_id);
        let racers = (0..RACERS).map(async |racer| {
            let who = if racer % 2 == 0 { admin } else { other_admin };
            who.post(&path, &json!({})).await
        });
        race(racers).await?.winner(&["409 already_inactive"])?;
        gone_within(&victim.client, SESSION_LAG).await?;
        try_login(api, &format!("{name}@example.com"), PASSWORD).await?.problem(401)?;
        Ok(victim.user_id)
    });
    let victims = victims.await?;
    stage.settled().await?;
    for victim in &victims {
        let user = got(admin, &format!("users/{victim}")).await?;
        ensure!(user.get("is_active") == Some(&json!(false)), "{user}");
        stage.told_once(&["user.registered", "user.deactivated", "session.revoked"], "user_id", victim).await?;
    }
    let id = user_id(other_admin).await?;
    done(admin, &format!("users/{id}/deactivate"), &json!({})).await?;
    stage.settled().await
}

/// Each of two administrators deactivates the other, again and again.
pub(crate) async fn of_two_admins_one_stays(stage: &Stage) -> Result<()> {
    let api = &stage.system.client();
    let client = second_admin(stage, "long").await?;
    let mut other = Admin { id: user_id(&client).await?, client, account: ("long@example.com", PASSWORD) };
    let client = stage.cast.admin.client.clone();
    let mut first = Admin { id: user_id(&client).await?, client, account: (ADMIN_EMAIL, ADMIN_PASSWORD) };
    for _ in 0..ROUNDS {
        let racers = [first.deactivates(&other), other.deactivates(&first)];
        let deactivated = race(racers).await?.winner(&["409 last_admin", "401 session_revoked"])?;
        stage.counts("user_db", ACTIVE_ADMINS, "system_admin", 1).await?;
        let is_first = text(&deactivated, "id")? == first.id;
        let (winner, loser) = if is_first { (&other, &mut first) } else { (&first, &mut other) };
        gone_within(&loser.client, SESSION_LAG).await?;
        // Before the next round, the deactivation must have ended what it ends.
        stage.settled().await?;
        done(&winner.client, &format!("users/{}/activate", loser.id), &json!({})).await?;
        loser.client = login(api, loser.account.0, loser.account.1).await?.client;
    }
    stage.settled().await?;
    let told = async |admin: &Admin| stage.databases.told("user.deactivated", "user_id", &admin.id).await;
    let told = told(&first).await? + told(&other).await?;
    ensure!(told == ROUNDS as i64, "{told} deactivations in {ROUNDS} rounds");
    stage.counts("user_db", ACTIVE_ADMINS, "system_admin", 2).await
}

struct Admin {
    id: String,
    client: Client,
    /// Address and password.
    account: (&'static str, &'static str),
}

impl Admin {
    async fn deactivates(&self, other: &Self) -> Result<Answer> {
        self.client.post(&format!("/api/v1/users/{}/deactivate", other.id), &json!({})).await
    }
}

async fn second_admin(stage: &Stage, name: &str) -> Result<Client> {
    let api = stage.system.client();
    let id = person(&api, name).await?.user_id;
    created(&stage.cast.admin.client, &format!("users/{id}/roles"), &json!({ "role": "system_admin" })).await?;
    // A role counts from the next sign-in.
    Ok(login(&api, &format!("{name}@example.com"), PASSWORD).await?.client)
}
