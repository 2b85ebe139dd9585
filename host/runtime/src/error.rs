//! Why a call into a component, or the start of the runtime, failed.

use crate::engine::EngineError;
use mutrapro_manifest::ComponentId;
use std::fmt;
use std::time::Duration;

/// Why a call into a component has no answer. Each case asks for a different reaction of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The application has no such component: change the caller.
    #[error("no component is called {0}")]
    NoSuchComponent(ComponentId),
    /// The component does not export what the call needs: change the component or the manifest.
    #[error("{component} exports neither mutrapro:http/exchange nor a wasi:http handler")]
    NotServed {
        /// The component that was called.
        component: ComponentId,
    },
    /// Nothing was done for lack of an instance or because calls are nested too deeply: try again later.
    #[error("{component} is overloaded: {reason}")]
    Overloaded {
        /// The component that was called.
        component: ComponentId,
        /// Which limit was reached.
        reason: &'static str,
    },
    /// The component did not answer in time; whether it did anything is unknown.
    #[error("{component} did not answer in time: {reason}")]
    TimedOut {
        /// The component that was called.
        component: ComponentId,
        /// Which limit was reached.
        reason: &'static str,
    },
    /// The request does not fit into memory, and the component takes no streams.
    #[error("the request is larger than {limit_bytes} bytes")]
    RequestTooLarge {
        /// The limit, in bytes.
        limit_bytes: usize,
    },
    /// The response does not fit into memory; whether anything was done is unknown.
    #[error("the response of {component} is larger than {limit_bytes} bytes")]
    ResponseTooLarge {
        /// The component that was called.
        component: ComponentId,
        /// The limit, in bytes.
        limit_bytes: usize,
    },
    /// The component trapped or answered nonsense; whether it did anything is unknown.
    #[error("{component} failed: {reason}")]
    Failed {
        /// The component that was called.
        component: ComponentId,
        /// The trap, without the guest's addresses.
        reason: String,
    },
}

/// Why the runtime did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The engine itself could not be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Some components cannot be run; every problem of every component is named.
    #[error("{}", Lines(.0))]
    Components(Vec<ComponentProblem>),
}

/// Why a component cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ComponentProblem {
    /// Its file cannot be read.
    #[error("{component}: cannot read {path}: {source}")]
    Unreadable {
        /// The component.
        component: ComponentId,
        /// The file.
        path: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Its file is no valid component.
    #[error("{component}: {path} is no valid WebAssembly component: {reason}")]
    Invalid {
        /// The component.
        component: ComponentId,
        /// The file.
        path: String,
        /// What the compiler says.
        reason: String,
    },
    /// It imports what its manifest entry does not grant.
    #[error("{component} imports {import}, which it is not granted: write {grant}")]
    MissingGrant {
        /// The component.
        component: ComponentId,
        /// The import, with its version.
        import: String,
        /// What to write, and where.
        grant: &'static str,
    },
    /// It imports what this host does not have.
    #[error("{component} imports {import}, which this host does not provide")]
    UnknownImport {
        /// The component.
        component: ComponentId,
        /// The import, with its version.
        import: String,
    },
    /// It imports a contract at a version that this host does not serve.
    #[error("{component} imports {import}, but this host serves {served}: build it against the `wit/` of this release")]
    UnservedVersion {
        /// The component.
        component: ComponentId,
        /// The import, with its version.
        import: String,
        /// The versions that are served.
        served: &'static str,
    },
    /// It exports nothing that its manifest entry needs.
    #[error("{component} {reason}")]
    MissingExport {
        /// The component.
        component: ComponentId,
        /// What the manifest says and which export that needs.
        reason: String,
    },
    /// Its imports do not have the types that this host gives.
    #[error("{component} cannot be linked: {reason}")]
    Unlinkable {
        /// The component.
        component: ComponentId,
        /// What the linker says.
        reason: String,
    },
}

/// Why a component goes on with what it ran before.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// The application has no such component.
    #[error("no component is called {0}")]
    NoSuchComponent(ComponentId),
    /// What was to replace it cannot be run; every problem is named.
    #[error("{}", Lines(.0))]
    Refused(Vec<ComponentProblem>),
    /// Loading it broke off, for the reason given.
    #[error("loading it broke off: {0}")]
    BrokenOff(String),
}

impl From<Vec<ComponentProblem>> for ReplaceError {
    fn from(problems: Vec<ComponentProblem>) -> Self {
        Self::Refused(problems)
    }
}

struct Lines<'a>(&'a [ComponentProblem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} problem(s) with components:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// The guest computed for longer than its limit without end.
#[derive(Debug, thiserror::Error)]
#[error("computed for more than {0:?}")]
pub(crate) struct ComputeExhausted(pub(crate) Duration);
