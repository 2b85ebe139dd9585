//! Removes what nobody needs any more.

use crate::embedded::writer::Writer;
use crate::error::EventsError;

/// Removes events accepted before `before_ms` for which no delivery and no dead letter is left, `batch_max` to a
/// transaction, so that publishing does not wait long; answers how many.
pub(super) async fn purge(writer: &Writer, before_ms: i64, batch_max: u16) -> Result<u64, EventsError> {
    let mut total = 0u64;
    loop {
        let removed = writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "DELETE FROM events WHERE position IN (
                             SELECT position FROM events AS e
                             WHERE accepted_at < $1
                                 AND NOT EXISTS (SELECT 1 FROM consumers AS c JOIN deliveries AS d
                                     ON d.consumer_id = c.consumer_id AND d.position = e.position)
                                 AND NOT EXISTS (SELECT 1 FROM consumers AS c JOIN dead_letters AS l
                                     ON l.consumer_id = c.consumer_id AND l.position = e.position)
                             ORDER BY position LIMIT $2)",
                    )
                    .bind(before_ms)
                    .bind(batch_max)
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
                })
            })
            .await?;
        total = total.saturating_add(removed);
        if removed < u64::from(batch_max) {
            return Ok(total);
        }
    }
}
