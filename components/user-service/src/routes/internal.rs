//! What other services ask; nothing here can be reached from outside.

use super::me::NAME_CHARS_MAX;
use crate::accounts::{self, Registration};
use crate::domain::account::{
    PASSWORD_CHARS, check_email, check_line, check_password, check_phone, check_username, normal,
};
use crate::views::UserView;
use crate::{credentials, password};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use mutrapro_sdk::identity::{Role, UserId, internal, internal_to_all};
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;

const AUTH_SERVICE: &str = "auth-service";

/// The routes, each for those who may take it.
pub(crate) fn routes() -> Router {
    let for_auth =
        Router::new().route("/internal/users", post(register)).route("/internal/credentials/verify", post(verify));
    let for_all = Router::new().route("/internal/users/{id}", get(show));
    internal(for_auth, &[AUTH_SERVICE]).merge(internal_to_all(for_all))
}

/// A customer to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCustomer {
    email: String,
    username: String,
    password: String,
    full_name: String,
    phone: Option<String>,
}

impl Validate for NewCustomer {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.rule("email", check_email(&normal(&self.email)));
        errors.rule("username", check_username(&normal(&self.username)));
        errors.rule("password", check_password(&self.password));
        errors.rule("full_name", check_line(&self.full_name, NAME_CHARS_MAX));
        if let Some(phone) = &self.phone {
            errors.rule("phone", check_phone(phone));
        }
    }
}

/// What a login offers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    email: String,
    password: String,
}

impl Validate for Login {
    fn validate(&self, errors: &mut FieldErrors) {
        // Without a bound, hashing would be as long as an attacker likes.
        let is_possible = self.password.chars().count() <= *PASSWORD_CHARS.end();
        errors.check(is_possible, "password", "must be at most 128 characters");
    }
}

/// Registers a customer: the only role that nobody has to grant.
async fn register(Json(body): Json<NewCustomer>) -> Result<(StatusCode, Json<UserView>)> {
    let registration = Registration {
        email: normal(&body.email),
        username: normal(&body.username),
        password_hash: password::hash(&body.password)?,
        full_name: body.full_name.trim().to_owned(),
        phone: body.phone,
        role: Role::Customer,
    };
    let account = transaction(|tx| {
        let id = accounts::register(tx, &registration, Instant::now())?;
        accounts::find(tx, id)
    })?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// Answers the user whose e-mail address and password these are; 401 `invalid_credentials` for every other reason.
async fn verify(Json(body): Json<Login>) -> Result<Json<UserView>> {
    let id = credentials::verify(&body.email, &body.password, Instant::now())?;
    Ok(Json(accounts::find(&Database, id)?.into()))
}

/// A user, with roles and state.
async fn show(Path(id): Path<UserId>) -> Result<Json<UserView>> {
    Ok(Json(accounts::find(&Database, id)?.into()))
}
