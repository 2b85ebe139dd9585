//! The rules of payments. Nothing here touches the database, a gateway or another service.

pub(crate) mod payment;
pub(crate) mod text;
pub(crate) mod verdict;

mutrapro_sdk::id! {
    /// A payment.
    pub(crate) PaymentId
}

mutrapro_sdk::id! {
    /// A milestone; quotation-service answers for it.
    pub(crate) MilestoneId
}

mutrapro_sdk::id! {
    /// A quotation; quotation-service answers for it.
    pub(crate) QuotationId
}

mutrapro_sdk::id! {
    /// A request; quotation-service answers for it.
    pub(crate) RequestId
}
