//! The contract suite on every engine. A further one adds a fixture and a line at the end.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a whole file of tests: clippy's own exception covers only the functions that carry the attribute"
)]

mod suite;

use mutrapro_manifest::App;
use mutrapro_sql::{Databases, SqlLimits, SqlMetrics, SqliteConfig};
use mutrapro_testkit::PostgresServer;
use prometheus_client::registry::Registry;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use suite::Fixture;
use tokio::sync::{Mutex, OnceCell};

struct Sqlite {
    directory: tempfile::TempDir,
}

impl Sqlite {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }
}

impl Fixture for Sqlite {
    async fn open(&self, app: &App, limits: SqlLimits) -> Arc<Databases> {
        let config = SqliteConfig { limits, ..SqliteConfig::new(self.directory.path().to_owned()) };
        let metrics = SqlMetrics::register(&mut Registry::default());
        Databases::open(app, &config, metrics).await.unwrap()
    }
}

/// One server for all tests that run at the same time, ended with the last of them; a database for each test.
struct Postgres {
    server: OnceCell<Arc<PostgresServer>>,
    database: String,
}

impl Postgres {
    fn new() -> Self {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let database = format!("shop_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        Self { server: OnceCell::new(), database }
    }

    async fn server(&self) -> &PostgresServer {
        static RUNNING: Mutex<Weak<PostgresServer>> = Mutex::const_new(Weak::new());
        let share = async || {
            let mut running = RUNNING.lock().await;
            let server = match running.upgrade() {
                Some(server) => server,
                None => Arc::new(PostgresServer::start().await.unwrap()),
            };
            *running = Arc::downgrade(&server);
            let mut connection = PgConnection::connect(&server.url()).await.unwrap();
            // The limit as an operator would set it, and so that no test fills the disk.
            let settings = format!("ALTER DATABASE {} SET temp_file_limit = '64MB'", self.database);
            for statement in [format!("CREATE DATABASE {}", self.database), settings] {
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
            }
            server
        };
        self.server.get_or_init(share).await
    }
}

impl Fixture for Postgres {
    /// As the owner, whose connections write one at a time.
    async fn open(&self, app: &App, limits: SqlLimits) -> Arc<Databases> {
        let server: PgConnectOptions = self.server().await.url().parse().unwrap();
        let mut app = app.clone();
        for service in app.services.values_mut() {
            Arc::make_mut(service).database.as_mut().unwrap().name.clone_from(&self.database);
        }
        let metrics = SqlMetrics::register(&mut Registry::default());
        Databases::connect_as_owner(&app, &server, limits, metrics).await.unwrap()
    }
}

macro_rules! contract {
    ($engine:ident, $fixture:expr, $($module:ident::{$($claim:ident),+ $(,)?}),+ $(,)?) => {
        mod $engine {
            use super::*;
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    suite::$module::$claim(&$fixture).await;
                }
            )+)+
        }
    };
}

macro_rules! whole_contract {
    ($engine:ident, $fixture:expr) => {
        contract! {
            $engine, $fixture,
            values::{
                values_survive_a_round_trip,
                bytes_survive_a_round_trip,
                like_tells_upper_from_lower_case,
                floating_point_is_refused_with_its_column,
                violated_constraints_are_named_and_leave_the_transaction_usable,
                changed_rows_are_counted,
            },
            transactions::{
                reads_see_what_is_committed_while_a_writer_is_open,
                reads_outside_a_transaction_change_nothing,
                writers_go_in_the_order_of_their_arrival,
                waiting_for_the_writer_has_an_end,
                dropped_transaction_leaves_nothing_and_frees_the_writer,
                begin_that_nobody_waits_for_frees_the_writer,
                commit_that_nobody_waits_for_is_whole_or_nothing,
                statement_that_nobody_waits_for_is_stopped_and_ends_its_transaction,
                transaction_dropped_in_mid_statement_frees_the_writer,
                read_that_nobody_waits_for_frees_its_connection,
                transaction_that_is_open_too_long_is_rolled_back_while_its_owner_sleeps,
                savepoints_undo_alone_and_nest,
                statement_of_the_hosts_own_ends_its_transaction_when_it_fails,
                commit_wakes_and_rollback_does_not,
                closed_database_refuses,
            },
            limits::{
                endless_statement_is_stopped_at_its_limit,
                one_row_too_many_is_too_large,
                change_with_too_large_an_answer_is_undone,
                answer_of_too_many_bytes_is_too_large,
                value_that_doubles_without_end_is_too_large,
                too_many_parameters_are_invalid,
            },
            migrations::{
                migrations_apply_once_and_the_hosts_own_come_first,
                changed_migration_is_an_error_that_names_its_file,
                missing_migration_is_an_error,
                migration_before_an_applied_one_is_an_error,
                failed_migration_leaves_nothing_and_can_be_corrected,
                hosts_that_migrate_at_once_apply_each_step_once,
                statements_run_after_a_migration_by_another_connection,
            },
        }
    };
}

whole_contract!(sqlite, Sqlite::new());
whole_contract!(postgres, Postgres::new());
