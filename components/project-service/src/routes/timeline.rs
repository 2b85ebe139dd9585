//! The timeline of a project: what of the activity log is for who asks.

use crate::dependencies::{ACTIVITY_ROWS, activity};
use crate::domain::ProjectId;
use crate::domain::timeline::Viewer;
use crate::projects;
use crate::views::TimelineItem;
use mutrapro_contracts::answers::ActivityAnswer;
use mutrapro_sdk::identity::{User, UserId};
use mutrapro_sdk::json::Json;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::Path;

/// What happened to a project and on the way to it, oldest first. For who may see the project: its coordinator and
/// administrators see everything.
///
/// Its customer sees the request, what was sent to them of quotations, what is to be paid and was, the project, the beginning
/// and completion of tasks, bookings, packages once they are delivered, revisions, feedback, and the files that they uploaded
/// themselves. Not: who was offered a task, declined it or is late, packages that are being prepared, files of others, and
/// reminders.
///
/// Specialists see the project, who took, began and completed a task, bookings, packages, revisions and files. Not: prices,
/// quotations and payments, and tasks that were declined or cancelled.
#[utoipa::path(get, path = "/projects/{id}/timeline", operation_id = "list_project_timeline", tag = "projects",
    params(("id" = ProjectId, Path), PagingParameters),
    responses(
        (status = 200, body = Page<TimelineItem>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`: the log, or whether you work on it",
            content_type = "application/problem+json"),
        (status = 504, body = Details, description = "`dependency_timed_out`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(user: User, Path(id): Path<ProjectId>, paging: Paging) -> Result<Json<Page<TimelineItem>>> {
    let (project, standing) = projects::visible(id, &user)?;
    let viewer = Viewer { user_id: user.id, standing };
    let rows_wanted = usize::try_from(paging.rows()).unwrap_or(usize::MAX);
    let read = |cursor: Option<&str>| activity(project.id, project.request_id, cursor);
    let rows = visible_rows(viewer, paging.after()?, rows_wanted, read)?;
    let Page { items, next_cursor } = paging.page(rows, |row| row.cursor.clone());
    let items = items.into_iter().map(TimelineItem::of).collect::<Result<_>>()?;
    Ok(Json(Page { items, next_cursor }))
}

/// The next `rows_wanted` rows after `cursor` that `viewer` sees, or as many as there are.
///
/// What is hidden does not fill a page, so the log is read on until enough is seen or it ends.
fn visible_rows(
    viewer: Viewer,
    mut cursor: Option<String>,
    rows_wanted: usize,
    read: impl Fn(Option<&str>) -> Result<Vec<ActivityAnswer>>,
) -> Result<Vec<ActivityAnswer>> {
    let mut rows = Vec::new();
    loop {
        let batch = read(cursor.as_deref())?;
        let is_last = batch.len() < ACTIVITY_ROWS;
        cursor = batch.last().map(|row| row.cursor.clone());
        rows.extend(batch.into_iter().filter(|row| viewer.sees(&row.kind, row.user_id.map(UserId::from))));
        if is_last || rows.len() >= rows_wanted {
            rows.truncate(rows_wanted);
            return Ok(rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::Standing;
    use mutrapro_sdk::id::Uuid;
    use mutrapro_sdk::problem::Problem;
    use proptest::prelude::*;
    use std::cell::Cell;

    fn viewer(standing: Standing) -> Viewer {
        Viewer { user_id: Uuid::from_u128(7).into(), standing }
    }

    /// A log of which the customer sees those rows whose place is in `shown`.
    fn log(length: usize, shown: impl Fn(usize) -> bool) -> Vec<ActivityAnswer> {
        let row = |place| ActivityAnswer {
            event_id: Uuid::from_u128(1),
            kind: if shown(place) { "task.completed" } else { "package.prepared" }.into(),
            entity_type: "task".into(),
            entity_id: place.to_string(),
            user_id: None,
            description: None,
            occurred_at: "2026-01-31T09:30:00Z".into(),
            cursor: place.to_string(),
        };
        (0..length).map(row).collect()
    }

    fn read(log: &[ActivityAnswer], cursor: Option<&str>) -> Vec<ActivityAnswer> {
        let start = cursor.map_or(0, |cursor| cursor.parse::<usize>().unwrap() + 1);
        log.iter().skip(start).take(ACTIVITY_ROWS).cloned().collect()
    }

    fn places(rows: &[ActivityAnswer]) -> Vec<&str> {
        rows.iter().map(|row| row.entity_id.as_str()).collect()
    }

    #[test]
    fn log_is_read_on_past_what_is_hidden() {
        let log = log(3 * ACTIVITY_ROWS, |place| place == 250);
        let reads = Cell::new(0);
        let rows = visible_rows(viewer(Standing::Customer), None, 1, |cursor| {
            reads.set(reads.get() + 1);
            Ok(read(&log, cursor))
        });
        assert_eq!(places(&rows.unwrap()), ["250"]);
        assert_eq!(reads.get(), 3);
    }

    #[test]
    fn log_is_read_no_further_than_needed() {
        let log = log(3 * ACTIVITY_ROWS, |_| true);
        let reads = Cell::new(0);
        let rows = visible_rows(viewer(Standing::Coordinator), Some("9".into()), 2, |cursor| {
            reads.set(reads.get() + 1);
            Ok(read(&log, cursor))
        });
        assert_eq!(places(&rows.unwrap()), ["10", "11"]);
        assert_eq!(reads.get(), 1);
    }

    #[test]
    fn log_that_does_not_answer_is_told() {
        let broken = |_: Option<&str>| Err(Problem::unavailable("dependency_unavailable", "feedback-service"));
        let refused = visible_rows(viewer(Standing::Admin), None, 1, broken).unwrap_err();
        assert_eq!(refused.code(), "dependency_unavailable");
    }

    proptest! {
        #[test]
        fn page_is_what_is_seen_of_the_log(
            shown in prop::collection::vec(any::<bool>(), 0..350),
            after in 0_usize..350,
            rows_wanted in 1_usize..=101,
        ) {
            let log = log(shown.len(), |place| shown[place]);
            let cursor = Some(after.to_string()).filter(|_| after < shown.len());
            let start = cursor.as_ref().map_or(0, |_| after + 1);
            let rows = visible_rows(viewer(Standing::Customer), cursor, rows_wanted, |cursor| Ok(read(&log, cursor)))
                .unwrap();
            let expected: Vec<_> =
                (start..shown.len()).filter(|place| shown[*place]).take(rows_wanted).map(|p| p.to_string()).collect();
            prop_assert_eq!(places(&rows), expected);
        }
    }
}
