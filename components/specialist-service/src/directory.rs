//! Specialists with how much room they have. Whose room there is task-service knows, so it is asked, for many at once.

use crate::dependencies;
use crate::domain::SpecialistId;
use crate::domain::availability::Availability;
use crate::store::{self, Specialist, SpecialistFilter};
use crate::views::ListedSpecialist;
use mutrapro_contracts::answers::WorkloadsAnswer;
use mutrapro_sdk::page::{Page, Paging};
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::Database;

/// How often one page looks for who has room, or has none, each time among as many as task-service tells of at once.
const LOOKS_MAX: usize = 10;

/// A page of specialists; `has_room` leaves only those who can take more, or only those who cannot.
///
/// # Errors
/// 422 for a cursor that is none, 503 when task-service does not answer.
pub(crate) fn page(
    filter: SpecialistFilter,
    has_room: Option<bool>,
    paging: &Paging,
) -> Result<Page<ListedSpecialist>> {
    let rows = |after, rows_max| store::specialists(&Database, filter, after, rows_max);
    let Some(has_room) = has_room else {
        let page = paging.page(rows(paging.after()?, paging.rows())?, |specialist| specialist.id.to_string());
        return Ok(Page { items: with_availability(page.items)?, next_cursor: page.next_cursor });
    };
    let look = |after, rows_max| with_availability(rows(after, rows_max)?);
    found(paging, look, |listed| listed.availability.has_room() == has_room)
}

/// Each with how much room they have.
///
/// # Errors
/// 503 when task-service does not answer.
pub(crate) fn with_availability(specialists: Vec<Specialist>) -> Result<Vec<ListedSpecialist>> {
    let ids: Vec<_> = specialists.iter().map(|specialist| specialist.id).collect();
    let open_tasks = dependencies::open_tasks(&ids)?;
    let listed = |specialist: Specialist| {
        let open_tasks = open_tasks.get(&specialist.id).copied().unwrap_or(0);
        let availability = Availability::of(open_tasks, specialist.max_concurrent_tasks);
        ListedSpecialist { specialist, availability }
    };
    Ok(specialists.into_iter().map(listed).collect())
}

/// A page of what `look` gives and `is_wanted`. Where there is little to find, a page has fewer items than asked for,
/// and a cursor that goes on after the last one looked at.
fn found(
    paging: &Paging,
    mut look: impl FnMut(Option<SpecialistId>, i64) -> Result<Vec<ListedSpecialist>>,
    is_wanted: impl Fn(&ListedSpecialist) -> bool,
) -> Result<Page<ListedSpecialist>> {
    let rows = usize::try_from(paging.rows()).unwrap_or(usize::MAX);
    let looked_at_max = WorkloadsAnswer::SPECIALISTS_MAX;
    let key = |listed: &ListedSpecialist| listed.specialist.id;
    let mut last = paging.after()?;
    let mut items = Vec::new();
    for _ in 0..LOOKS_MAX {
        let looked_at = look(last, i64::try_from(looked_at_max).unwrap_or(i64::MAX))?;
        let is_end = looked_at.len() < looked_at_max;
        last = looked_at.last().map(key).or(last);
        items.extend(looked_at.into_iter().filter(&is_wanted));
        if is_end || items.len() >= rows {
            return Ok(paging.page(items, |listed| key(listed).to_string()));
        }
    }
    // Filled up with nothing to one row more than fit, so that a cursor is made, of the last one looked at.
    let mut items: Vec<_> = items.into_iter().map(Some).collect();
    items.resize_with(rows, || None);
    let page = paging.page(items, |_| last.map(|id| id.to_string()).unwrap_or_default());
    Ok(Page { items: page.items.into_iter().flatten().collect(), next_cursor: page.next_cursor })
}

#[cfg(test)]
mod tests;
