//! The rules of requests, quotations, prices and milestones. Nothing here touches the database or another service.

pub(crate) mod milestone;
pub(crate) mod pricing;
pub(crate) mod quotation;
pub(crate) mod request;
pub(crate) mod text;

mutrapro_sdk::id! {
    /// A request.
    pub(crate) RequestId
}

mutrapro_sdk::id! {
    /// A quotation.
    pub(crate) QuotationId
}

mutrapro_sdk::id! {
    /// A row of the pricing matrix.
    pub(crate) PriceId
}

mutrapro_sdk::id! {
    /// A milestone.
    pub(crate) MilestoneId
}

mutrapro_sdk::id! {
    /// A customer profile; user-service answers for it.
    pub(crate) CustomerId
}

mutrapro_sdk::id! {
    /// A coordinator profile; user-service answers for it.
    pub(crate) CoordinatorId
}

mutrapro_sdk::id! {
    /// A revision; revision-service answers for it.
    pub(crate) RevisionId
}

mutrapro_sdk::id! {
    /// A payment; payment-service answers for it.
    pub(crate) PaymentId
}
