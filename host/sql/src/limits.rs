//! Every limit of the SQL capability, in one place.

use std::time::Duration;

/// The longest statement, in bytes.
pub(crate) const STATEMENT_BYTES_MAX: usize = 64 << 10;
/// The most parameters that a statement may have: below what SQLite (32,766) and PostgreSQL (65,535) take.
pub(crate) const PARAMETERS_MAX: usize = 8_192;
/// The most columns that an answer may have. Together with [`ROWS_BUFFERED`] it bounds what waits in memory unread.
pub(crate) const COLUMNS_MAX: usize = 128;
/// The most keywords and operators in a statement. Each can nest the syntax tree by one, which is freed recursively.
pub(crate) const OPERATORS_MAX: usize = 1_000;
/// The deepest nesting of parentheses.
pub(crate) const PARENTHESES_DEPTH_MAX: usize = 32;
/// The deepest nesting of expressions and subqueries; chains such as `a AND b AND c` do not count.
pub(crate) const NESTING_DEPTH_MAX: usize = 48;
/// How many verdicts are remembered per service, in each of two generations.
pub(crate) const VERDICTS_MAX: usize = 256;
/// The longest statement whose verdict is remembered, in bytes: with the above at most 4 MiB per service.
pub(crate) const VERDICT_STATEMENT_BYTES_MAX: usize = 8 << 10;

/// The longest name of a database or a role, in bytes: PostgreSQL cuts longer ones, and then meets others.
pub(crate) const NAME_BYTES_MAX: usize = 63;

/// The prepared statements that each connection keeps.
pub(crate) const PREPARED_STATEMENTS_MAX: usize = 64;
/// The rows that SQLite may be ahead of their reader.
pub(crate) const ROWS_BUFFERED: usize = 16;
/// The page cache of a connection, in KiB: thirteen idle services with five connections each stay below 64 MiB.
pub(crate) const PAGE_CACHE_KIB: u32 = 1_000;
/// The size that the write-ahead log is cut to after a checkpoint, in bytes.
pub(crate) const WAL_BYTES_KEPT: u32 = 16 << 20;
/// How long SQLite waits for a lock that another process holds.
pub(crate) const BUSY_TIME: Duration = Duration::from_secs(5);
/// How many instructions of SQLite's virtual machine run between two looks at the clock: some 10 to 50 µs.
pub(crate) const INSTRUCTIONS_PER_LOOK: i32 = 1_000;

/// The statements of a PostgreSQL database for which the types of parameters are remembered that it had to be told.
pub(crate) const HINTED_STATEMENTS_MAX: usize = 256;
/// How long opening a connection to PostgreSQL may take.
pub(crate) const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long a connection to PostgreSQL lies idle before it is closed.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(60);
/// How much longer than its own limit PostgreSQL is given to say that a statement was stopped.
pub(crate) const ANSWER_GRACE: Duration = Duration::from_millis(500);
/// How much longer than the host a PostgreSQL session keeps a transaction of a host that is gone.
pub(crate) const SESSION_GRACE: Duration = Duration::from_secs(2);
/// How often PostgreSQL looks whether whoever waits for a running statement is still there.
pub(crate) const CLIENT_CHECK_TIME: Duration = Duration::from_secs(1);
/// How long a transaction that was begun together with a commit, for somebody who waited, may be left unused.
pub(crate) const BEGUN_TIME: Duration = Duration::from_millis(500);
/// How long the rest of an answer that is too large is read and thrown away, before PostgreSQL is asked to stop it.
pub(crate) const READ_ON_TIME: Duration = Duration::from_millis(50);
/// How long it may take PostgreSQL to stop a statement that it is asked to stop.
pub(crate) const STOP_TIME: Duration = Duration::from_secs(3);
/// The connections for reads beside the one that migrates.
pub(crate) const OWNER_READERS: u32 = 2;

/// What the statements that a role runs at once may write to temporary files on the server, in PostgreSQL's own notation.
pub(crate) const TEMPORARY_FILES_MAX: &str = "256MB";

/// What a statement and a transaction may take. Services and the host's own callers are held to the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlLimits {
    /// The most rows in an answer.
    pub rows_max: usize,
    /// The most bytes in an answer: text and bytes by their length, any other value as 8. In SQLite it also bounds a
    /// single value within the database.
    pub bytes_max: usize,
    /// How long a statement may run.
    pub statement_time: Duration,
    /// How long a transaction may be open: it keeps others waiting, in SQLite every other writer of its database.
    pub transaction_time: Duration,
    /// How long `begin` waits for the writers before it, and a read for a free connection.
    pub wait_time: Duration,
}

impl Default for SqlLimits {
    fn default() -> Self {
        Self {
            rows_max: 10_000,
            bytes_max: 8 << 20,
            statement_time: Duration::from_secs(5),
            transaction_time: Duration::from_secs(5),
            wait_time: Duration::from_secs(5),
        }
    }
}
