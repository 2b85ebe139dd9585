//! The rules of accounts. They call nothing and are told the time.

pub(crate) mod account;
pub(crate) mod lockout;
pub(crate) mod roles;

use mutrapro_sdk::text_enum;

text_enum! {
    /// What a customer is.
    pub(crate) enum CustomerType {
        /// A person.
        Individual = "individual",
        /// A company.
        Business = "business",
        /// A school, a church, a band.
        Organization = "organization",
    }
}

text_enum! {
    /// How a customer wants to be reached.
    pub(crate) enum PreferredContact {
        /// By e-mail.
        Email = "email",
        /// By telephone.
        Phone = "phone",
        /// By text message.
        Sms = "sms",
    }
}
