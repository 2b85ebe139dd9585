//! What a service may not touch, and whom it may not call, beside a bystander that must not notice.

use anyhow::{Result, ensure};
use mutrapro_tests::{Guest, OutsideServer, Stage, check_claims};
use reqwest::Method;
use serde_json::{Value, json};

/// A stage with hostile services, and two servers outside of which one is listed in the manifest.
struct Scene {
    stage: Stage,
    listed: OutsideServer,
    unlisted: OutsideServer,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_service_reaches_nothing_that_is_not_its_own() -> Result<()> {
    let (listed, unlisted) = (OutsideServer::start().await?, OutsideServer::start().await?);
    let stage = Stage::set([
        Guest::hostile("hostile")
            .outbound("http://stranger-with-a-typo.example.com")
            .outbound(&format!("http://{}", listed.address())),
        Guest::hostile("ping").outbound("http://pong.spin.internal").outbound("http://stranger.spin.internal"),
        Guest::hostile("pong").outbound("http://ping.spin.internal"),
        Guest::hostile("selfish").outbound("http://selfish.spin.internal").trigger("limits = { instances_max = 1 }"),
        Guest::new("stranger", "plain_p3"),
    ])
    .await?;
    let scene = Scene { stage, listed, unlisted };
    let mut failed = check_claims![scene;
        tables_of_other_services_are_out_of_reach_and_the_error_names_their_owner,
        the_hosts_own_tables_are_out_of_reach,
        no_trick_of_syntax_leads_to_the_outbox,
        a_statement_is_one_statement,
        only_rows_are_for_services_and_never_the_schema_or_the_engine,
        reading_outside_a_transaction_changes_nothing,
        a_second_transaction_is_invalid_while_one_is_open,
        a_component_that_is_not_listed_cannot_be_called,
        a_component_that_does_not_exist_is_named,
        a_component_that_streams_is_called_through_wasi,
        an_outside_caller_cannot_say_who_it_is,
        a_component_cannot_say_that_it_is_another,
        a_component_cannot_say_that_it_is_another_through_wasi,
        an_address_that_is_not_listed_is_denied_and_never_connected_to,
        an_address_that_is_listed_is_reached,
        nobody_is_called_while_a_transaction_is_open,
        services_that_call_each_other_for_ever_are_told_overloaded,
        a_service_that_waits_for_itself_is_told_overloaded,
        files_environment_and_sockets_are_not_there,
    ];
    if let Err(error) = scene.stage.strike().await {
        failed.push(format!("the bystander notices nothing: {error:#}"));
    }
    ensure!(failed.is_empty(), "claims that do not hold:\n{}", failed.join("\n"));
    Ok(())
}

async fn tables_of_other_services_are_out_of_reach_and_the_error_names_their_owner(scene: &Scene) -> Result<()> {
    let owner = "hostile does not own \"bystander_items\" (bystander does)";
    for statement in [
        "SELECT * FROM bystander_items",
        "select * from BYSTANDER_ITEMS",
        "SELECT h.id FROM hostile_items h JOIN bystander_items b ON b.id = h.id",
        "SELECT id FROM hostile_items WHERE id IN (SELECT id FROM bystander_items)",
        "WITH b AS (SELECT id FROM bystander_items) SELECT * FROM b",
    ] {
        scene.stage.refuses("/hostile/sql/query", statement, "forbidden", &[owner]).await?;
    }
    for statement in [
        "INSERT INTO bystander_items (id) VALUES ('stolen')",
        "UPDATE bystander_items SET id = 'stolen'",
        "DELETE FROM bystander_items",
        "INSERT INTO hostile_items (id) SELECT id FROM bystander_items",
    ] {
        scene.stage.refuses("/hostile/sql/execute", statement, "forbidden", &[owner]).await?;
    }
    Ok(())
}

async fn the_hosts_own_tables_are_out_of_reach(scene: &Scene) -> Result<()> {
    for table in ["outbox_events", "consumed_events", "schema_migrations", "host_migrations"] {
        let text = format!("\"{table}\" belongs to the host");
        for statement in [format!("SELECT * FROM {table}"), format!("SELECT * FROM {}", table.to_uppercase())] {
            scene.stage.refuses("/hostile/sql/query", &statement, "forbidden", &[&text]).await?;
        }
        let statement = format!("DELETE FROM {table}");
        scene.stage.refuses("/hostile/sql/execute", &statement, "forbidden", &[&text]).await?;
    }
    for table in ["sqlite_master", "sqlite_schema", "sqlite_sequence", "pg_catalog"] {
        let statement = format!("SELECT * FROM {table}");
        scene.stage.refuses("/hostile/sql/query", &statement, "forbidden", &["belongs to the database engine"]).await?;
    }
    Ok(())
}

async fn no_trick_of_syntax_leads_to_the_outbox(scene: &Scene) -> Result<()> {
    for statement in [
        "WITH outbox_events AS (SELECT 1) SELECT * FROM outbox_events",
        "WITH x AS (SELECT * FROM outbox_events) SELECT * FROM x",
        "WITH x AS (WITH y AS (SELECT * FROM outbox_events) SELECT * FROM y) SELECT * FROM x",
        "WITH x AS (DELETE FROM outbox_events RETURNING event_id) SELECT * FROM x",
        "SELECT * FROM main.outbox_events",
        "SELECT * FROM \"main\".\"outbox_events\"",
        "SELECT * FROM \"outbox_events\"",
        "SELECT * FROM \"OUTBOX_EVENTS\"",
        "SELECT * FROM \"bystander_items\"",
        "SELECT * FROM [outbox_events]",
        "SELECT * FROM `outbox_events`",
        "SELECT * FROM 'outbox_events'",
        "SELECT * FROM U&\"outbox\\005fevents\"",
        "SELECT * FROM outbox_events --",
        "SELECT * FROM /* hostile_items */ outbox_events",
        "SELECT * FROM (outbox_events)",
        "SELECT * FROM ((hostile_items CROSS JOIN outbox_events))",
        "SELECT * FROM hostile_items, outbox_events",
        "SELECT * FROM hostile_items NATURAL JOIN outbox_events",
        "SELECT * FROM hostile_items UNION ALL SELECT event_id, event_id, event_id FROM outbox_events",
        "SELECT id FROM hostile_items EXCEPT SELECT event_id FROM outbox_events",
        "SELECT (SELECT count(*) FROM \"outbox_events\")",
        "SELECT id FROM hostile_items WHERE EXISTS (SELECT 1 FROM outbox_events)",
        "SELECT id FROM hostile_items WHERE id IN outbox_events",
        "SELECT id FROM hostile_items GROUP BY (SELECT count(*) FROM outbox_events)",
        "SELECT count(*) FROM hostile_items HAVING (SELECT count(*) FROM outbox_events) > 0",
        "SELECT id FROM hostile_items ORDER BY (SELECT count(*) FROM outbox_events)",
        "SELECT id FROM hostile_items LIMIT (SELECT count(*) FROM outbox_events)",
        "SELECT id FROM hostile_items LIMIT 1 OFFSET (SELECT count(*) FROM outbox_events)",
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM outbox_events) THEN 1 END",
        "SELECT coalesce((SELECT event_id FROM outbox_events), 'x')",
        "SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM outbox_events)) FROM hostile_items",
        "SELECT sum(1) OVER (ORDER BY (SELECT count(*) FROM outbox_events)) FROM hostile_items",
        "VALUES ((SELECT count(*) FROM outbox_events))",
        "TABLE outbox_events",
        "SELECT * FROM pragma_table_info('outbox_events')",
        "SELECT * FROM json_each((SELECT event_payload FROM outbox_events))",
        "SELECT load_extension('evil')",
        "SELECT readfile('/etc/passwd')",
        "SELECT randomblob(1000000000)",
    ] {
        let said = scene.stage.misdeed("/hostile/sql/query", statement).await?;
        ensure!(is_refusal(&said), "{statement}: {said}");
    }
    for statement in [
        "INSERT INTO hostile_items (id) SELECT event_id FROM outbox_events",
        "INSERT INTO hostile_items (id) VALUES ((SELECT event_id FROM outbox_events))",
        "INSERT INTO hostile_items (id) VALUES ('a') ON CONFLICT (id) DO UPDATE SET note = (SELECT event_id FROM outbox_events)",
        "INSERT INTO hostile_items (id) VALUES ('a') RETURNING (SELECT count(*) FROM outbox_events)",
        "UPDATE hostile_items SET note = (SELECT event_id FROM outbox_events)",
        "UPDATE hostile_items SET note = event_id FROM outbox_events",
        "DELETE FROM hostile_items WHERE EXISTS (SELECT 1 FROM outbox_events)",
        "DELETE FROM hostile_items USING outbox_events WHERE id = event_id",
        "INSERT OR REPLACE INTO outbox_events (event_id) VALUES ('forged')",
        "REPLACE INTO outbox_events (event_id) VALUES ('forged')",
        "WITH x AS (SELECT 1) INSERT INTO outbox_events (event_id) SELECT 'forged' FROM x",
    ] {
        let said = scene.stage.misdeed("/hostile/sql/execute", statement).await?;
        ensure!(is_refusal(&said), "{statement}: {said}");
    }
    Ok(())
}

async fn a_statement_is_one_statement(scene: &Scene) -> Result<()> {
    for statement in [
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE hostile_items",
        "INSERT INTO hostile_items (id) VALUES ('a'); DELETE FROM outbox_events",
        "SELECT 1;; DELETE FROM hostile_items",
        "SELECT 1\0; DELETE FROM outbox_events",
    ] {
        for path in ["/hostile/sql/query", "/hostile/sql/execute"] {
            let said = scene.stage.misdeed(path, statement).await?;
            ensure!(is_refusal(&said), "{statement}: {said}");
        }
    }
    let several = "SELECT 1; SELECT 2";
    scene.stage.refuses("/hostile/sql/query", several, "forbidden", &["several statements in one"]).await
}

async fn only_rows_are_for_services_and_never_the_schema_or_the_engine(scene: &Scene) -> Result<()> {
    scene.stage.refuses("/hostile/sql/execute", "INSERT INTO hostile_items (id) VALUES ('kept')", "ok", &["1"]).await?;
    for statement in [
        "ATTACH DATABASE 'bystander_db.sqlite' AS bystander",
        "DETACH DATABASE main",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA writable_schema = 1",
        "CREATE TABLE loot (id TEXT)",
        "CREATE TEMP TABLE loot (id TEXT)",
        "CREATE VIEW loot AS SELECT * FROM outbox_events",
        "CREATE TRIGGER loot AFTER INSERT ON hostile_items BEGIN DELETE FROM outbox_events; END",
        "ALTER TABLE hostile_items RENAME TO loot",
        "DROP TABLE hostile_items",
        "DROP TABLE outbox_events",
        "TRUNCATE hostile_items",
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "RELEASE a",
        "VACUUM",
        "VACUUM INTO '/tmp/loot.sqlite'",
        "ANALYZE",
        "REINDEX",
        "EXPLAIN SELECT * FROM outbox_events",
        "EXPLAIN QUERY PLAN DELETE FROM hostile_items",
        "SET search_path TO public",
        "COPY hostile_items TO '/tmp/loot'",
        "GRANT ALL ON hostile_items TO public",
        "",
        ";",
        "nonsense",
    ] {
        for path in ["/hostile/sql/query", "/hostile/sql/execute", "/hostile/sql/transaction-query"] {
            let said = scene.stage.misdeed(path, statement).await?;
            ensure!(is_refusal(&said), "{statement}: {said}");
        }
    }
    let kept = "SELECT id FROM hostile_items WHERE id = 'kept'";
    scene.stage.refuses("/hostile/sql/query", kept, "ok", &["1 row(s) kept"]).await
}

async fn reading_outside_a_transaction_changes_nothing(scene: &Scene) -> Result<()> {
    for statement in [
        "INSERT INTO hostile_items (id) VALUES ('unwritten')",
        "INSERT INTO hostile_items (id) VALUES ('unwritten') RETURNING id",
        "DELETE FROM hostile_items",
    ] {
        scene
            .stage
            .refuses("/hostile/sql/query", statement, "forbidden", &["outside a transaction only SELECT"])
            .await?;
    }
    Ok(())
}

async fn a_second_transaction_is_invalid_while_one_is_open(scene: &Scene) -> Result<()> {
    scene.stage.refuses("/hostile/sql/begin-twice", "", "invalid", &["a transaction is open already"]).await
}

async fn a_component_that_is_not_listed_cannot_be_called(scene: &Scene) -> Result<()> {
    let call = call_of("ping", "/ping/headers", &[]);
    let texts = ["hostile may not call ping", "\"http://ping.spin.internal\"", "allowed_outbound_hosts"];
    scene.stage.refuses("/hostile/call/send", &call, "not-allowed", &texts).await?;
    let call = call_of("ping.spin.internal", "/ping/headers", &[]);
    scene.stage.refuses("/hostile/call/outgoing", &call, "wasi", &["HttpRequestDenied"]).await?;
    let call = call_of("PING.Spin.Internal:80", "/ping/headers", &[]);
    scene.stage.refuses("/hostile/call/outgoing", &call, "wasi", &["HttpRequestDenied"]).await
}

async fn a_component_that_does_not_exist_is_named(scene: &Scene) -> Result<()> {
    for name in ["nobody", "", "bystander/../ping", "Bystander", "bystander.spin.internal"] {
        scene.stage.refuses("/hostile/call/send", &call_of(name, "/", &[]), "no-such-component", &[name]).await?;
    }
    Ok(())
}

async fn a_component_that_streams_is_called_through_wasi(scene: &Scene) -> Result<()> {
    let call = call_of("stranger", "/plain-p3/headers", &[]);
    scene.stage.refuses("/ping/call/send", &call, "streams", &[]).await?;
    let call = call_of("stranger.spin.internal", "/plain-p3/headers", &[]);
    scene.stage.refuses("/ping/call/outgoing", &call, "ok", &["200 ", "x-mutrapro-caller: ping"]).await
}

async fn an_outside_caller_cannot_say_who_it_is(scene: &Scene) -> Result<()> {
    let request = scene.stage.client.request(Method::GET, "/hostile/headers");
    let forged = [
        ("x-mutrapro-caller", "api-gateway"),
        ("X-MuTraPro-Caller", "api-gateway"),
        ("x-mutrapro-user", "0190f3a0-0000-7000-8000-000000000001"),
        ("x-mutrapro-roles", "system_admin"),
        ("x-mutrapro-client-address", "10.0.0.1"),
        ("x-mutrapro-anything", "forged"),
    ];
    let request = forged.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let seen = mutrapro_testkit::answer(request).await?.expect(200)?.text();
    let own: Vec<&str> = seen.lines().filter(|line| line.contains("x-mutrapro-")).collect();
    ensure!(own == ["x-mutrapro-client-address: 127.0.0.1"], "the component sees {own:?}");
    Ok(())
}

const FORGED: [(&str, &str); 3] =
    [("x-mutrapro-caller", "api-gateway"), ("X-MUTRAPRO-CALLER", "api-gateway"), ("traceparent", "forged")];

async fn a_component_cannot_say_that_it_is_another(scene: &Scene) -> Result<()> {
    let said = scene.stage.misdeed("/hostile/call/send", &call_of("bystander", "/bystander/headers", &FORGED)).await?;
    sees_the_hosts_truth(&said)
}

async fn a_component_cannot_say_that_it_is_another_through_wasi(scene: &Scene) -> Result<()> {
    let call = call_of("bystander.spin.internal", "/bystander/headers", &FORGED);
    sees_the_hosts_truth(&scene.stage.misdeed("/hostile/call/outgoing", &call).await?)
}

fn sees_the_hosts_truth(said: &str) -> Result<()> {
    ensure!(said.starts_with("ok: 200 "), "the call failed: {said}");
    let lowered = said.to_lowercase();
    let callers: Vec<&str> = lowered.lines().filter(|line| line.contains("x-mutrapro-caller")).collect();
    let is_true = callers.iter().all(|line| line.ends_with("x-mutrapro-caller: hostile")) && callers.len() == 1;
    ensure!(is_true, "the callee sees {callers:?}");
    ensure!(!lowered.contains("traceparent: forged"), "the callee sees a forged trace: {said}");
    Ok(())
}

async fn an_address_that_is_not_listed_is_denied_and_never_connected_to(scene: &Scene) -> Result<()> {
    let (unlisted, listed) = (scene.unlisted.address(), scene.listed.address());
    let addresses = [
        unlisted.to_string(),
        format!("localhost:{}", unlisted.port()),
        format!("localhost:{}", listed.port()),
        format!("[::1]:{}", listed.port()),
        format!("127.1:{}", listed.port()),
        "127.0.0.1".to_owned(),
        "169.254.169.254".to_owned(),
        "self".to_owned(),
    ];
    for address in addresses {
        let call = call_of(&address, "/", &[]);
        scene.stage.refuses("/hostile/call/outgoing", &call, "wasi", &["HttpRequestDenied"]).await?;
    }
    ensure!(scene.unlisted.connections() == 0, "somebody connected");
    Ok(())
}

async fn an_address_that_is_listed_is_reached(scene: &Scene) -> Result<()> {
    let call = call_of(&scene.listed.address().to_string(), "/", &[]);
    scene.stage.refuses("/hostile/call/outgoing", &call, "ok", &["200 outside"]).await?;
    ensure!(scene.listed.connections() > 0, "nobody connected");
    Ok(())
}

async fn nobody_is_called_while_a_transaction_is_open(scene: &Scene) -> Result<()> {
    let before = scene.listed.connections();
    let inside = call_of("bystander", "/bystander", &[]);
    scene.stage.refuses("/hostile/sql/call", &inside, "ok", &["transaction-open"]).await?;
    let through_wasi = call_of("bystander.spin.internal", "/bystander", &[]);
    scene.stage.refuses("/hostile/sql/outgoing", &through_wasi, "ok", &["HttpRequestDenied"]).await?;
    let outside = call_of(&scene.listed.address().to_string(), "/", &[]);
    scene.stage.refuses("/hostile/sql/outgoing", &outside, "ok", &["HttpRequestDenied"]).await?;
    ensure!(scene.listed.connections() == before, "somebody connected");
    // And afterwards the instance may call again.
    scene.stage.refuses("/hostile/call/send", &inside, "ok", &["200 "]).await
}

async fn services_that_call_each_other_for_ever_are_told_overloaded(scene: &Scene) -> Result<()> {
    let said = scene.stage.misdeed("/ping/call/for-ever/pong/ping", "").await?;
    ensure!(said.contains("overloaded"), "the innermost call was told {said:?}");
    let calls = said.matches("ok: 200").count();
    ensure!((1..=16).contains(&calls), "{calls} calls before one was refused: {said}");
    for name in ["ping", "pong"] {
        let headers = scene.stage.misdeed(&format!("/{name}/headers"), "").await?;
        ensure!(headers.starts_with("ok: "), "{name} is not alive: {headers}");
    }
    Ok(())
}

async fn a_service_that_waits_for_itself_is_told_overloaded(scene: &Scene) -> Result<()> {
    scene.stage.refuses("/selfish/call/for-ever/selfish/selfish", "", "overloaded", &[]).await?;
    scene.stage.refuses("/selfish/headers", "", "ok", &[]).await
}

async fn files_environment_and_sockets_are_not_there(scene: &Scene) -> Result<()> {
    for path in ["/etc/passwd", "/", ".", "../data/host.lock"] {
        scene.stage.refuses("/hostile/resources/file", path, "io", &[]).await?;
    }
    scene.stage.refuses("/hostile/resources/environment", "", "ok", &["0 variables, 0 arguments"]).await?;
    let before = scene.listed.connections();
    let listed = scene.listed.address().to_string();
    scene.stage.refuses("/hostile/resources/connect", &listed, "io", &[]).await?;
    scene.stage.refuses("/hostile/resources/listen", "127.0.0.1:0", "io", &[]).await?;
    ensure!(scene.listed.connections() == before, "a socket was connected");
    Ok(())
}

fn is_refusal(said: &str) -> bool {
    said.starts_with("forbidden: ") || said.starts_with("invalid: ")
}

fn call_of(to: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let headers: Vec<Value> = headers.iter().map(|(name, value)| json!([name, value])).collect();
    json!({ "to": to, "path": path, "headers": headers }).to_string()
}
