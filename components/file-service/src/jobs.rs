//! What the host runs at set times.

use crate::settings;
use crate::store::{self, Content};
use mutrapro_sdk::blobs;
use mutrapro_sdk::jobs::Job;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use std::time::Duration;

const SWEEP_BLOBS: &str = "sweep-blobs";
/// How much is looked at in one step.
const BATCH_ROWS: i64 = 100;
/// How many steps one tick takes of each kind; what is left waits for the next.
const BATCHES_MAX: u32 = 20;
/// How long an upload may take: twice what the host gives a stream.
const UPLOAD_TIME_MAX: Duration = Duration::from_secs(2 * 3600);

pub(crate) fn run(job: &Job) -> Result<()> {
    match job.name.as_str() {
        SWEEP_BLOBS => sweep(Instant::now(), settings::grace()?),
        _ => Err(job.unknown()),
    }
}

/// Removes the content of uploads that were cut short, and of files that were deleted long enough ago.
///
/// Content first, row second: cut short in between, the next tick does both again.
fn sweep(now: Instant, grace: Duration) -> Result<()> {
    in_batches(
        || Ok(store::unfinished_before(&Database, now.minus(UPLOAD_TIME_MAX), BATCH_ROWS)?),
        |content| {
            blobs::delete(&content.blob_key)?;
            transaction(|tx| Ok(store::forget(tx, content.id).map(drop)?))
        },
    )?;
    in_batches(
        || Ok(store::deleted_before(&Database, now.minus(grace), BATCH_ROWS)?),
        |content| {
            blobs::delete(&content.blob_key)?;
            transaction(|tx| Ok(store::mark_purged(tx, content.id, now)?))
        },
    )
}

fn in_batches(next: impl Fn() -> Result<Vec<Content>>, remove: impl Fn(&Content) -> Result<()>) -> Result<()> {
    for _ in 0..BATCHES_MAX {
        let batch = next()?;
        batch.iter().try_for_each(&remove)?;
        if i64::try_from(batch.len()).is_ok_and(|rows| rows < BATCH_ROWS) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::file::FileId;
    use std::cell::RefCell;

    fn content() -> Content {
        Content { id: FileId::generate(), blob_key: "key".into() }
    }

    #[test]
    fn unknown_job_is_an_error() {
        assert!(run(&Job { name: "dust".into(), scheduled_at: Instant::UNIX_EPOCH }).is_err());
    }

    #[test]
    fn full_batches_are_followed_by_another_and_the_sweep_ends() {
        let full = usize::try_from(BATCH_ROWS).unwrap();
        let batches = RefCell::new(vec![vec![content(); 3], vec![content(); full]]);
        let removed = RefCell::new(0);
        in_batches(
            || Ok(batches.borrow_mut().pop().unwrap()),
            |_| {
                *removed.borrow_mut() += 1;
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(*removed.borrow(), full + 3);
        let endless = RefCell::new(0);
        in_batches(
            || Ok(vec![content(); full]),
            |_| {
                *endless.borrow_mut() += 1;
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(*endless.borrow(), full * usize::try_from(BATCHES_MAX).unwrap());
    }
}
