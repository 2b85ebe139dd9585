//! The rules of projects. Nothing here touches the database or another service.

pub(crate) mod facts;
pub(crate) mod project;
pub(crate) mod text;
pub(crate) mod timeline;

mutrapro_sdk::id! {
    /// A project.
    pub(crate) ProjectId
}

mutrapro_sdk::id! {
    /// A request; quotation-service answers for it.
    pub(crate) RequestId
}

mutrapro_sdk::id! {
    /// A quotation; quotation-service answers for it.
    pub(crate) QuotationId
}

mutrapro_sdk::id! {
    /// A milestone; quotation-service answers for it.
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
    /// A specialist; specialist-service answers for it.
    pub(crate) SpecialistId
}

mutrapro_sdk::id! {
    /// A revision; revision-service answers for it.
    pub(crate) RevisionId
}

mutrapro_sdk::id! {
    /// A package; revision-service answers for it.
    pub(crate) PackageId
}

mutrapro_sdk::id! {
    /// A file; file-service answers for it.
    pub(crate) FileId
}
