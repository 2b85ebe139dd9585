//! The rules of revisions and packages. Nothing here touches the database or another service.

pub(crate) mod package;
pub(crate) mod project;
pub(crate) mod revision;
pub(crate) mod text;

mutrapro_sdk::id! {
    /// A revision.
    pub(crate) RevisionId
}

mutrapro_sdk::id! {
    /// A package.
    pub(crate) PackageId
}

mutrapro_sdk::id! {
    /// A project; project-service answers for it.
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
    /// A customer profile; user-service answers for it.
    pub(crate) CustomerId
}

mutrapro_sdk::id! {
    /// A coordinator profile; user-service answers for it.
    pub(crate) CoordinatorId
}

mutrapro_sdk::id! {
    /// A file; file-service answers for it.
    pub(crate) FileId
}
