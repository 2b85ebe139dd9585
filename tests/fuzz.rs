//! Every operation of the public API is called with what its description allows and with what it does not, by nobody and
//! by each kind of user, and answers as its description says.
//!
//! What is called how, and what is left out, stands in `tests/fuzz/schemathesis.toml`. `MUTRAPRO_SEED` replays a run, and
//! `MUTRAPRO_FUZZ_EXAMPLES` makes one longer that has the time.

#[path = "fuzz/plan.rs"]
mod plan;
#[path = "fuzz/studio.rs"]
mod studio;
#[path = "fuzz/things.rs"]
mod things;
#[path = "fuzz/tools.rs"]
mod tools;

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{Client, System};
use mutrapro_tests::{ADMIN_EMAIL, ADMIN_PASSWORD, PASSWORD, seed, text, try_login, unhurried_system};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Instant;
use studio::Studio;
use things::{Things, ids};
use tools::{Run, Tools};

/// Where the description is.
const DOCUMENT: &str = "/api/v1/openapi.json";
/// How many requests chance makes of an operation for each visitor, unless `MUTRAPRO_FUZZ_EXAMPLES` says otherwise.
const EXAMPLES: &str = "6";
/// Who is let in is asked for the examples of the description, the limits of its schemas, and what chance makes of both.
const THOROUGHLY: [&str; 2] = ["--phases", "examples,coverage,fuzzing"];
/// Nobody is refused whatever they ask, before anyone looks at the method.
const BRIEFLY: [&str; 4] = ["--phases", "examples,fuzzing", "--exclude-checks", "unsupported_method"];

/// The operations that no chance brings to do what they are asked, and why.
const NEVER_DONE: [(&str, &str); 10] = [
    ("POST /payments/webhooks/{gateway}", "is signed with a key that nobody else has"),
    ("POST /bookings", "is for a whole minute of the next sixty days"),
    ("POST /bookings/quote", "is for a whole minute of the next sixty days"),
    ("POST /files", "takes content of known types, from who has to do with what it belongs to"),
    ("POST /tasks", "is due in the future, and wants what goes together"),
    ("GET /notifications/stream", "is left out"),
    ("POST /auth/logout", "is left out"),
    ("POST /auth/logout-all", "is left out"),
    ("POST /auth/refresh", "takes a secret"),
    ("POST /users/me/password", "takes a secret; it would end the other sessions of the visitor"),
];

/// How many of the others may be refused to everybody for once: what they take is not so likely.
const UNLUCKY_MAX: usize = 3;

/// Who calls.
struct Visitor {
    name: &'static str,
    token: Option<String>,
    /// A session of theirs that may be ended.
    spare_session: String,
}

/// What visitors meet.
struct Stage {
    tools: Tools,
    system: System,
    studio: Studio,
    document: Value,
    seed: u64,
}

#[tokio::test]
async fn every_answer_is_one_that_the_description_allows() -> Result<()> {
    let stage = Stage::set().await?;
    let mut failed = Vec::new();
    let mut done = BTreeSet::new();
    for (number, visitor) in stage.visitors().await?.iter().enumerate() {
        let started = Instant::now();
        let outcome = stage.visit(number, visitor).await;
        println!("{} {} in {:?}", if outcome.is_ok() { "holds:" } else { "FAILS:" }, visitor.name, started.elapsed());
        match outcome {
            Ok(operations) => done.extend(operations),
            Err(error) => failed.push(format!("{}: {error:#}", visitor.name)),
        }
    }
    ensure!(failed.is_empty(), "{}", failed.join("\n\n"));
    let excused: BTreeSet<_> = NEVER_DONE.iter().map(|(operation, _)| plan::public(operation)).collect();
    let operations = plan::operations(&stage.document)?;
    let in_vain: Vec<_> = operations.iter().filter(|name| !done.contains(*name) && !excused.contains(*name)).collect();
    println!("refused to everybody: {in_vain:?}");
    // More of them is no bad luck: what was made for them does not fit any more, and little of them was seen.
    ensure!(in_vain.len() <= UNLUCKY_MAX, "these were refused to everybody: {in_vain:#?}");
    stage.system.settled().await?;
    stage.system.no_dead_letters().await?;
    Ok(())
}

impl Stage {
    async fn set() -> Result<Self> {
        let (seed, tools) = (seed()?, Tools::find()?);
        let system = unhurried_system().start().await?;
        let document = system.client().get(DOCUMENT).await?.expect(200)?;
        tools.validate(&document.body).await?;
        let studio = Studio::of(&system).await?;
        Ok(Self { tools, system, studio, document: document.json()?, seed })
    }

    /// Administrators last, as they can change what the others are.
    async fn visitors(&self) -> Result<Vec<Visitor>> {
        let api = self.system.client();
        let mut visitors = vec![Visitor::nobody()];
        for (name, account) in [("customer", "lan"), ("coordinator", "anh"), ("specialist", "thu")] {
            visitors.push(Visitor::signed_in(&api, name, &format!("{account}@example.com"), PASSWORD).await?);
        }
        visitors.push(Visitor::signed_in(&api, "admin", ADMIN_EMAIL, ADMIN_PASSWORD).await?);
        Ok(visitors)
    }

    /// Lets `visitor` call everything, and gives the operations that did what they were asked.
    async fn visit(&self, number: usize, visitor: &Visitor) -> Result<BTreeSet<String>> {
        let api = self.system.client();
        let own = visitor.token.as_deref().map(|token| api.with_token(token));
        let mut things = Things::of(&self.studio, number).await?;
        if let Some(client) = &own {
            things.lists.insert("notifications", ids(client, "notifications").await?);
        }
        let run = Run {
            address: &format!("{}{DOCUMENT}", api.base()),
            token: visitor.token.as_deref(),
            seed: self.seed,
            examples_max: &std::env::var("MUTRAPRO_FUZZ_EXAMPLES").unwrap_or_else(|_| EXAMPLES.to_owned()),
            arguments: if own.is_some() { &THOROUGHLY } else { &BRIEFLY },
            configuration: &plan::configuration(&self.document, &things)?,
            environment: &[
                ("MUTRAPRO_FUZZ_SPARE_SESSION", &visitor.spare_session),
                ("MUTRAPRO_FUZZ_SPARE_USER", &self.studio.spare.user_id),
            ],
        };
        let done = self.tools.run(&run).await?;
        if let Some(client) = &own {
            let answer = client.get("/api/v1/users/me").await?;
            answer.expect(200).context("the session has ended in between, so that what followed tested nothing")?;
        }
        Ok(done)
    }
}

impl Visitor {
    fn nobody() -> Self {
        // Nobody has no session: any id will do.
        Self { name: "nobody", token: None, spare_session: "0190f3a0-0000-7000-8000-000000000001".to_owned() }
    }

    async fn signed_in(api: &Client, name: &'static str, email: &str, password: &str) -> Result<Self> {
        let token = async || -> Result<String> {
            let answer = try_login(api, email, password).await?.expect(200)?.json()?;
            Ok(text(&answer, "access_token")?.to_owned())
        };
        let own = token().await?;
        let client = api.with_token(&own);
        let known = ids(&client, "auth/sessions").await?;
        token().await?;
        let sessions = ids(&client, "auth/sessions").await?;
        let spare_session = sessions.into_iter().find(|id| !known.contains(id)).context("there is another session")?;
        Ok(Self { name, token: Some(own), spare_session })
    }
}
