//! `mutrapro dead-letters`: works on the back ends themselves, beside a running host or without one.

use crate::application;
use crate::back_ends::BackEnds;
use crate::options::{DeadLettersCommand, OneDeadLetter, StoreOptions};
use anyhow::{Context, Result};
use mutrapro_events::{DeadLetter, DeadLetterId, DeadLetters};
use mutrapro_manifest::{ComponentId, LoadOptions};
use mutrapro_sql::canonical_instant;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};

/// How much of an error fits into a line of the list, in characters.
const ERROR_CHARACTERS: usize = 80;

pub(crate) async fn run(command: DeadLettersCommand) -> Result<()> {
    match command {
        DeadLettersCommand::List { store, service, limit } => {
            let service = service.as_deref().map(ComponentId::new);
            let letters = open(&store).await?.list(service.as_ref(), limit).await?;
            for letter in &letters {
                println!("{}", line(letter));
            }
            println!("{} dead letter(s)", letters.len());
        }
        DeadLettersCommand::Show(one) => {
            let (letters, id) = find(&one).await?;
            println!("{:#}", described(&letters.show(&id).await?));
        }
        DeadLettersCommand::Replay(one) => {
            let (letters, id) = find(&one).await?;
            letters.replay(&id).await?;
            println!("replayed {id}; a running host takes it up within 5 s");
        }
        DeadLettersCommand::Drop(one) => {
            let (letters, id) = find(&one).await?;
            letters.discard(&id).await?;
            println!("dropped {id}");
        }
    }
    Ok(())
}

async fn open(store: &StoreOptions) -> Result<DeadLetters> {
    let back_ends = BackEnds::of(store)?;
    let app = application::load(&store.source, &back_ends.secrets(), LoadOptions { require_wasm: false })?;
    let databases = back_ends.open_databases(&app, &mut Registry::default()).await?;
    Ok(DeadLetters::new(back_ends.open_bus().await?, &databases))
}

async fn find(one: &OneDeadLetter) -> Result<(DeadLetters, DeadLetterId)> {
    let id = one.id.parse().with_context(|| format!("{:?} is no id that `list` prints", one.id))?;
    Ok((open(&one.store).await?, id))
}

fn line(letter: &DeadLetter) -> String {
    let error: String = letter.error.chars().take(ERROR_CHARACTERS).collect();
    let died_at = canonical_instant(letter.died_at);
    format!("{}  {died_at}  {}  attempts {}  {error}", letter.id, letter.event.kind, letter.attempts)
}

/// A dead letter as JSON, its payload and history included.
fn described(letter: &DeadLetter) -> Value {
    let event = &letter.event;
    let payload: Value = serde_json::from_str(&event.payload).unwrap_or_else(|_| Value::from(event.payload.clone()));
    let history =
        letter.history.iter().map(|attempt| json!({ "at": canonical_instant(attempt.at), "error": attempt.error }));
    json!({
        "id": letter.id.to_string(),
        "died_at": canonical_instant(letter.died_at),
        "attempts": letter.attempts,
        "error": letter.error,
        "history": history.collect::<Vec<_>>(),
        "event": {
            "id": event.id.to_string(),
            "kind": event.kind,
            "producer": event.producer.to_string(),
            "aggregate_type": event.aggregate_type,
            "aggregate_id": event.aggregate_id,
                "occurred_at": event.occurred_at,
            "trace_id": event.trace_id,
            "correlation_id": event.correlation_id,
            "payload": payload,
        },
    })
}
