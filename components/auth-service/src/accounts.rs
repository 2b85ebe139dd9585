//! What user-service knows of users; all calls to it.

use crate::problems::invalid_credentials;
use axum::http::StatusCode;
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::identity::{Role, UserId};
use mutrapro_sdk::json::Validate;
use mutrapro_sdk::problem::{Problem, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const USER_SERVICE: Client = Client::new("user-service");

mutrapro_sdk::id! {
    /// A customer profile; user-service answers for it.
    CustomerId
}

mutrapro_sdk::id! {
    /// A coordinator profile; user-service answers for it.
    CoordinatorId
}

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Account {
    /// The user's id.
    pub(crate) id: UserId,
    /// In lower case.
    email: String,
    /// In lower case.
    username: String,
    /// As the user writes it.
    full_name: String,
    /// One of `roles`.
    primary_role: Option<Role>,
    /// The roles that the user holds now.
    pub(crate) roles: Vec<Role>,
    /// The customer profile, for customers.
    customer_id: Option<CustomerId>,
    /// The coordinator profile, for coordinators.
    coordinator_id: Option<CoordinatorId>,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    is_active: bool,
}

/// An account to be; it is a customer's. What the fields must look like is for user-service to say.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "mai@example.com", "username": "mai", "password": "a long passphrase", "full_name": "Mai Nguyễn",
    "phone": "+84 24 3825 1234"
}))]
pub(crate) struct Registration {
    /// Where the user can be reached; unique, whatever the case.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// Unique, whatever the case; 3 to 30 letters, digits, dots, underscores or hyphens.
    #[schema(min_length = 3, max_length = 30)]
    username: String,
    /// 8 to 128 characters.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    full_name: String,
    /// 6 to 15 digits.
    #[schema(min_length = 6, max_length = 30)]
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl Validate for Registration {}

/// What a user signs in with.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "mai@example.com", "password": "a long passphrase" }))]
pub(crate) struct Login {
    /// The account's, whatever the case.
    email: String,
    /// The account's.
    password: String,
}

impl Validate for Login {}

/// Creates an account.
///
/// # Errors
/// What user-service refuses: 409 `email_taken`, 409 `username_taken`, 422.
pub(crate) fn register(registration: &Registration) -> Result<Account> {
    USER_SERVICE.post("/internal/users", registration).map_err(Error::into_refusal)
}

/// Who has this e-mail address and password.
///
/// # Errors
/// 401 `invalid_credentials`, whatever the reason.
pub(crate) fn verify(login: &Login) -> Result<Account> {
    USER_SERVICE.post("/internal/credentials/verify", login).map_err(refused_login)
}

/// The user as they are now; `None` when there is none, or they may not sign in.
///
/// # Errors
/// When user-service does not answer.
pub(crate) fn find_active(id: UserId) -> Result<Option<Account>> {
    if_active(USER_SERVICE.get(&format!("/internal/users/{id}")))
}

fn if_active(answer: std::result::Result<Account, Error>) -> Result<Option<Account>> {
    match answer {
        Ok(account) => Ok(Some(account).filter(|account| account.is_active)),
        Err(Error::Refused { problem, .. }) if problem.status() == StatusCode::NOT_FOUND => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Every refusal is the same one: user-service might refuse in other ways some day, and none may tell anything.
fn refused_login(error: Error) -> Problem {
    match error {
        Error::Refused { problem, .. } if problem.status().is_client_error() => invalid_credentials(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(problem: Problem) -> Error {
        Error::Refused { service: "user-service".into(), problem }
    }

    fn account(is_active: bool) -> Account {
        serde_json::from_value(json!({
            "id": "0190f3a0-0000-7000-8000-000000000001", "email": "lan@example.com", "username": "lan",
            "full_name": "Lan", "phone": null, "address": null, "primary_role": "customer", "roles": ["customer"],
            "is_active": is_active, "customer_id": "0190f3a0-0000-7000-8000-000000000002", "coordinator_id": null,
            "created_at": "2026-01-31T09:30:00.000000Z", "updated_at": "2026-01-31T09:30:00.000000Z",
        }))
        .expect("a user as user-service shows it")
    }

    #[test]
    fn every_refused_login_is_the_same() {
        for problem in [
            Problem::unauthorized("account_locked", "wait"),
            Problem::forbidden("account_inactive", "gone"),
            Problem::not_found("user"),
            Problem::unprocessable(vec![]),
        ] {
            assert_eq!(refused_login(refusal(problem)), invalid_credentials());
        }
    }

    #[test]
    fn failure_of_user_service_is_no_wrong_password() {
        let problem = refused_login(Error::Unavailable("user-service".into()));
        assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn only_an_active_user_is_found() {
        assert_eq!(if_active(Ok(account(true))), Ok(Some(account(true))));
        assert_eq!(if_active(Ok(account(false))), Ok(None));
        assert_eq!(if_active(Err(refusal(Problem::not_found("user")))), Ok(None));
        let error = if_active(Err(Error::TimedOut("user-service".into()))).unwrap_err();
        assert_eq!(error.status(), StatusCode::GATEWAY_TIMEOUT);
    }

    #[test]
    fn answer_does_not_say_whether_the_account_is_active() {
        let answer = serde_json::to_value(account(true)).unwrap();
        assert_eq!(answer.get("is_active"), None);
        assert_eq!(answer["roles"], json!(["customer"]));
    }
}
