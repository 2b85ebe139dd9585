//! The tables `customers` and `service_coordinators`.

use crate::domain::{CustomerType, PreferredContact};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::sql::{Error, FromRow, Reader, Row, Transaction, params};
use mutrapro_sdk::time::Instant;

/// How many projects a coordinator sees through at once, unless an administrator says otherwise.
pub(crate) const MAX_CONCURRENT_PROJECTS_DEFAULT: u16 = 10;

mutrapro_sdk::id! {
    /// A customer profile.
    pub(crate) CustomerId
}

mutrapro_sdk::id! {
    /// A coordinator profile.
    pub(crate) CoordinatorId
}

/// A row of `customers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Customer {
    pub(crate) id: CustomerId,
    pub(crate) customer_type: CustomerType,
    pub(crate) company_name: Option<String>,
    pub(crate) tax_id: Option<String>,
    pub(crate) preferred_contact: PreferredContact,
    pub(crate) notes: Option<String>,
}

impl FromRow for Customer {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            customer_type: row.get("customer_type")?,
            company_name: row.get("company_name")?,
            tax_id: row.get("tax_id")?,
            preferred_contact: row.get("preferred_contact")?,
            notes: row.get("notes")?,
        })
    }
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CustomerChange {
    pub(crate) customer_type: Option<CustomerType>,
    pub(crate) company_name: Patch<String>,
    pub(crate) tax_id: Patch<String>,
    pub(crate) preferred_contact: Option<PreferredContact>,
    pub(crate) notes: Patch<String>,
}

/// A row of `service_coordinators` to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewCoordinator {
    pub(crate) id: CoordinatorId,
    pub(crate) user_id: UserId,
    pub(crate) department: Option<String>,
    pub(crate) max_concurrent_projects: u16,
}

impl NewCoordinator {
    /// The profile that goes with the role when nothing more is said.
    pub(crate) fn plain(user_id: UserId) -> Self {
        let max_concurrent_projects = MAX_CONCURRENT_PROJECTS_DEFAULT;
        Self { id: CoordinatorId::generate(), user_id, department: None, max_concurrent_projects }
    }
}

/// A user who was a customer before keeps the profile they had.
pub(crate) fn ensure_customer(tx: &Transaction<'_>, user_id: UserId, now: Instant) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO customers (id, user_id, customer_type, preferred_contact, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (user_id) DO NOTHING",
        params![CustomerId::generate(), user_id, CustomerType::Individual, PreferredContact::Email, now],
    )?;
    Ok(())
}

pub(crate) fn customer(db: &impl Reader, user_id: UserId) -> Result<Option<Customer>, Error> {
    db.query_optional(
        "SELECT id, customer_type, company_name, tax_id, preferred_contact, notes FROM customers WHERE user_id = $1",
        params![user_id],
    )
}

/// Changes the fields that are given. `false` when the user has no such profile.
pub(crate) fn update_customer(
    tx: &Transaction<'_>,
    user_id: UserId,
    change: &CustomerChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE customers SET
            customer_type = COALESCE($2, customer_type), preferred_contact = COALESCE($3, preferred_contact),
            company_name = CASE WHEN $4 THEN $5 ELSE company_name END,
            tax_id = CASE WHEN $6 THEN $7 ELSE tax_id END, notes = CASE WHEN $8 THEN $9 ELSE notes END,
            updated_at = $10
         WHERE user_id = $1",
        params![
            user_id,
            change.customer_type,
            change.preferred_contact,
            change.company_name.is_given(),
            change.company_name.value(),
            change.tax_id.is_given(),
            change.tax_id.value(),
            change.notes.is_given(),
            change.notes.value(),
            now
        ],
    )?;
    Ok(changed == 1)
}

/// A user who was a coordinator before keeps the profile they had.
pub(crate) fn ensure_coordinator(
    tx: &Transaction<'_>,
    coordinator: &NewCoordinator,
    now: Instant,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO service_coordinators (id, user_id, department, max_concurrent_projects, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (user_id) DO NOTHING",
        params![coordinator.id, coordinator.user_id, coordinator.department, coordinator.max_concurrent_projects, now],
    )?;
    Ok(())
}

/// Makes the profile of a coordinator what it says, but for the id, which stays.
pub(crate) fn update_coordinator(
    tx: &Transaction<'_>,
    coordinator: &NewCoordinator,
    now: Instant,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE service_coordinators SET department = $2, max_concurrent_projects = $3, updated_at = $4
         WHERE user_id = $1",
        params![coordinator.user_id, coordinator.department, coordinator.max_concurrent_projects, now],
    )?;
    Ok(())
}
