//! Migrations: names of files, what they may touch, what is portable, how constraints are called.

use crate::fixture::{COMPONENT, Fixture, HEAD, MIGRATION, accepted, refused, users};

const FIRST: &str = MIGRATION.0;
const SECOND: &str = "migrations/users/0002_next.sql";

/// Asserts that `sql`, run after the table `users` was created, has one problem at the marked line.
fn refused_sql(sql: &str, message: &str, remedy: &str) {
    refused(&users(""), &[MIGRATION, (SECOND, sql)], message, remedy);
}

fn accepted_sql(sql: &str) {
    accepted(&users(""), &[MIGRATION, (SECOND, sql)]);
}

#[test]
fn files_are_read_in_order() {
    let app = accepted(&users(""), &[(SECOND, "ALTER TABLE users ADD COLUMN email TEXT;"), MIGRATION]);
    let database = app.services.values().next().unwrap().database.as_ref().unwrap();
    let versions: Vec<_> = database.migrations.iter().map(|step| (step.version, step.name.as_str())).collect();
    assert_eq!(versions, [(1, "users"), (2, "next")]);
}

#[test]
fn missing_or_empty_folder_is_refused() {
    let manifest = users("").replace("\"migrations/users\"", "\"migrations/users\" # <-");
    refused(&manifest, &[], "cannot read the migrations in", "create the folder");
    refused(&manifest, &[("migrations/users/.keep", "")], "there are no migrations in", "0001_<change>.sql");
}

#[test]
fn misnamed_files_are_refused() {
    for name in
        ["1_a.sql", "0002-a.sql", "0002_A.sql", "0002_a.SQL", "0000_a.sql", "00002_a.sql", "README.md", "0002_.sql"]
    {
        let path = format!("migrations/users/{name}");
        refused(
            &users(""),
            &[MIGRATION, (&path, "")],
            &format!("{name} is no name for a migration"),
            "NNNN_<change>.sql",
        );
    }
}

#[test]
fn gaps_and_duplicates_in_versions_are_refused() {
    let seed = "DELETE FROM users;";
    let gap = ("migrations/users/0003_c.sql", seed);
    refused(&users(""), &[MIGRATION, gap], "migration 0003 follows 0001: there is a gap", "number it 0002");
    let twice = ("migrations/users/0001_x.sql", seed);
    refused(&users(""), &[MIGRATION, twice], "migration 0001 exists twice", "next free number");
}

#[test]
fn migration_that_does_not_parse_is_refused_with_its_line() {
    refused_sql("DELETE FROM users;\nCREATE TABEL x (id UUID); -- <-", "does not parse", "SQLite and PostgreSQL");
    refused_sql("DELETE FROM users\nDELETE FROM users; -- <-", "does not parse", "SQLite and PostgreSQL");
    refused_sql("DELETE FROM users WHERE id = 'a -- <-", "does not parse", "SQLite and PostgreSQL");
}

#[test]
fn created_and_declared_tables_are_the_same() {
    refused_sql(
        "CREATE TABLE roles ( -- <-\nid UUID NOT NULL PRIMARY KEY);",
        "creates table \"roles\", which `users` does not declare",
        "to the `tables` of `users`",
    );
    let manifest = users("").replace("[\"users\"]", "[\"users\", \"roles\"] # <-");
    refused(&manifest, &[MIGRATION], "\"roles\" is declared, and no migration of `users` creates it", "CREATE TABLE");
}

#[test]
fn tables_are_followed_through_renames_and_drops() {
    accepted_sql("CREATE TABLE a (id BIGINT NOT NULL PRIMARY KEY); ALTER TABLE a RENAME TO b; DROP TABLE b;");
    accepted_sql("ALTER TABLE users RENAME TO old; ALTER TABLE old RENAME TO users;");
    accepted_sql("DROP TABLE IF EXISTS ghosts;");
    let sql = "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME TO users;\nDELETE FROM people; -- <-";
    refused_sql(sql, "table \"people\" does not exist at this point", "earlier statement");
}

#[test]
fn statements_need_tables_that_exist_at_that_point() {
    for sql in [
        "DROP TABLE ghosts; -- <-",
        "ALTER TABLE ghosts ADD COLUMN a TEXT; -- <-",
        "CREATE INDEX ghosts_a_idx ON ghosts (a); -- <-",
        "INSERT INTO ghosts (a) VALUES (1); -- <-",
        "DELETE FROM users WHERE id IN (SELECT id FROM ghosts); -- <-",
        "ALTER TABLE users ADD COLUMN a UUID CONSTRAINT users_a_fkey REFERENCES ghosts (id); -- <-",
    ] {
        refused_sql(sql, "table \"ghosts\" does not exist at this point", "earlier statement");
    }
    refused_sql("CREATE TABLE users (id UUID NOT NULL PRIMARY KEY); -- <-", "exists already", "ALTER TABLE");
    refused_sql("DROP INDEX users_a_idx; -- <-", "index \"users_a_idx\" does not exist", "correct the name");
    accepted_sql("CREATE INDEX users_a_idx ON users (id); DROP INDEX users_a_idx; DROP INDEX IF EXISTS users_a_idx;");
}

#[test]
fn common_table_expressions_are_no_tables() {
    accepted_sql("INSERT INTO users (id) WITH fresh AS (SELECT id FROM users) SELECT id FROM fresh WHERE true;");
}

#[test]
fn tables_of_the_host_are_out_of_bounds() {
    for table in ["outbox_events", "Consumed_Events", "schema_migrations", "sqlite_master", "pg_class"] {
        for sql in
            ["DELETE FROM @; -- <-", "DROP TABLE @; -- <-", "CREATE TABLE @ (id UUID NOT NULL PRIMARY KEY); -- <-"]
        {
            refused_sql(&sql.replace('@', table), "belongs to the host", "the host creates and changes its own");
        }
    }
}

/// Two services, of which the second has `sql` as its migration after the table `orders`.
fn two_services(sql: &str) -> Fixture {
    let entry =
        "component = \"orders\"\ndatabase = \"order_db\"\nmigrations = \"migrations/orders\"\ntables = [\"orders\"]";
    let component = "[component.orders]\nsource = \"orders.wasm\"";
    let manifest = format!("{}[[trigger.mutrapro]]\n{entry}\n{component}\n", users(""));
    let orders = ("migrations/orders/0001_orders.sql", "CREATE TABLE orders (id UUID NOT NULL PRIMARY KEY);");
    Fixture::new(&manifest, &[MIGRATION, orders, ("migrations/orders/0002_more.sql", sql)])
}

#[test]
fn tables_of_other_services_are_out_of_bounds() {
    for sql in ["DELETE FROM users; -- <-", "INSERT INTO orders (id)\nSELECT id FROM users; -- <-"] {
        two_services(sql).assert_refused("`orders` does not own \"users\" (`users` does)", "migrations of `users`");
    }
}

#[test]
fn foreign_key_does_not_leave_the_service() {
    let column =
        "ALTER TABLE orders ADD COLUMN user_id UUID CONSTRAINT orders_user_id_fkey REFERENCES users (id); -- <-";
    two_services(column)
        .assert_refused("the foreign key leaves the service: \"users\" belongs to `users`", "plain column");
    let table = "DROP TABLE orders;\nCREATE TABLE orders (id UUID NOT NULL PRIMARY KEY, user_id UUID,\n\
                 CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)); -- <-";
    two_services(table).assert_refused("the foreign key leaves the service", "plain column");
}

#[test]
fn portable_migration_is_accepted() {
    accepted_sql(
        "CREATE TABLE IF NOT EXISTS parts (
           user_id UUID NOT NULL CONSTRAINT parts_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
           parent_id UUID,
           name TEXT NOT NULL CONSTRAINT parts_name_key UNIQUE
             CONSTRAINT parts_name_length_check CHECK (length(name) > 0),
           a BIGINT DEFAULT -1, b INTEGER, c SMALLINT NULL, d BOOLEAN NOT NULL DEFAULT true, e TIMESTAMPTZ, f DATE,
           g JSONB DEFAULT '{}', h BYTEA,
           PRIMARY KEY (user_id, name),
           CONSTRAINT parts_a_b_key UNIQUE (a, b),
           CONSTRAINT parts_parent_id_name_fkey FOREIGN KEY (parent_id, name) REFERENCES parts (user_id, name),
           CONSTRAINT parts_order_check CHECK (a <= b AND c IN (1, 2) OR d IS NOT NULL AND name NOT LIKE '%x%')
         );
         CREATE UNIQUE INDEX parts_parent_id_key ON parts (parent_id) WHERE d;
         CREATE UNIQUE INDEX parts_lower_name_key ON parts (lower(name));
         CREATE INDEX parts_e_idx ON parts (e DESC, f);
         ALTER TABLE parts ADD COLUMN i TEXT NOT NULL DEFAULT '';
         ALTER TABLE parts RENAME COLUMN i TO j;
         ALTER TABLE parts DROP COLUMN j;
         INSERT INTO parts (user_id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'x')
           ON CONFLICT (name) DO UPDATE SET name = excluded.name;
         UPDATE parts SET name = upper(trim(name)) || 'a',
           a = CASE WHEN b > 1 THEN CAST(b AS BIGINT) ELSE coalesce(a, 0) END;
         DELETE FROM parts WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = parts.user_id);
         DROP INDEX parts_e_idx;
         DROP TABLE parts;",
    );
}

#[test]
fn statements_outside_the_portable_set_are_refused() {
    for sql in [
        "SELECT 1; -- <-",
        "TRUNCATE users; -- <-",
        "CREATE VIEW v AS SELECT 1; -- <-",
        "CREATE EXTENSION pgcrypto; -- <-",
        "GRANT SELECT ON users TO somebody; -- <-",
        "BEGIN; -- <-",
        "DROP VIEW v; -- <-",
    ] {
        refused_sql(sql, "a migration may not run", "use CREATE TABLE");
    }
}

#[test]
fn types_outside_the_portable_set_are_refused() {
    for data_type in
        ["VARCHAR(20)", "INT", "NUMERIC(10, 2)", "DOUBLE PRECISION", "TIMESTAMP", "SERIAL", "TEXT[]", "JSON"]
    {
        let sql = format!("ALTER TABLE users ADD COLUMN a {data_type}; -- <-");
        refused_sql(&sql, "column \"a\" has the type", "UUID, TEXT, BIGINT");
    }
}

#[test]
fn options_that_one_engine_lacks_are_refused() {
    for (sql, message) in [
        ("CREATE TEMPORARY TABLE t (id UUID NOT NULL PRIMARY KEY); DROP TABLE t; -- <-", "uses an option"),
        ("CREATE TABLE t AS SELECT 1 AS a; DROP TABLE t; -- <-", "uses an option"),
        ("CREATE TABLE t (id UUID NOT NULL PRIMARY KEY) WITH (fillfactor = 70); DROP TABLE t; -- <-", "uses an option"),
        ("ALTER TABLE users ADD COLUMN a BIGINT GENERATED ALWAYS AS IDENTITY; -- <-", "has an option"),
        ("ALTER TABLE users ADD COLUMN a TEXT COLLATE \"C\"; -- <-", "has an option"),
        ("CREATE INDEX users_id_idx ON users USING gin (id); -- <-", "the index uses an option"),
        ("CREATE INDEX CONCURRENTLY users_id_idx ON users (id); -- <-", "the index uses an option"),
        ("CREATE INDEX users_id_idx ON users (id NULLS FIRST); -- <-", "the index uses an option"),
        ("ALTER TABLE users ADD COLUMN a TEXT, ADD COLUMN b TEXT; -- <-", "not portable: ALTER TABLE"),
        ("ALTER TABLE users DROP COLUMN a CASCADE; -- <-", "not portable: ALTER TABLE"),
        ("ALTER TABLE users ADD CONSTRAINT users_a_check CHECK (a > 1); -- <-", "not portable: ALTER TABLE"),
        ("ALTER TABLE users ALTER COLUMN a SET NOT NULL; -- <-", "not portable: ALTER TABLE"),
        ("DROP TABLE IF EXISTS ghosts CASCADE; -- <-", "not portable: DROP TABLE"),
        (
            "INSERT INTO users (id) VALUES ('a') ON CONFLICT ON CONSTRAINT users_pkey DO NOTHING; -- <-",
            "not portable: INSERT",
        ),
        ("DELETE FROM users USING users AS other WHERE users.id = other.id; -- <-", "not portable: DELETE"),
    ] {
        refused_sql(sql, message, "");
    }
}

#[test]
fn expressions_that_one_engine_lacks_are_refused() {
    for expression in [
        "now()",
        "CURRENT_TIMESTAMP",
        "gen_random_uuid()",
        "id::text",
        "CAST('a' AS UUID)",
        "id ILIKE 'a'",
        "id ~ 'a'",
        "id -> 'a'",
        "E'a'",
        "X'00'",
        "$1",
        "ARRAY[1]",
        "INTERVAL '1 day'",
        "DATE '2024-01-01'",
        "EXTRACT(year FROM id)",
        "substring(id FROM 2)",
    ] {
        refused_sql(
            &format!("DELETE FROM users WHERE (id) = ({expression}); -- <-"),
            "not portable: ",
            "keep to columns",
        );
    }
    let default = "ALTER TABLE users ADD COLUMN a TEXT DEFAULT ('a' || 'b'); -- <-";
    refused_sql(default, "has an option that is not portable: DEFAULT", "a literal DEFAULT");
}

#[test]
fn schema_qualified_tables_are_refused() {
    refused_sql("DELETE FROM main.users; -- <-", "with its schema", "the table's name alone");
}

#[test]
fn added_columns_are_what_sqlite_can_add() {
    let key = "ALTER TABLE users ADD COLUMN a TEXT CONSTRAINT users_a_key UNIQUE; -- <-";
    refused_sql(key, "SQLite cannot add the column \"a\" with a key", "CREATE UNIQUE INDEX");
    let sql = "ALTER TABLE users ADD COLUMN a TEXT NOT NULL; -- <-";
    refused_sql(sql, "added NOT NULL without a DEFAULT", "give it a DEFAULT");
}

/// Asserts that the table `users` with `definition`, on its own line, has one problem there.
fn refused_definition(definition: &str, message: &str, remedy: &str) {
    let sql = format!("CREATE TABLE users (\nid UUID NOT NULL PRIMARY KEY,\n{definition} -- <-\n);");
    refused(&users(""), &[(FIRST, &sql)], message, remedy);
}

#[test]
fn constraints_are_named_by_the_convention() {
    for definition in [
        "email TEXT UNIQUE",
        "email TEXT CHECK (length(email) > 3)",
        "email UUID REFERENCES users (id)",
        "email TEXT, UNIQUE (email)",
        "email TEXT, CHECK (length(email) > 3)",
        "email UUID, FOREIGN KEY (email) REFERENCES users (id)",
    ] {
        refused_definition(definition, "a constraint of table \"users\" has no name", "CONSTRAINT users_");
    }
    for (definition, remedy) in [
        ("email TEXT CONSTRAINT email_key UNIQUE", "`users_email_key`"),
        ("email TEXT CONSTRAINT users_email_unique UNIQUE", "`users_email_key`"),
        ("a TEXT, b TEXT, CONSTRAINT users_b_a_key UNIQUE (a, b)", "`users_a_b_key`"),
        ("a UUID, CONSTRAINT users_fkey FOREIGN KEY (a) REFERENCES users (id)", "`users_a_fkey`"),
        ("a TEXT, CONSTRAINT a_check CHECK (a = 'b')", "`users_<what it says>_check`"),
        ("a TEXT CONSTRAINT users_a CHECK (a = 'b')", "`users_<what it says>_check`"),
    ] {
        refused_definition(definition, "is not named by the convention", remedy);
    }
    refused_sql("CREATE UNIQUE INDEX unique_id ON users (id); -- <-", "\"unique_id\"", "`users_id_key`");
    refused_sql(
        "CREATE UNIQUE INDEX users_id ON users (lower(id)); -- <-",
        "\"users_id\"",
        "`users_<what it says>_key`",
    );
}

#[test]
fn names_of_indexes_and_constraints_are_taken_once() {
    let sql = "CREATE INDEX users_id_idx ON users (id);\nCREATE INDEX users_id_idx ON users (id); -- <-";
    refused_sql(sql, "\"users_id_idx\" is taken", "its own name");
    let long = format!("CREATE INDEX users_{}_idx ON users (id); -- <-", "a".repeat(60));
    refused_sql(&long, "longer than PostgreSQL keeps", "63 characters at most");
}

#[test]
fn primary_keys_mean_the_same_on_both_engines() {
    let with = |key: &str| format!("CREATE TABLE users ({key}); -- <-");
    refused(&users(""), &[(FIRST, &with("id UUID PRIMARY KEY"))], "be null", "write `id UUID NOT NULL`");
    refused(&users(""), &[(FIRST, &with("id UUID, PRIMARY KEY (id)"))], "be null", "write `id UUID NOT NULL`");
    refused(&users(""), &[(FIRST, &with("id INTEGER NOT NULL PRIMARY KEY"))], "numbers the INTEGER", "BIGINT");
}

#[test]
fn one_unreadable_file_does_not_lead_to_guesses_about_tables() {
    let manifest = format!(
        "{HEAD}[[trigger.mutrapro]]\ncomponent = \"users\"\ndatabase = \"user_db\"\nmigrations = \"migrations/users\"\n\
         tables = [\"users\", \"roles\"]\n{COMPONENT}"
    );
    refused(&manifest, &[MIGRATION, (SECOND, "CREATE TABEL roles (id UUID); -- <-")], "does not parse", "SQLite");
}
