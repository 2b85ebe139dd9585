//! What this service asks others; `None` stands for what they do not know.

use crate::domain::{FileId, ProjectId};
use mutrapro_contracts::answers::{FileAnswer, ProjectAnswer};
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::problem::Result;

const PROJECT: Client = Client::new("project-service");
const FILE: Client = Client::new("file-service");

pub(crate) fn project(id: ProjectId) -> Result<Option<ProjectAnswer>> {
    known(PROJECT.get(&format!("/internal/projects/{id}")))
}

/// A file that is not deleted.
pub(crate) fn file(id: FileId) -> Result<Option<FileAnswer>> {
    known(FILE.get(&format!("/internal/files/{id}")))
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
    use mutrapro_sdk::problem::Problem;

    #[test]
    fn what_others_do_not_know_is_not_there_and_what_they_cannot_say_is_a_problem() {
        let refused = |problem| Err(Error::Refused { service: "file-service".into(), problem });
        assert_eq!(known(Ok(7)), Ok(Some(7)));
        assert_eq!(known::<u8>(refused(Problem::not_found("file"))), Ok(None));
        let away = known::<u8>(Err(Error::Unavailable("file-service".into()))).unwrap_err();
        assert_eq!(away.code(), "dependency_unavailable");
        let broken = known::<u8>(refused(Problem::internal("x"))).unwrap_err();
        assert_eq!(broken.code(), "internal_error");
    }
}
