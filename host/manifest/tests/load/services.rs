//! What services are, own, say and may do.

use crate::fixture::{COMPONENT, Fixture, HEAD, MIGRATION, accepted, refused, stateless, users};

/// A second service beside [`users`], with `more` lines in its trigger entry.
fn with_orders(more: &str) -> String {
    let component = "[component.orders]\nsource = \"orders.wasm\"\n";
    format!("{}[[trigger.mutrapro]]\ncomponent = \"orders\"\n{more}\n{component}", users(""))
}

const ORDERS: (&str, &str) =
    ("migrations/orders/0001_orders.sql", "CREATE TABLE orders (id UUID NOT NULL PRIMARY KEY);");

#[test]
fn component_names_are_kebab_case() {
    let manifest = stateless("").replace("component = \"users\"", "component = \"User_s\"");
    let manifest = manifest.replace("[component.users]", "[component.User_s] # <-");
    refused(&manifest, &[], "\"User_s\" is no name for a component", "like-this");
}

#[test]
fn component_needs_a_trigger_entry() {
    refused(
        &format!("{HEAD}{}", COMPONENT.replacen('\n', " # <-\n", 1)),
        &[],
        "`users` has no trigger entry",
        "add [[trigger.mutrapro]]",
    );
}

#[test]
fn trigger_entry_needs_an_existing_component() {
    let manifest = format!("{}[[trigger.mutrapro]]\ncomponent = \"user\" # <-\n", stateless(""));
    refused(&manifest, &[], "component `user` does not exist", "did you mean `users`?");
}

#[test]
fn ids_components_routes_and_databases_are_given_once() {
    let manifest =
        with_orders("id = \"a\" # <-").replacen("[[trigger.mutrapro]]", "[[trigger.mutrapro]]\nid = \"a\"", 1);
    refused(&manifest, &[MIGRATION], "`id = \"a\"` stands in two trigger entries", "the first is in line 6");
    let manifest = format!("{}[[trigger.mutrapro]]\ncomponent = \"users\" # <-\n", stateless(""));
    refused(&manifest, &[], "`component = \"users\"` stands in two", "merge the two");
    let manifest = with_orders("route = \"/a/...\" # <-").replacen("tables", "route = \"/a/...\"\ntables", 1);
    refused(&manifest, &[MIGRATION], "route \"/a/...\" is taken", "another path");
    let second = "database = \"user_db\" # <-\nmigrations = \"migrations/orders\"\ntables = [\"orders\"]";
    refused(&with_orders(second), &[MIGRATION, ORDERS], "`database = \"user_db\"` stands in two", "change one");
}

#[test]
fn exact_route_and_wildcard_of_one_path_are_different_routes() {
    let manifest = with_orders("route = \"/a/...\"").replacen("tables", "route = \"/a\"\ntables", 1);
    assert_eq!(accepted(&manifest, &[MIGRATION]).services.len(), 2);
}

#[test]
fn malformed_routes_are_refused() {
    for (route, remedy) in [
        ("users", "begin it with `/`"),
        ("", "begin it with `/`"),
        ("...", "begin it with `/`"),
        ("/users/", "none at the end"),
        ("/a//b", "every `/` once"),
        ("/a/.../b", "at the end only"),
        ("/a/../b", "without `.` and `..`"),
        ("/a/:id", "parameters are not for the host"),
        ("/a/*", "end it with `/...`"),
        ("/a?b=c", "without a query"),
        ("/a b", "letters, digits"),
    ] {
        refused(&stateless(&format!("route = \"{route}\" # <-")), &[], "is not valid", remedy);
    }
    for route in ["/", "/...", "/health", "/api/...", "/a-b/c.d_e~f"] {
        accepted(&stateless(&format!("route = \"{route}\"")), &[]);
    }
}

#[test]
fn table_has_one_owner() {
    let more = "database = \"order_db\"\nmigrations = \"migrations/orders\"\ntables = [\"orders\", \"users\"] # <-";
    refused(
        &with_orders(more),
        &[MIGRATION, ORDERS],
        "\"users\" is claimed twice: by `users` and by `orders`",
        "the one service",
    );
}

#[test]
fn table_names_are_snake_case_and_not_the_hosts() {
    for (table, message) in [
        ("outbox_events", "belongs to the host"),
        ("schema_versions", "belongs to the host"),
        ("sqlite_stat1", "belongs to the host"),
    ] {
        let manifest = users("").replace("[\"users\"]", &format!("[\"users\", \"{table}\"] # <-"));
        refused(&manifest, &[MIGRATION], message, "remove it");
    }
    let sql = "CREATE TABLE \"Users\" (id UUID NOT NULL PRIMARY KEY);";
    let problems =
        Fixture::new(&users("").replace("[\"users\"]", "[\"Users\"]"), &[(MIGRATION.0, sql)]).load().unwrap_err();
    assert!(problems.to_string().contains("spin.toml:9: \"Users\" is no name for a table"), "{problems}");
}

#[test]
fn database_names_are_snake_case_and_not_reserved() {
    let named = |name: &str| users("").replace("\"user_db\"", &format!("\"{name}\" # <-"));
    refused(&named("user-db"), &[MIGRATION], "\"user-db\" is no name for a database", "user_db");
    refused(&named("bus"), &[MIGRATION], "`bus` is reserved", "choose another");
}

#[test]
fn database_comes_with_tables_and_migrations() {
    let manifest = users("").replace("\"user_db\"", "\"user_db\" # <-").replace("tables = [\"users\"]", "");
    let empty = (MIGRATION.0, "CREATE TABLE a (id UUID NOT NULL PRIMARY KEY); DROP TABLE a;");
    refused(&manifest, &[empty], "database `user_db` has no tables", "tables = [");
    let manifest =
        users("").replace("\"user_db\"", "\"user_db\" # <-").replace("migrations = \"migrations/users\"", "");
    refused(&manifest, &[], "database `user_db` has no migrations", "migrations/users");
}

#[test]
fn what_lives_in_a_database_needs_one() {
    for key in ["tables", "migrations", "publishes", "subscribes", "schedules"] {
        let value = match key {
            "migrations" => "\"migrations/users\"",
            "schedules" => "[{ job = \"sweep\", cron = \"@hourly\" }]",
            "subscribes" => "[\"order.created\"]",
            _ => "[\"user.registered\"]",
        };
        let manifest = with_orders("").replacen(
            "tables = [\"users\"]",
            "tables = [\"users\"]\npublishes = [\"order.created\"]",
            1,
        );
        let value = if key == "tables" { "[\"orders\"]" } else { value };
        let manifest =
            manifest.replace("component = \"orders\"", &format!("component = \"orders\"\n{key} = {value} # <-"));
        refused(&manifest, &[MIGRATION], &format!("`{key}` without a `database`"), "add `database =");
    }
}

#[test]
fn kinds_of_event_are_well_formed() {
    for kind in ["user", "User.registered", "*.registered", "user.", "user*"] {
        let manifest = users(&format!("publishes = [\"{kind}\"] # <-"));
        refused(&manifest, &[MIGRATION], "is no kind of event", "<aggregate>.<fact>");
        let manifest = users(&format!("subscribes = [\"{kind}\"] # <-"));
        refused(&manifest, &[MIGRATION], "is no kind of event", "<aggregate>.<fact>");
    }
}

#[test]
fn subscribed_event_needs_a_publisher() {
    let manifest =
        |kind: &str| users(&format!("publishes = [\"user.registered\", \"role.*\"]\nsubscribes = [\"{kind}\"] # <-"));
    for kind in ["user.registered", "user.*", "role.granted", "role.*", "*"] {
        accepted(&manifest(kind), &[MIGRATION]);
    }
    refused(
        &manifest("user.registred"),
        &[MIGRATION],
        "nobody publishes \"user.registred\"",
        "did you mean `user.registered`?",
    );
    refused(&manifest("payment.*"), &[MIGRATION], "nobody publishes \"payment.*\"", "`publishes` of the service");
}

#[test]
fn bad_cron_is_refused() {
    let manifest = |cron: &str| users(&format!("schedules = [{{ job = \"sweep\", cron = \"{cron}\" }}] # <-"));
    for cron in ["0 * * * * *", "*/5 * * * *", "@reboot", "@hourly", "@daily", "0 0 9 * * MON-FRI", "0 0 29 2 *"] {
        accepted(&manifest(cron), &[MIGRATION]);
    }
    for cron in ["", "every day", "* * * *", "61 * * * * *", "0 0 0 1 1 * 2030", "@sometimes"] {
        refused(&manifest(cron), &[MIGRATION], "of job `sweep` is not valid", "six fields");
    }
    refused(&manifest("0 0 30 2 *"), &[MIGRATION], "it never fires", "six fields");
}

#[test]
fn jobs_are_kebab_case_and_scheduled_once_a_time() {
    let manifest = users("schedules = [{ job = \"Sweep\", cron = \"@daily\" }] # <-");
    refused(&manifest, &[MIGRATION], "\"Sweep\" is no name for a job", "like-this");
    let manifest = users("schedules = [{ job = \"a\", cron = \"@daily\" }, { job = \"a\", cron = \"@daily\" }] # <-");
    refused(&manifest, &[MIGRATION], "job `a` has the same schedule twice", "remove one");
}

#[test]
fn limits_out_of_range_are_refused() {
    for limit in ["memory_bytes_max = 1000", "instances_max = 0", "request_ms_max = -1", "body_bytes_max = 0"] {
        let manifest = stateless(&format!("limits = {{ {limit} }} # <-"));
        refused(&manifest, &[], "is out of range", "give a number from");
    }
}

#[test]
fn outbound_hosts_are_told_apart() {
    let hosts = r#"["http://*.spin.internal", "https://API.example.com/", "http://localhost:8080",
        "*://db.example.com:*", "https://*.example.com", "http://[::1]:81", "http://*:80"]"#;
    let app = accepted(&format!("{}allowed_outbound_hosts = {hosts}\n", with_orders("")), &[MIGRATION]);
    let outbound = &app.services.values().next().unwrap().outbound;
    assert_eq!(outbound.components.len(), 2);
    let hosts: Vec<_> = outbound.hosts.iter().map(|h| (h.scheme.as_deref(), h.host.as_str(), h.port)).collect();
    let expected = [
        (Some("https"), "api.example.com", Some(443)),
        (Some("http"), "localhost", Some(8080)),
        (None, "db.example.com", None),
        (Some("https"), "*.example.com", Some(443)),
        (Some("http"), "[::1]", Some(81)),
        (Some("http"), "*", Some(80)),
    ];
    assert_eq!(hosts, expected);
}

#[test]
fn malformed_outbound_hosts_are_refused() {
    for (host, remedy) in [
        ("api.example.com", "with a scheme"),
        ("postgres://db:5432", "`http`, `https` or `*`"),
        ("https://a.example/path", "without path"),
        ("https://user@a.example", "without path, query or user"),
        ("https://a..b", "name a host"),
        ("https://", "name a host"),
        ("https://a*.example", "name a host"),
        ("https://a.example:0", "from 1 to 65535"),
        ("https://a.example:80..90", "from 1 to 65535"),
        ("*://a.example", "no port of its own"),
        ("http://::1", "name a host"),
        ("http://self", "name the component"),
        ("https://users.spin.internal", "without a port"),
        ("http://users.spin.internal:80", "without a port"),
    ] {
        let manifest = format!("{}allowed_outbound_hosts = [\"{host}\"] # <-\n", stateless(""));
        refused(&manifest, &[], "is not valid", remedy);
    }
}

#[test]
fn call_to_a_component_that_does_not_exist_is_refused() {
    let manifest = format!("{}allowed_outbound_hosts = [\"http://user.spin.internal\"] # <-\n", stateless(""));
    refused(&manifest, &[], "calls a component that does not exist", "did you mean `users`?");
}

#[test]
fn missing_wasm_file_is_answered_with_the_build_command() {
    let manifest = stateless("").replace("\"users.wasm\"", "\"users.wasm\" # <-");
    Fixture::new(&manifest, &[])
        .with_wasm_required()
        .assert_refused("file of `users` is missing", "add [component.users.build]");
    let built = format!("{manifest}build = {{ command = \"cargo build -p users\" }}\n");
    Fixture::new(&built, &[]).with_wasm_required().assert_refused("users.wasm", "build it: `cargo build -p users`");
    Fixture::new(&manifest, &[("users.wasm", "")]).with_wasm_required().load().unwrap();
}
