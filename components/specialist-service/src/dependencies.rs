//! What this service asks others; `None` stands for what they do not know.

use crate::domain::account::Account;
use crate::domain::{FileId, SpecialistId};
use mutrapro_contracts::answers::{FileAnswer, UserAnswer, WorkloadsAnswer};
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::problem::Result;
use std::collections::HashMap;

const USERS: Client = Client::new("user-service");
const TASKS: Client = Client::new("task-service");
const FILES: Client = Client::new("file-service");

/// What this service keeps of a user's account.
pub(crate) fn account(id: UserId) -> Result<Option<Account>> {
    let user: Option<UserAnswer> = known(USERS.get(&format!("/internal/users/{id}")))?;
    Ok(user.map(|user| Account::new(user.full_name, user.is_active, &user.roles)))
}

/// A file that is not deleted.
pub(crate) fn file(id: FileId) -> Result<Option<FileAnswer>> {
    known(FILES.get(&format!("/internal/files/{id}")))
}

/// How many open tasks each of `ids` has; who has none may be missing.
pub(crate) fn open_tasks(ids: &[SpecialistId]) -> Result<HashMap<SpecialistId, u32>> {
    let mut open_tasks = HashMap::new();
    for some in ids.chunks(WorkloadsAnswer::SPECIALISTS_MAX) {
        let answer: WorkloadsAnswer = TASKS.get(&workloads_path(some))?;
        open_tasks.extend(answer.items.into_iter().map(|item| (item.specialist_id.into(), item.open_tasks)));
    }
    Ok(open_tasks)
}

fn workloads_path(ids: &[SpecialistId]) -> String {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    format!("/internal/workloads?specialist_ids={}", ids.join(","))
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
    use mutrapro_sdk::id::Uuid;

    #[test]
    fn many_are_asked_about_at_once() {
        let ids = [1, 2].map(|id| SpecialistId::from(Uuid::from_u128(id)));
        let expected = "/internal/workloads?specialist_ids=\
                        00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002";
        assert_eq!(workloads_path(&ids), expected);
    }
}
