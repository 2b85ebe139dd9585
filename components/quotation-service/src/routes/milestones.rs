//! Milestones: what has to be paid, and when.

use crate::domain::{MilestoneId, QuotationId};
use crate::quoting;
use crate::store::{self, Milestone};
use axum::http::StatusCode;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::Json;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;

/// What has to be paid for a quotation, the first thing first.
#[utoipa::path(get, path = "/quotations/{id}/milestones", operation_id = "list_milestones", tag = "quotations",
    params(("id" = QuotationId, Path), PagingParameters),
    responses(
        (status = 200, body = Page<Milestone>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(user: User, Path(id): Path<QuotationId>, paging: Paging) -> Result<Json<Page<Milestone>>> {
    quoting::visible(&Database, id, &user)?;
    let rows = store::milestones(&Database, id, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |milestone| milestone.id.to_string())))
}

/// A milestone.
#[utoipa::path(get, path = "/milestones/{id}", operation_id = "show_milestone", tag = "quotations",
    params(("id" = MilestoneId, Path)),
    responses(
        (status = 200, body = Milestone),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<MilestoneId>) -> Result<Json<Milestone>> {
    let milestone = store::milestone(&Database, id)?.ok_or_else(no_such_milestone)?;
    match quoting::visible(&Database, milestone.quotation_id, &user) {
        Ok(_) => Ok(Json(milestone)),
        Err(problem) => Err(hidden(problem)),
    }
}

/// Who may not know of the quotation is told what is told of a milestone that there is not.
fn hidden(problem: Problem) -> Problem {
    if problem.status() == StatusCode::NOT_FOUND { no_such_milestone() } else { problem }
}

fn no_such_milestone() -> Problem {
    Problem::not_found("milestone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_milestone_is_none_and_a_mistake_stays_one() {
        assert_eq!(hidden(Problem::not_found("quotation")), no_such_milestone());
        assert_eq!(hidden(Problem::internal("x")).code(), "internal_error");
    }
}
