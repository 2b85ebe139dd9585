//! What this service asks others; `None` stands for what they do not know.

use crate::domain::{ProjectId, RevisionId, SpecialistId};
use mutrapro_contracts::answers::{ProjectAnswer, RevisionAnswer, SpecialistAnswer};
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::problem::Result;

const PROJECTS: Client = Client::new("project-service");
const SPECIALISTS: Client = Client::new("specialist-service");
const REVISIONS: Client = Client::new("revision-service");

pub(crate) fn project(id: ProjectId) -> Result<Option<ProjectAnswer>> {
    known(PROJECTS.get(&format!("/internal/projects/{id}")))
}

pub(crate) fn specialist(id: SpecialistId) -> Result<Option<SpecialistAnswer>> {
    known(SPECIALISTS.get(&format!("/internal/specialists/{id}")))
}

pub(crate) fn revision(id: RevisionId) -> Result<Option<RevisionAnswer>> {
    known(REVISIONS.get(&format!("/internal/revisions/{id}")))
}

fn known<T>(answer: Result<T, Error>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused { problem, .. }) if problem.status().as_u16() == 404 => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::Problem;

    #[test]
    fn what_others_do_not_know_is_not_there_and_what_fails_fails() {
        let refused = |problem| Err::<(), _>(Error::Refused { service: "project-service".into(), problem });
        assert_eq!(known(Ok(7)), Ok(Some(7)));
        assert_eq!(known(refused(Problem::not_found("project"))), Ok(None));
        assert!(known(refused(Problem::forbidden("caller_not_allowed", "no"))).is_err());
        let away: Result<(), _> = Err(Error::Unavailable("project-service".into()));
        assert_eq!(known(away).unwrap_err().code(), "dependency_unavailable");
    }
}
