use super::*;
use mutrapro_manifest::{ComponentId, Database};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

fn service(id: &str, database: &str, tables: &[&str]) -> Arc<Service> {
    Arc::new(Service {
        database: Some(Database {
            name: database.to_owned(),
            tables: tables.iter().map(|table| (*table).to_owned()).collect(),
            migrations: Vec::new(),
        }),
        ..Service::new(ComponentId::new(id), PathBuf::new())
    })
}

/// The guard of task-service, which owns `task_assignments` and `notes`; user-service owns `users`.
fn guard() -> Guard {
    let tasks = service("task-service", "task_db", &["task_assignments", "notes"]);
    let users = service("user-service", "user_db", &["users"]);
    let services = [Arc::clone(&tasks), users].into_iter().map(|service| (service.id.clone(), service)).collect();
    Guard::new(&App { name: "test".to_owned(), version: "0.1.0".to_owned(), services, ..App::default() }, &tasks)
}

fn judge(statement: &str) -> Result<Verdict, Error> {
    guard().judge_anew(statement)
}

#[test]
fn portable_statements_on_own_tables_pass() {
    let reads = [
        "SELECT 1",
        "select id, status from task_assignments where id = $1;",
        "SELECT * FROM task_assignments AS t WHERE t.status <> 'done' ORDER BY t.due_at DESC NULLS LAST LIMIT $1 OFFSET $2",
        "SELECT t.*, n.body FROM task_assignments t LEFT JOIN notes n ON n.task_id = t.id",
        "SELECT count(*), count(DISTINCT status), sum(minutes), min(due_at), max(due_at) FROM TASK_ASSIGNMENTS",
        "SELECT status, count(*) AS n FROM notes GROUP BY status HAVING count(*) > 1",
        "SELECT coalesce(a, b, 'ä'), nullif(a, ''), lower(a), upper(a), length(a), abs(-1), replace(a, 'x', 'y') FROM notes",
        "SELECT trim(a), ltrim(a), rtrim(a), substr(a, 1, 3), substring(a, 2) FROM notes",
        "SELECT CAST(a AS TEXT), CAST(a AS BIGINT), CAST(a AS INTEGER), CAST(a AS BOOLEAN) FROM notes",
        "SELECT CASE WHEN a IS NULL THEN TRUE ELSE FALSE END, CASE a WHEN 1 THEN 2 END FROM notes",
        "SELECT a FROM notes WHERE (a, b) < ($1, $2) AND c BETWEEN 1 AND 2 AND d IN (1, 2) AND e NOT LIKE 'x%' ESCAPE '!'",
        "SELECT a FROM notes WHERE EXISTS (SELECT 1 FROM task_assignments t WHERE t.id = notes.task_id)",
        "SELECT a FROM notes WHERE task_id IN (SELECT id FROM task_assignments) AND a IS NOT DISTINCT FROM $1",
        "SELECT (SELECT max(id) FROM notes) + 1 * 2 - 3 / 4 % 5",
        "SELECT a || '-' || b FROM notes WHERE NOT (a = $1 OR b >= $2)",
        "SELECT a FROM notes UNION ALL SELECT b FROM notes UNION SELECT c FROM notes ORDER BY 1",
        "WITH open AS (SELECT * FROM task_assignments WHERE done_at IS NULL) SELECT * FROM open JOIN notes USING (id)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i FROM n",
        "SELECT row_number() OVER (PARTITION BY status ORDER BY due_at) AS position FROM task_assignments",
        "SELECT sum(minutes) FILTER (WHERE status = 'done'), lag(id, 1) OVER (ORDER BY id) FROM task_assignments",
        "SELECT * FROM (SELECT id FROM notes) AS x CROSS JOIN (SELECT id FROM notes) AS y",
        "SELECT 'users; DROP TABLE users -- no comment'",
        "VALUES (1, 'a'), (2, 'b')",
    ];
    let changes = [
        "INSERT INTO notes (id, body) VALUES ($1, $2), ($3, $4)",
        "INSERT INTO notes (id, body) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO notes (id, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = notes.n + excluded.n WHERE notes.n < 9 RETURNING n",
        "INSERT INTO notes (id) SELECT id FROM task_assignments WHERE status = $1",
        "INSERT INTO notes DEFAULT VALUES",
        "UPDATE task_assignments SET status = $2 WHERE id = $1 AND status = $3 RETURNING id, status AS now_is",
        "UPDATE notes SET body = t.title FROM task_assignments AS t WHERE t.id = notes.task_id",
        "DELETE FROM notes WHERE id = $1 RETURNING *",
    ];
    for (statements, is_read) in [(&reads[..], true), (&changes[..], false)] {
        for statement in statements {
            let verdict = judge(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
            assert_eq!(verdict.is_read, is_read, "{statement}");
        }
    }
}

/// Each hostile statement with a part of its expected refusal.
const HOSTILE: &[(&str, &str)] = &[
    ("SELECT * FROM users", "task-service does not own \"users\" (user-service does)"),
    ("SELECT * FROM USERS", "does not own \"users\""),
    ("SELECT * FROM notes, users", "does not own \"users\""),
    ("SELECT * FROM notes JOIN users ON TRUE", "does not own \"users\""),
    ("SELECT * FROM (SELECT * FROM (SELECT * FROM users) AS a) AS b", "does not own \"users\""),
    ("SELECT (SELECT max(id) FROM users)", "does not own \"users\""),
    ("SELECT * FROM notes WHERE id IN (SELECT id FROM users)", "does not own \"users\""),
    ("SELECT * FROM notes ORDER BY (SELECT max(id) FROM users)", "does not own \"users\""),
    ("SELECT * FROM notes LIMIT (SELECT max(id) FROM users)", "does not own \"users\""),
    ("SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM users)) FROM notes", "does not own \"users\""),
    ("SELECT sum(a) OVER (ORDER BY (SELECT 1 FROM users)) FROM notes", "does not own \"users\""),
    ("SELECT 1 UNION SELECT id FROM users", "does not own \"users\""),
    ("SELECT CASE WHEN EXISTS (SELECT 1 FROM users) THEN 1 END", "does not own \"users\""),
    ("INSERT INTO users (id) VALUES (1)", "does not own \"users\""),
    ("INSERT INTO notes (id) SELECT id FROM users", "does not own \"users\""),
    ("INSERT INTO notes (id) VALUES (1) RETURNING (SELECT max(id) FROM users)", "does not own \"users\""),
    ("INSERT INTO notes (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = (SELECT 1 FROM users)", "own \"users\""),
    ("UPDATE users SET a = 1", "does not own \"users\""),
    ("UPDATE notes SET a = 1 FROM users", "does not own \"users\""),
    ("UPDATE notes SET a = (SELECT max(id) FROM users)", "does not own \"users\""),
    ("DELETE FROM users", "does not own \"users\""),
    ("DELETE FROM notes WHERE id = (SELECT max(id) FROM users)", "does not own \"users\""),
    ("SELECT * FROM nowhere", "nobody does"),
    ("SELECT * FROM outbox_events", "belongs to the host"),
    ("DELETE FROM consumed_events", "belongs to the host"),
    ("UPDATE schema_migrations SET checksum = ''", "belongs to the host"),
    ("SELECT * FROM host_migrations", "belongs to the host"),
    ("SELECT sql FROM sqlite_master", "belongs to the database engine"),
    ("SELECT * FROM sqlite_schema", "belongs to the database engine"),
    ("SELECT * FROM pg_shadow", "belongs to the database engine"),
    ("SELECT * FROM information_schema.tables", "schema-qualified"),
    ("SELECT * FROM main.notes", "schema-qualified"),
    ("SELECT main.notes.id FROM notes", "schema-qualified"),
    ("WITH users AS (SELECT 1) SELECT * FROM users", "choose one that is no table's"),
    ("WITH notes AS (SELECT 1) SELECT * FROM notes", "choose one that is no table's"),
    ("WITH outbox_events AS (SELECT 1) SELECT * FROM outbox_events", "choose one that is no table's"),
    ("WITH x AS (SELECT 1) INSERT INTO notes (id) SELECT * FROM x", "a change inside or after WITH"),
    ("WITH x AS (DELETE FROM notes RETURNING *) SELECT * FROM x", "a change inside or after WITH"),
    ("WITH x AS (SELECT 1) DELETE FROM x", ""),
    ("SELECT 1; SELECT 2", "several statements"),
    ("SELECT 1; DROP TABLE notes", "several statements"),
    ("", "empty"),
    (";", "empty"),
    ("PRAGMA foreign_keys = OFF", "services run SELECT"),
    ("ATTACH DATABASE 'user_db.sqlite' AS u", "services run SELECT"),
    ("CREATE TABLE x (id INTEGER)", "services run SELECT"),
    ("CREATE TABLE x AS SELECT 1", "services run SELECT"),
    ("DROP TABLE notes", "services run SELECT"),
    ("ALTER TABLE notes ADD COLUMN x TEXT", "services run SELECT"),
    ("CREATE VIEW v AS SELECT 1", "services run SELECT"),
    ("BEGIN", "services run SELECT"),
    ("COMMIT", "services run SELECT"),
    ("ROLLBACK", "services run SELECT"),
    ("SAVEPOINT a", "services run SELECT"),
    ("VACUUM INTO 'copy.sqlite'", ""),
    ("EXPLAIN SELECT * FROM notes", "services run SELECT"),
    ("COPY notes FROM '/etc/passwd'", ""),
    ("GRANT ALL ON notes TO public", "services run SELECT"),
    ("INSERT OR REPLACE INTO notes (id) VALUES (1)", ""),
    ("REPLACE INTO notes (id) VALUES (1)", ""),
    ("UPDATE OR IGNORE notes SET a = 1", ""),
    ("INSERT INTO notes (id) VALUES (1) ON CONFLICT ON CONSTRAINT notes_pkey DO NOTHING", "name the columns"),
    ("INSERT INTO notes (id) VALUES (1) ON CONFLICT DO UPDATE SET a = 1", ""),
    ("SELECT * FROM notes FOR UPDATE", "FOR UPDATE"),
    ("SELECT * FROM notes FETCH FIRST 1 ROW ONLY", "LIMIT"),
    ("SELECT * INTO x FROM notes", "INTO"),
    ("SELECT DISTINCT ON (a) a FROM notes", "DISTINCT ON"),
    ("SELECT a FROM notes WHERE a ILIKE 'x'", "lower(…)"),
    ("SELECT a FROM notes WHERE a SIMILAR TO 'x'", ""),
    ("SELECT a FROM notes WHERE a = ANY ($1)", "write IN"),
    ("SELECT a::text FROM notes", "CAST"),
    ("SELECT CAST(a AS REAL) FROM notes", "cast to TEXT"),
    ("SELECT CAST(a AS regclass) FROM notes", "cast to TEXT"),
    ("SELECT a COLLATE NOCASE FROM notes", ""),
    ("SELECT 1.5", "whole number"),
    ("SELECT 1e3", "whole number"),
    ("SELECT 9223372036854775808", "whole number"),
    ("SELECT now()", "the function now"),
    ("SELECT current_timestamp", ""),
    ("SELECT random()", "the function random"),
    ("SELECT avg(a) FROM notes", "the function avg"),
    ("SELECT load_extension('x')", "the function load_extension"),
    ("SELECT readfile('/etc/passwd')", "the function readfile"),
    ("SELECT pg_read_file('/etc/passwd')", "the function pg_read_file"),
    ("SELECT pg_sleep(10)", "the function pg_sleep"),
    ("SELECT main.lower('x')", "the function main.lower"),
    ("SELECT max(1, 2)", "takes 1 to 1"),
    ("SELECT lower(*) FROM notes", "plain expressions"),
    ("SELECT row_number() FROM notes", "without OVER"),
    ("SELECT * FROM pragma_table_info('users')", "table function"),
    ("SELECT * FROM generate_series(1, 1000000000)", "table function"),
    ("SELECT * FROM json_each('[1]')", "table function"),
    ("SELECT * FROM notes, LATERAL (SELECT 1) AS x", ""),
    ("SELECT * FROM notes NATURAL JOIN task_assignments", "ON or USING"),
    ("SELECT * FROM notes JOIN task_assignments", "CROSS JOIN"),
    ("SELECT * FROM \"users\"", "quoted name"),
    ("SELECT \"id\" FROM notes", "quoted name"),
    ("SELECT * FROM [users]", ""),
    ("SELECT * FROM `users`", ""),
    ("SELECT 1 /* /* */ FROM users -- */", "comment"),
    ("SELECT 1 -- \n FROM users", "comment"),
    ("SELECT E'\\'' FROM notes", ""),
    ("SELECT $$x$$", ""),
    ("SELECT X'00'", ""),
    ("SELECT U&'x'", ""),
    ("SELECT 1\0FROM users", "control characters"),
    ("SELECT\u{a0}1", "letters, digits"),
    ("SELECT * FROM nötes", "letters, digits"),
    ("SELECT 1\u{2003}", ""),
    ("SELECT ?", ""),
    ("SELECT :a", ""),
    ("SELECT @a", ""),
    ("SELECT $0", "write $1"),
    ("SELECT $1a", ""),
    ("SELECT $2", "$1 does not occur"),
    ("SELECT $99999999999999999999", "write $1"),
    ("SELECT rowid FROM notes", "rowid"),
    ("SELECT n.ctid FROM notes n", "ctid"),
    ("SELECT a -> 'b' FROM notes", ""),
    ("SELECT ARRAY[1]", ""),
    ("SELECT INTERVAL '1 day'", ""),
    ("SELECT DATE '2026-01-01'", ""),
    ("TABLE users", ""),
    ("MERGE INTO notes USING users ON TRUE WHEN MATCHED THEN DELETE", ""),
];

#[test]
fn hostile_statements_are_refused_with_their_reason() {
    for (statement, part) in HOSTILE {
        match judge(statement) {
            Err(Error::Forbidden(text) | Error::Invalid(text)) => {
                assert!(text.contains(part), "{statement}: {text}");
            }
            other => panic!("{statement}: {other:?}"),
        }
    }
}

#[test]
fn parameters_are_counted() {
    let guard = guard();
    assert_eq!(guard.judge("SELECT $1, $2, $1", 2).unwrap().parameters, 2);
    for parameters in [0, 1, 3] {
        let refusal = guard.judge("SELECT $1, $2, $1", parameters);
        assert!(matches!(refusal, Err(Error::Invalid(text)) if text.contains("takes 2 parameters")));
    }
}

#[test]
fn huge_and_deep_statements_are_invalid_and_overflow_no_stack() {
    let hundred_thousand = 100_000;
    let deep = |open: &str, close: &str, times: usize| format!("SELECT {}1{}", open.repeat(times), close.repeat(times));
    let statements = [
        format!("SELECT '{}'", "x".repeat(hundred_thousand)),
        deep("(", ")", 20_000),
        deep("(", ")", 33),
        deep("(SELECT ", ")", 3_000),
        deep("NOT ", "", 12_000),
        deep("- ", "", 30_000),
        deep("abs(", ")", 9_000),
        deep("CASE WHEN ", " THEN 1 END", 2_000),
        format!("SELECT 1{}", " + 1".repeat(16_000)),
        format!("SELECT 1{}", " IS NULL".repeat(8_000)),
        format!("SELECT 1{}", " IS NULL".repeat(900)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(4_000)),
        format!("SELECT * FROM {}notes{}", "(".repeat(30_000), ")".repeat(30_000)),
        format!("SELECT * FROM {}notes{}", "(".repeat(32), ")".repeat(32)),
        format!("SELECT * FROM notes WHERE a {}1{}", "IN ((a ".repeat(16), "))".repeat(16)),
    ];
    for statement in statements {
        let shown = &statement[..40.min(statement.len())];
        match judge(&statement) {
            Err(Error::Invalid(_) | Error::Forbidden(_)) => {}
            other => panic!("{shown}: {other:?}"),
        }
    }
}

#[test]
fn long_flat_statements_pass() {
    let rows = vec!["($1, $2, 'text', 4)"; 1_000].join(", ");
    let chain = vec!["id = $1"; 250].join(" OR ");
    let union = vec!["SELECT id FROM notes"; 150].join(" UNION ALL ");
    for statement in
        [format!("INSERT INTO notes (a, b, c, d) VALUES {rows}"), format!("SELECT id FROM notes WHERE {chain}"), union]
    {
        judge(&statement).unwrap_or_else(|error| panic!("{}: {error}", &statement[..60]));
    }
}

const TOKENS: &[&str] = &[
    "SELECT",
    "FROM",
    "users",
    "notes",
    "WHERE",
    "WITH",
    "AS",
    "(",
    ")",
    ",",
    ".",
    "*",
    "=",
    "$1",
    "'x'",
    "1",
    "JOIN",
    "ON",
    "UNION",
    "INSERT",
    "INTO",
    "VALUES",
    "UPDATE",
    "SET",
    "DELETE",
    "RETURNING",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "IN",
    "NOT",
    "EXISTS",
    "a",
    "ORDER",
    "BY",
    "LIMIT",
    "OVER",
    "count",
    ";",
    "--",
    "/*",
    "*/",
    "\"",
    "E'",
    "$$",
    "LATERAL",
    "CONFLICT",
    "DO",
    "RECURSIVE",
    "CAST",
    "BETWEEN",
    "AND",
    "IS",
    "NULL",
    "||",
    "::",
    "[",
    "]",
    "\u{a0}",
    "GROUP",
    "HAVING",
    "USING",
];

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        let _verdict = judge(&text);
    }

    #[test]
    fn shuffled_tokens_never_reach_a_foreign_table(picks in prop::collection::vec(0..TOKENS.len(), 0..25)) {
        let statement: Vec<&str> = picks.iter().map(|pick| TOKENS[*pick]).collect();
        let statement = statement.join(" ");
        if judge(&statement).is_ok() {
            // It may be the name of a column, but nothing that is read from or changed.
            for before in ["FROM users", "JOIN users", "INTO users", "UPDATE users", "FROM ( users"] {
                prop_assert!(!statement.contains(before), "{statement}");
            }
        }
    }

    #[test]
    fn mutated_statements_never_panic(index in 0..HOSTILE.len(), cut in 0usize..200, insert in 0..TOKENS.len()) {
        let mut mutated: String = HOSTILE[index].0.chars().take(cut).collect();
        mutated.push_str(TOKENS[insert]);
        mutated.extend(HOSTILE[index].0.chars().skip(cut));
        let _verdict = judge(&mutated);
    }
}
