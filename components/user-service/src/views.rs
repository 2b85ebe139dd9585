//! What the service shows of its rows.

use crate::domain::{CustomerType, PreferredContact};
use crate::store::{Account, Coordinator, CoordinatorId, Customer, CustomerId, ListedUser};
use mutrapro_sdk::identity::{Role, UserId};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A user with everything that the user and administrators may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserView {
    /// The user's id.
    id: UserId,
    /// In lower case.
    email: String,
    /// In lower case.
    username: String,
    /// As the user writes it.
    full_name: String,
    /// As the user writes it.
    phone: Option<String>,
    /// As the user writes it.
    address: Option<String>,
    /// One of `roles`.
    primary_role: Option<Role>,
    /// The roles that the user holds now.
    roles: Vec<Role>,
    /// Whether the account can be used.
    is_active: bool,
    /// The customer profile, which other services call `customer_id`.
    customer_id: Option<CustomerId>,
    /// The coordinator profile, which other services call `coordinator_id`.
    coordinator_id: Option<CoordinatorId>,
    /// When the account was created.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
}

impl From<(Account, Vec<Role>)> for UserView {
    fn from((account, roles): (Account, Vec<Role>)) -> Self {
        Self {
            id: account.id,
            email: account.email,
            username: account.username,
            full_name: account.full_name,
            phone: account.phone,
            address: account.address,
            primary_role: account.primary_role,
            roles,
            is_active: account.is_active,
            customer_id: account.customer_id,
            coordinator_id: account.coordinator_id,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }
    }
}

/// A user in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UserSummary)]
pub(crate) struct UserSummaryView {
    /// The user's id.
    pub(crate) id: UserId,
    /// In lower case.
    email: String,
    /// In lower case.
    username: String,
    /// As the user writes it.
    full_name: String,
    /// The role that the user acts in first of all.
    primary_role: Option<Role>,
    /// Whether the account can be used.
    is_active: bool,
    /// When the account was created.
    created_at: Instant,
}

impl From<ListedUser> for UserSummaryView {
    fn from(user: ListedUser) -> Self {
        Self {
            id: user.id,
            email: user.email,
            username: user.username,
            full_name: user.full_name,
            primary_role: user.primary_role,
            is_active: user.is_active,
            created_at: user.created_at,
        }
    }
}

/// A customer profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(crate) struct CustomerView {
    /// The profile's id, which other services call `customer_id`.
    id: CustomerId,
    /// What the customer is.
    customer_type: CustomerType,
    /// For businesses and organizations.
    company_name: Option<String>,
    /// As the authorities write it.
    tax_id: Option<String>,
    /// How the customer wants to be reached.
    preferred_contact: PreferredContact,
    /// Anything else that coordinators should know.
    notes: Option<String>,
}

impl From<Customer> for CustomerView {
    fn from(customer: Customer) -> Self {
        Self {
            id: customer.id,
            customer_type: customer.customer_type,
            company_name: customer.company_name,
            tax_id: customer.tax_id,
            preferred_contact: customer.preferred_contact,
            notes: customer.notes,
        }
    }
}

/// A coordinator profile with the name of its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Coordinator)]
pub(crate) struct CoordinatorView {
    /// The profile's id, which other services call `coordinator_id`.
    pub(crate) id: CoordinatorId,
    /// Whose profile it is.
    user_id: UserId,
    /// As the user writes it.
    full_name: String,
    /// In lower case.
    email: String,
    /// Where they work.
    department: Option<String>,
    /// How many projects they see through at once.
    max_concurrent_projects: u16,
}

impl From<Coordinator> for CoordinatorView {
    fn from(coordinator: Coordinator) -> Self {
        Self {
            id: coordinator.id,
            user_id: coordinator.user_id,
            full_name: coordinator.full_name,
            email: coordinator.email,
            department: coordinator.department,
            max_concurrent_projects: coordinator.max_concurrent_projects,
        }
    }
}
