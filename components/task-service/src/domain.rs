//! The rules of tasks: who does which, how many at once, and when. Nothing here touches the database or another service.

pub(crate) mod deadline;
pub(crate) mod rights;
pub(crate) mod task;
pub(crate) mod text;
pub(crate) mod workload;

mutrapro_sdk::id! {
    /// A task.
    pub(crate) AssignmentId
}

mutrapro_sdk::id! {
    /// A project; project-service answers for it.
    pub(crate) ProjectId
}

mutrapro_sdk::id! {
    /// The request that a project came from; quotation-service answers for it.
    pub(crate) RequestId
}

mutrapro_sdk::id! {
    /// A specialist; specialist-service answers for it.
    pub(crate) SpecialistId
}

mutrapro_sdk::id! {
    /// A revision; revision-service answers for it.
    pub(crate) RevisionId
}
