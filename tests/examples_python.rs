//! The examples in Python, each in the repository's own application by the lines of its README, through the public API.

#![expect(clippy::indexing_slicing, reason = "what JSON does not have is null")]

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{System, eventually};
use mutrapro_tests::{
    Cast, Databases, Person, behind_the_gateway, created, done, example_lines, extended_system, filed, got, items,
    milestone, once, paid, replaced, text,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// 100 minutes at 50,000 VND, of which 40 % are the deposit: 200 points, which make silver.
const LONG_MINUTES: u32 = 100;
const DEPOSIT: i64 = 2_000_000;
/// Four minutes.
const SHORT_MINUTES: u32 = 4;
const PRICE: i64 = 200_000;

#[tokio::test]
async fn a_customer_has_the_points_of_each_payment_once() -> Result<()> {
    let builder = extended_system(|manifest| {
        Ok(behind_the_gateway(&manifest, "loyalty-service")? + &example_lines("loyalty-service")?)
    })?;
    let mut system = builder.env("MUTRAPRO_GATEWAY_ROUTES", "loyalty=loyalty-service").start().await?;
    let cast = Cast::of(&system).await?;
    let (customer, admin) = (&cast.customer, &cast.admin);
    let quotation = quoted(customer, &cast.coordinator, LONG_MINUTES).await?;
    let customer_id = customer_of(customer, &quotation).await?;
    has_points(&got(&customer.client, "loyalty/me").await?, (0, "none"), &[])?;
    admin.client.get(&format!("/api/v1/loyalty/{customer_id}")).await?.problem(404)?;

    let quotation = text(&quotation, "id")?;
    done(&cast.coordinator.client, &format!("quotations/{quotation}/send"), &json!({})).await?;
    done(&customer.client, &format!("quotations/{quotation}/approve"), &json!({})).await?;
    let deposit = text(&milestone(customer, quotation, "deposit", "due").await?, "id")?.to_owned();
    let first = text(&paid(customer, &deposit).await?, "id")?.to_owned();
    // What was on its way when the host died arrives, and arrives once.
    system.kill_and_restart().await?;
    let people = [customer, &cast.other_customer, &cast.coordinator, admin].map(|person| moved(person, &system));
    let [customer, stranger, coordinator, admin] = &people;
    let account = settled_account(&system, customer).await?;
    has_points(&account, (200, "silver"), &[(&first, false)])?;
    ensure!(account["customer_id"] == json!(customer_id) && account["entries"][0]["amount"] == DEPOSIT, "{account}");
    are_told(&system, admin, &customer_id, 1).await?;

    is_for_the_studio(&customer_id, customer, stranger, [coordinator, admin]).await?;
    is_described(customer).await?;

    done(&admin.client, &format!("payments/{first}/refund"), &json!({})).await?;
    milestone(customer, quotation, "deposit", "due").await?;
    has_points(&settled_account(&system, customer).await?, (0, "none"), &[(&first, true)])?;
    are_told(&system, admin, &customer_id, 1).await?;
    let again = json!({ "milestone_id": deposit, "method": "credit_card" });
    let second = once(&customer.client, "payments", "a-second-time", &again).await?.expect(201)?.json()?;
    let second = text(&second, "id")?;
    has_points(&settled_account(&system, customer).await?, (200, "silver"), &[(second, false), (&first, true)])?;
    are_told(&system, admin, &customer_id, 2).await?;
    system.no_dead_letters().await
}

/// The account of `customer` once nothing is on its way any more.
async fn settled_account(system: &System, customer: &Person) -> Result<Value> {
    system.settled().await?;
    got(&customer.client, "loyalty/me").await
}

/// `entries` are payments, the newest first, and whether they were given back.
fn has_points(account: &Value, (points, level): (i64, &str), entries: &[(&str, bool)]) -> Result<()> {
    let found = account["entries"].as_array().context("an account has entries")?;
    let found: Vec<_> = found.iter().map(|entry| (&entry["payment_id"], entry["refunded_at"].is_string())).collect();
    let as_expected = account["points"] == points
        && account["level"] == level
        && found.len() == entries.len()
        && found.iter().zip(entries).all(|((id, refunded), (expected, back))| *id == *expected && refunded == back);
    ensure!(as_expected, "expected {points} points, {level} and {entries:?}: {account}");
    Ok(())
}

/// The level was told so many times, and stands so often in the log of everything that happened.
async fn are_told(system: &System, admin: &Person, customer_id: &str, times: usize) -> Result<()> {
    const TOLD: &str = "SELECT event_payload FROM outbox_events WHERE event_type = 'loyalty.level_reached'";
    let told: Vec<(String,)> = Databases::of(system)?.select("loyalty_db", TOLD, &[]).await?;
    ensure!(told.len() == times, "the level was told {} times, not {times}: {told:?}", told.len());
    for (payload,) in &told {
        let payload: Value = serde_json::from_str(payload)?;
        let fits = payload["customer_id"] == customer_id && payload["level"] == "silver" && payload["points"] == 200;
        ensure!(fits, "{payload}");
    }
    let log = got(&admin.client, &format!("activity?entity=loyalty&entity_id={customer_id}")).await?;
    ensure!(items(&log)?.len() == times, "the log should have it {times} times: {log}");
    Ok(())
}

async fn is_for_the_studio(
    customer_id: &str,
    customer: &Person,
    stranger: &Person,
    studio: [&Person; 2],
) -> Result<()> {
    let path = format!("/api/v1/loyalty/{customer_id}");
    for person in studio {
        has_points_of(&person.client.get(&path).await?.expect(200)?.json()?, customer_id)?;
        for other in ["01a212d2-8a9f-7708-a982-ee68328d14a6", "somebody"] {
            let code = person.client.get(&format!("/api/v1/loyalty/{other}")).await?.problem(404)?;
            ensure!(code == "not_found", "the code is {code}");
        }
    }
    for person in [customer, stranger] {
        let code = person.client.get(&path).await?.problem(403)?;
        ensure!(code == "role_required", "the code is {code}");
    }
    has_points(&got(&stranger.client, "loyalty/me").await?, (0, "none"), &[])?;
    let code = customer.client.post("/api/v1/loyalty/me", &json!({})).await?.problem(405)?;
    ensure!(code == "method_not_allowed", "the code is {code}");
    customer.client.get("/api/v1/loyalty/me/more").await?.problem(404).map(drop)
}

fn has_points_of(account: &Value, customer_id: &str) -> Result<()> {
    ensure!(account["customer_id"] == customer_id && account["points"] == 200, "{account}");
    Ok(())
}

async fn is_described(customer: &Person) -> Result<()> {
    let document = got(&customer.client, "openapi.json").await?;
    for path in ["/api/v1/loyalty/me", "/api/v1/loyalty/{customer_id}"] {
        let service = &document["paths"][path]["get"]["x-service"];
        ensure!(service == "loyalty-service", "the document has {service} at {path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_loyal_customer_pays_less_and_nobody_waits_for_the_crm() -> Result<()> {
    let crm = Crm::start().await?;
    let builder = extended_system(|manifest| {
        let promotion = "{ pricing = [\"promotion\"] }";
        let named = replaced(&manifest, promotion, "{ pricing = [\"promotion\", \"loyalty-pricing\"] }")?;
        let address = format!("http://{}", crm.address);
        Ok(named + &example_lines("loyalty-pricing")?.replace("https://crm.example.com", &address))
    })?;
    let system = builder.start().await?;
    let cast = Cast::of(&system).await?;
    let quote = async |customer| quoted(customer, &cast.coordinator, SHORT_MINUTES).await;

    let unknown = quote(&cast.customer).await?;
    let customer_id = customer_of(&cast.customer, &unknown).await?;
    costs(&unknown, PRICE, &json!([]))?;
    crm.knows(&customer_id, r#"{"level": "gold", "discount_bp": 751}"#);
    let line = json!([{ "plugin": "loyalty-pricing", "label": "Loyalty discount (gold)", "amount": -15_020 }]);
    costs(&quote(&cast.customer).await?, PRICE - 15_020, &line)?;
    costs(&quote(&cast.other_customer).await?, PRICE, &json!([]))?;
    let asked = crm.asked();
    let own = asked.iter().filter(|path| **path == format!("GET /loyalty/{customer_id}")).count();
    ensure!(own == 2 && asked.len() == 3, "the CRM was asked for {asked:?}");
    let piece = json!({ "service_type": "transcription", "amount": SHORT_MINUTES });
    let estimate = cast.customer.client.post("/api/v1/pricing/estimate", &piece).await?.expect(200)?.json()?;
    costs(&estimate, PRICE, &json!([]))?;
    ensure!(crm.asked().len() == 3, "an estimate is nobody's, and the CRM was asked for {:?}", crm.asked());

    crm.knows(&customer_id, r#"{"level": "gold", "discount_bp": 20000}"#);
    costs(&quote(&cast.customer).await?, PRICE, &json!([]))?;
    crm.knows(&customer_id, SILENCE);
    costs(&quote(&cast.customer).await?, PRICE, &json!([]))?;
    crm.stop().await?;
    costs(&quote(&cast.customer).await?, PRICE, &json!([]))?;
    let calls =
        async |outcome| system.metric("mutrapro_plugin_calls_total", &["plugin=\"loyalty-pricing\"", outcome]).await;
    // The time limit is the plugin's own: it says why, and is not cut short by the host.
    let (answered, unsure) = (calls("outcome=\"Answered\"").await?, calls("outcome=\"CannotSay\"").await?);
    ensure!((answered, unsure) == (4.0, 3.0), "{answered} calls were answered, and {unsure} not");
    Ok(())
}

/// Checks a quotation or an estimate.
fn costs(quotation: &Value, total: i64, lines: &Value) -> Result<()> {
    let fits =
        quotation["computed_price"] == PRICE && quotation["total_price"] == total && quotation["lines"] == *lines;
    ensure!(fits, "expected {total} with {lines}: {quotation}");
    Ok(())
}

/// The same person at the host as it is after a restart.
fn moved(person: &Person, system: &System) -> Person {
    Person { client: person.client.at(&system.client()), user_id: person.user_id.clone() }
}

/// A quotation for a new request of `customer`; nobody has sent it yet.
async fn quoted(customer: &Person, coordinator: &Person, audio_minutes: u32) -> Result<Value> {
    let request = filed(customer, "Diễm xưa").await?;
    done(&coordinator.client, &format!("requests/{request}/claim"), &json!({})).await?;
    let terms = json!({ "complexity": "simple", "audio_minutes": audio_minutes });
    created(&coordinator.client, &format!("requests/{request}/quotations"), &terms).await
}

/// The profile of the customer whose quotation it is.
async fn customer_of(customer: &Person, quotation: &Value) -> Result<String> {
    let request = got(&customer.client, &format!("requests/{}", text(quotation, "request_id")?)).await?;
    Ok(text(&request, "customer_id")?.to_owned())
}

/// What the CRM says of a customer to whom it does not answer.
const SILENCE: &str = "";

/// The studio's own customer relationship management, outside of the application.
struct Crm {
    address: SocketAddr,
    shared: Arc<Mutex<Customers>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Customers {
    /// What it says of whom, by path.
    known: BTreeMap<String, String>,
    /// The method and path of each request.
    asked: Vec<String>,
}

impl Crm {
    /// Listens on a free port of this machine until it is stopped.
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Mutex::new(Customers::default()));
        let customers = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&customers)));
            }
        });
        Ok(Self { address, shared, server })
    }

    fn knows(&self, customer_id: &str, body: &str) {
        locked(&self.shared).known.insert(format!("GET /loyalty/{customer_id}"), body.to_owned());
    }

    fn asked(&self) -> Vec<String> {
        locked(&self.shared).asked.clone()
    }

    /// Ends it: from then on nobody listens there.
    async fn stop(&self) -> Result<()> {
        self.server.abort();
        eventually("nobody listens any more", async || {
            Ok(TcpStream::connect(self.address).await.is_err().then_some(()))
        })
        .await
    }
}

fn locked(shared: &Mutex<Customers>) -> MutexGuard<'_, Customers> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(mut stream: TcpStream, customers: Arc<Mutex<Customers>>) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let asked = head.split(" HTTP/1.1").next().unwrap_or_default().to_owned();
    let said = {
        let mut customers = locked(&customers);
        customers.asked.push(asked.clone());
        customers.known.get(&asked).cloned()
    };
    let (status, body) = match said.as_deref() {
        None => ("404 Not Found", "{}"),
        Some(SILENCE) => std::future::pending().await,
        Some(body) => ("200 OK", body),
    };
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await?;
    Ok(stream.shutdown().await?)
}
