//! What this service asks others.

use crate::domain::{MilestoneId, RequestId};
use axum::http::StatusCode;
use mutrapro_contracts::answers::{MilestoneAnswer, ProjectAnswer};
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::problem::Result;

const QUOTATION: Client = Client::new("quotation-service");
const PROJECT: Client = Client::new("project-service");

/// `None` when there is no such milestone.
pub(crate) fn milestone(id: MilestoneId) -> Result<Option<MilestoneAnswer>> {
    known(QUOTATION.get(&format!("/internal/milestones/{id}")))
}

/// `None` when nothing has come of the request so far.
pub(crate) fn project_of_request(id: RequestId) -> Result<Option<ProjectAnswer>> {
    known(PROJECT.get(&format!("/internal/requests/{id}/project")))
}

fn known<T>(answer: std::result::Result<T, Error>) -> Result<Option<T>> {
    match answer {
        Ok(thing) => Ok(Some(thing)),
        Err(Error::Refused { problem, .. }) if problem.status() == StatusCode::NOT_FOUND => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::problem::Problem;

    fn refused(problem: Problem) -> std::result::Result<(), Error> {
        Err(Error::Refused { service: "quotation-service".to_owned(), problem })
    }

    #[test]
    fn only_what_does_not_exist_is_unknown() {
        assert_eq!(known(Ok(())), Ok(Some(())));
        assert_eq!(known(refused(Problem::not_found("milestone"))), Ok(None));
        for error in [refused(Problem::forbidden("caller_not_allowed", "x")), Err(Error::Unavailable("x".to_owned()))] {
            assert!(known(error).is_err());
        }
    }
}
