//! What users do with their own account.

use crate::accounts;
use crate::credentials;
use crate::domain::account::{check_line, check_password, check_phone, check_text};
use crate::domain::{CustomerType, PreferredContact};
use crate::store::{self, CustomerChange, UserChange};
use crate::views::{CustomerView, UserView};
use axum::http::StatusCode;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

/// The longest name, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 100;
/// The longest postal address, in characters.
pub(crate) const ADDRESS_CHARS_MAX: usize = 300;
/// The longest note, in characters.
const NOTES_CHARS_MAX: usize = 2000;
/// The longest tax number, in characters.
const TAX_ID_CHARS_MAX: usize = 30;

/// What users may change of their account; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "phone": "+84 24 3825 1234", "address": "12 Lý Thường Kiệt, Hà Nội" }))]
pub(crate) struct MyChange {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    full_name: Option<String>,
    /// 6 to 15 digits.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 6, max_length = 30)]
    phone: Patch<String>,
    /// At most 300 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 300)]
    address: Patch<String>,
}

impl Validate for MyChange {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(full_name) = &self.full_name {
            errors.rule("full_name", check_line(full_name, NAME_CHARS_MAX));
        }
        if let Some(phone) = self.phone.value() {
            errors.rule("phone", check_phone(phone));
        }
        if let Some(address) = self.address.value() {
            errors.rule("address", check_text(address, ADDRESS_CHARS_MAX));
        }
    }
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "old_password": "the name of our cat", "new_password": "the names of both our cats" }))]
pub(crate) struct PasswordChange {
    /// The one that is used now.
    old_password: String,
    /// 8 to 128 characters.
    #[schema(min_length = 8, max_length = 128)]
    new_password: String,
}

impl Validate for PasswordChange {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.rule("new_password", check_password(&self.new_password));
    }
}

/// What customers may change of their profile; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "customer_type": "business", "company_name": "Phòng trà Em", "preferred_contact": "phone" }))]
pub(crate) struct MyCustomerChange {
    customer_type: Option<CustomerType>,
    /// At most 100 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    company_name: Patch<String>,
    /// At most 30 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 30)]
    tax_id: Patch<String>,
    preferred_contact: Option<PreferredContact>,
    /// At most 2000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    notes: Patch<String>,
}

impl Validate for MyCustomerChange {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(company_name) = self.company_name.value() {
            errors.rule("company_name", check_line(company_name, NAME_CHARS_MAX));
        }
        if let Some(tax_id) = self.tax_id.value() {
            errors.rule("tax_id", check_line(tax_id, TAX_ID_CHARS_MAX));
        }
        if let Some(notes) = self.notes.value() {
            errors.rule("notes", check_text(notes, NOTES_CHARS_MAX));
        }
    }
}

/// The user's own account.
#[utoipa::path(get, path = "/users/me", tag = "users", responses(
    (status = 200, body = UserView),
    (status = 401, body = Details, description = "`not_authenticated`"),
))]
pub(crate) async fn show(user: User) -> Result<Json<UserView>> {
    Ok(Json(accounts::find(&Database, user.id)?.into()))
}

/// Changes the user's own account.
#[utoipa::path(patch, path = "/users/me", tag = "users", request_body = MyChange, responses(
    (status = 200, body = UserView),
    (status = 422, body = Details, description = "`invalid_fields`"),
))]
pub(crate) async fn change(user: User, Json(body): Json<MyChange>) -> Result<Json<UserView>> {
    let change =
        UserChange { full_name: body.full_name, phone: body.phone, address: body.address, ..UserChange::default() };
    let account = transaction(|tx| {
        accounts::update(tx, user.id, &change, &user, Instant::now())?;
        accounts::find(tx, user.id)
    })?;
    Ok(Json(account.into()))
}

/// Changes the user's own password. Every other session of the user ends within a second.
#[utoipa::path(post, path = "/users/me/password", tag = "users", request_body = PasswordChange, responses(
    (status = 204),
    (status = 403, body = Details, description = "`wrong_password`: counts as a failed login"),
    (status = 422, body = Details, description = "`invalid_fields`"),
))]
pub(crate) async fn change_password(user: User, Json(body): Json<PasswordChange>) -> Result<StatusCode> {
    credentials::change_password(&user, &body.old_password, &body.new_password, Instant::now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// The user's own customer profile.
#[utoipa::path(get, path = "/users/me/customer", tag = "users", responses(
    (status = 200, body = CustomerView),
    (status = 404, body = Details, description = "`not_found`: the user is no customer"),
))]
pub(crate) async fn show_customer(user: User) -> Result<Json<CustomerView>> {
    let customer = store::customer(&Database, user.id)?.ok_or_else(no_customer)?;
    Ok(Json(customer.into()))
}

/// Changes the user's own customer profile.
#[utoipa::path(patch, path = "/users/me/customer", tag = "users", request_body = MyCustomerChange, responses(
    (status = 200, body = CustomerView),
    (status = 404, body = Details, description = "`not_found`: the user is no customer"),
    (status = 422, body = Details, description = "`invalid_fields`"),
))]
pub(crate) async fn change_customer(user: User, Json(body): Json<MyCustomerChange>) -> Result<Json<CustomerView>> {
    let change = CustomerChange {
        customer_type: body.customer_type,
        company_name: body.company_name,
        tax_id: body.tax_id,
        preferred_contact: body.preferred_contact,
        notes: body.notes,
    };
    let customer = transaction(|tx| {
        if !store::update_customer(tx, user.id, &change, Instant::now())? {
            return Err(no_customer());
        }
        accounts::emit_updated(tx, user.id, &user, vec!["customer".to_owned()])?;
        store::customer(tx, user.id)?.ok_or_else(no_customer)
    })?;
    Ok(Json(customer.into()))
}

fn no_customer() -> Problem {
    Problem::not_found("customer profile")
}
