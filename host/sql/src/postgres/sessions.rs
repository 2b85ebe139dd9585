//! What every session is set to when it opens.

use super::Place;
use crate::limits::{CLIENT_CHECK_TIME, PREPARED_STATEMENTS_MAX, SESSION_GRACE, SqlLimits};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::time::Duration;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    /// Transactions.
    Writing,
    /// Statements outside of any, which are not to change anything.
    Reading,
    /// The host's own statements, in and outside of transactions.
    Host,
}

impl Session {
    /// How a connection to a service's database is opened, on `server` with its user and password.
    pub(super) fn options(self, server: PgConnectOptions, place: Place<'_>, limits: &SqlLimits) -> PgConnectOptions {
        let settings = [
            ("statement_timeout", milliseconds(limits.statement_time)),
            // Earlier than the statement's, so that who waits for a row is told that another has it.
            ("lock_timeout", milliseconds(limits.statement_time.mul_f32(0.8))),
            // The host rolls back by itself; this is for one that died without closing its connections.
            ("idle_in_transaction_session_timeout", milliseconds(limits.transaction_time + SESSION_GRACE)),
            ("client_connection_check_interval", milliseconds(CLIENT_CHECK_TIME)),
            ("default_transaction_isolation", "read committed".to_owned()),
            ("default_transaction_read_only", (if self == Self::Reading { "on" } else { "off" }).to_owned()),
            // What the guard takes for granted: whose a name is, and where a string ends.
            ("search_path", "public".to_owned()),
            ("standard_conforming_strings", "on".to_owned()),
            // Short statements: compiling one takes longer than running it.
            ("jit", "off".to_owned()),
            // The host's tables are queues: whatever the planner knows of them is out of date, and a plan that was made while
            // one was empty walks over all of it later. Every statement of the host has its index.
            ("enable_seqscan", (if self == Self::Host { "off" } else { "on" }).to_owned()),
        ];
        server
            .database(place.database)
            .application_name(&format!("mutrapro/{}", place.service))
            .statement_cache_capacity(PREPARED_STATEMENTS_MAX)
            .options(settings)
            // Statements are measured by this crate; sqlx would format each of them for its log.
            .disable_statement_logging()
    }
}

/// At least one: to PostgreSQL, zero is no limit.
fn milliseconds(time: Duration) -> String {
    time.as_millis().clamp(1, 2_000_000_000).to_string()
}
