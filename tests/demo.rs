//! `make demo`: what it makes is there, what it prints is true, and it can be run again.

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{Client, System};
use mutrapro_tests::{ADMIN_EMAIL, ADMIN_PASSWORD, Person, admin, got, items, login, repository_system, text, user_id};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Output;
use tokio::process::Command;

/// The name, and how far it is.
const PROJECTS: [(&str, &str); 3] =
    [("Theme for a radio play", "assigned"), ("Mưa đầu mùa", "in_progress"), ("Khúc dạo ngũ cung", "completed")];
/// Two customers, two coordinators and three specialists.
const PEOPLE: usize = 7;

/// A login that was printed.
struct Printed {
    role: String,
    email: String,
    password: String,
}

/// `mutrapro-demo`, as `make test` builds it: beside the test's own folder, `<target>/<profile>/deps`.
fn executable() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(3).context("the test is in no target folder")?;
    let path = target.join("debug/mutrapro-demo");
    ensure!(path.exists(), "{} is not there: run `make test`, or `cargo build -p mutrapro-demo` first", path.display());
    Ok(path)
}

/// Runs the demo on the system at `api`, with `variables` about the administrator and no others.
async fn run(api: &str, variables: &[(&str, &str)]) -> Result<Output> {
    let mut command = Command::new(executable()?);
    command.env_remove("MUTRAPRO_ADMIN_EMAIL").env_remove("MUTRAPRO_ADMIN_PASSWORD");
    Ok(command.args(["--api", api]).envs(variables.iter().copied()).output().await?)
}

/// Runs it as it should be, and gives what it printed.
async fn fill(system: &System) -> Result<String> {
    let administrator = [("MUTRAPRO_ADMIN_EMAIL", ADMIN_EMAIL), ("MUTRAPRO_ADMIN_PASSWORD", ADMIN_PASSWORD)];
    let output = run(system.client().base(), &administrator).await?;
    ensure!(output.status.success(), "the demo failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// What a run says that has to fail.
async fn refusal(api: &str, variables: &[(&str, &str)]) -> Result<String> {
    let output = run(api, variables).await?;
    let told = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(1), "expected a failure, got {}: {told}", output.status);
    ensure!(output.stdout.is_empty(), "a run that fails prints no logins: {}", String::from_utf8_lossy(&output.stdout));
    Ok(told)
}

/// The logins of the people in `report`; the administrator's password is not printed.
fn printed(report: &str) -> Result<Vec<Printed>> {
    let lines = report.lines().filter(|line| line.contains(".example ") && !line.contains(ADMIN_EMAIL));
    let logins = lines.map(|line| {
        let mut cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let mut cell = || cells.next().map(str::to_owned).with_context(|| format!("no login: {line:?}"));
        let (role, _name) = (cell()?, cell()?);
        Ok(Printed { role, email: cell()?, password: cell()? })
    });
    logins.collect()
}

/// Signs everyone in with what was printed, and checks that they are what was printed.
async fn signed_in(api: &Client, logins: &[Printed]) -> Result<Vec<Person>> {
    let mut people = Vec::new();
    for Printed { role, email, password } in logins {
        let client = login(api, email, password).await.with_context(|| email.clone())?.client;
        let me = got(&client, "users/me").await?;
        ensure!(me.get("roles") == Some(&json!([role])), "{email} was printed as {role}: {me}");
        ensure!(text(&me, "primary_role")? == role, "{me}");
        people.push(Person { user_id: user_id(&client).await?, client });
    }
    Ok(people)
}

/// What of the list at `path` there is of one project.
async fn of_project(who: &Client, list: &str, project: &Value) -> Result<Vec<Value>> {
    let page = got(who, &format!("{list}?project={}", text(project, "id")?)).await?;
    Ok(items(&page)?.clone())
}

/// How many of `things` have these values.
fn count(things: &[Value], wanted: &[(&str, &str)]) -> usize {
    let fits = |thing: &&Value| wanted.iter().all(|(field, value)| thing.get(field) == Some(&json!(value)));
    things.iter().filter(fits).count()
}

/// Checks the projects of the customers among `people`, as they and their coordinators see them.
async fn the_projects_are_at_their_stages(people: &[Person]) -> Result<()> {
    let [customer, company, coordinator, other_coordinator, ..] = people else {
        anyhow::bail!("only {} people", people.len());
    };
    let mut projects = Vec::new();
    for customer in [customer, company] {
        projects.extend(items(&got(&customer.client, "projects").await?)?.clone());
    }
    ensure!(projects.len() == PROJECTS.len(), "{projects:?}");
    let named = |name: &str| projects.iter().find(|project| project.get("name") == Some(&json!(name)));
    for (name, status) in PROJECTS {
        let project = named(name).with_context(|| format!("no {name}: {projects:?}"))?;
        ensure!(text(project, "status")? == status, "{project}");
    }
    let [Some(waiting), Some(under_way), Some(completed)] = PROJECTS.map(|(name, _)| named(name)) else {
        anyhow::bail!("not all projects: {projects:?}");
    };
    its_deposit_is_due(&company.client, waiting).await?;
    it_is_under_way(&coordinator.client, under_way).await?;
    it_is_rated(&customer.client, &other_coordinator.client, completed).await
}

async fn its_deposit_is_due(customer: &Client, project: &Value) -> Result<()> {
    let path = format!("quotations/{}/milestones", text(project, "quotation_id")?);
    let milestones = got(customer, &path).await?;
    let milestones = items(&milestones)?;
    ensure!(count(milestones, &[("milestone_type", "deposit"), ("status", "due"), ("currency", "USD")]) == 1);
    ensure!(count(milestones, &[("milestone_type", "final_payment"), ("status", "pending")]) == 1, "{milestones:?}");
    Ok(())
}

async fn it_is_under_way(coordinator: &Client, project: &Value) -> Result<()> {
    let tasks = of_project(coordinator, "tasks", project).await?;
    ensure!(count(&tasks, &[("task_type", "arrangement"), ("status", "in_progress")]) == 1, "{tasks:?}");
    let packages = of_project(coordinator, "packages", project).await?;
    ensure!(count(&packages, &[("status", "preparing")]) == 1, "{packages:?}");
    let bookings = of_project(coordinator, "bookings", project).await?;
    ensure!(count(&bookings, &[("status", "confirmed"), ("session_type", "artist_assisted")]) == 1, "{bookings:?}");
    let booking = bookings.first().context("no booking")?;
    let booking = got(coordinator, &format!("bookings/{}", text(booking, "id")?)).await?;
    for part in ["artists", "equipment"] {
        let parts = booking.get(part).and_then(Value::as_array);
        ensure!(parts.is_some_and(|parts| parts.len() == 1), "one of the {part}: {booking}");
    }
    let files = got(coordinator, &format!("files?request={}", text(project, "request_id")?)).await?;
    let files = items(&files)?;
    for content_type in ["audio", "sheet_music", "documentation"] {
        ensure!(count(files, &[("content_type", content_type)]) == 1, "{content_type}: {files:?}");
    }
    Ok(())
}

async fn it_is_rated(customer: &Client, coordinator: &Client, project: &Value) -> Result<()> {
    let request = text(project, "request_id")?;
    ensure!(text(&got(customer, &format!("requests/{request}")).await?, "status")? == "completed");
    let milestones = got(customer, &format!("quotations/{}/milestones", text(project, "quotation_id")?)).await?;
    ensure!(count(items(&milestones)?, &[("status", "paid")]) == 2, "deposit and rest are paid: {milestones}");
    let packages = of_project(customer, "packages", project).await?;
    ensure!(count(&packages, &[("delivery_type", "final"), ("status", "approved")]) == 1, "{packages:?}");
    let feedback = got(customer, &format!("feedback?request={request}")).await?;
    ensure!(items(&feedback)?.len() == 2, "{feedback}");
    let tasks = of_project(coordinator, "tasks", project).await?;
    let specialist = text(tasks.first().context("no task")?, "specialist_id")?;
    let specialist = got(customer, &format!("specialists/{specialist}")).await?;
    ensure!(specialist.get("rating_bp") == Some(&json!(45_000)), "five and four stars: {specialist}");
    Ok(())
}

/// How many there are of what the demo adds to the system as a whole, list by list.
async fn shared(admin: &Client) -> Result<Vec<(&'static str, usize)>> {
    let mut counts = Vec::new();
    for list in ["skill-categories", "skills", "equipment-categories", "equipment", "pricing?currency=USD"] {
        counts.push((list, items(&got(admin, list).await?)?.len()));
    }
    Ok(counts)
}

async fn studios(admin: &Client) -> Result<Vec<String>> {
    let page = got(admin, "studios").await?;
    items(&page)?.iter().map(|studio| Ok(text(studio, "name")?.to_owned())).collect()
}

#[tokio::test]
async fn a_running_system_is_filled_and_filled_again() -> Result<()> {
    // Two runs and those who look at what they made sign in more often than one address may in a minute.
    let system = repository_system().env("MUTRAPRO_RATE_LIMIT_SIGN_IN_PER_MINUTE", "600").start().await?;
    let api = system.client();
    let admin = admin(&api).await?.client;

    let first = printed(&fill(&system).await?)?;
    ensure!(first.len() == PEOPLE, "{} logins were printed", first.len());
    let people = signed_in(&api, &first).await?;
    the_projects_are_at_their_stages(&people).await?;
    ensure!(studios(&admin).await? == ["Phòng thu Sông Hồng"]);
    let shared_before = shared(&admin).await?;
    let expected = [
        ("skill-categories", 3),
        ("skills", 8),
        ("equipment-categories", 2),
        ("equipment", 3),
        ("pricing?currency=USD", 1),
    ];
    ensure!(shared_before == expected, "{shared_before:?}");

    let second = printed(&fill(&system).await?)?;
    ensure!(second.len() == PEOPLE, "{} logins were printed", second.len());
    for (one, other) in first.iter().zip(&second) {
        ensure!(one.role == other.role && one.email != other.email && one.password != other.password, "{}", one.email);
    }
    the_projects_are_at_their_stages(&signed_in(&api, &second).await?).await?;
    ensure!(studios(&admin).await? == ["Phòng thu Sông Hồng", "Phòng thu Sông Hồng 2"]);
    ensure!(shared(&admin).await? == shared_before, "what is shared is there once");
    // The first round is as it was.
    the_projects_are_at_their_stages(&signed_in(&api, &first).await?).await?;

    system.settled().await?;
    system.no_dead_letters().await?;
    Ok(())
}

#[tokio::test]
async fn an_administrator_who_is_none_is_told_so() -> Result<()> {
    let system = repository_system().start().await?;
    let api = system.client();
    let admin = admin(&api).await?.client;
    let wrong = [("MUTRAPRO_ADMIN_EMAIL", ADMIN_EMAIL), ("MUTRAPRO_ADMIN_PASSWORD", "another password")];
    let told = refusal(api.base(), &wrong).await?;
    for text in
        ["step `administrator`", "POST /api/v1/auth/login", "401", "invalid_credentials", "MUTRAPRO_ADMIN_EMAIL"]
    {
        ensure!(told.contains(text), "no {text:?} in {told}");
    }
    ensure!(!told.contains("another password"), "the password is told: {told}");
    ensure!(studios(&admin).await?.is_empty(), "nothing is made");

    mutrapro_tests::register(&api, "lan").await?.expect(201)?;
    let customer = [("MUTRAPRO_ADMIN_EMAIL", "lan@example.com"), ("MUTRAPRO_ADMIN_PASSWORD", mutrapro_tests::PASSWORD)];
    let told = refusal(api.base(), &customer).await?;
    ensure!(told.contains("lan@example.com is no administrator"), "{told}");
    Ok(())
}

#[tokio::test]
async fn what_is_missing_is_told_with_the_remedy() -> Result<()> {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let api = format!("http://{address}");
    let told = refusal(&api, &[("MUTRAPRO_ADMIN_EMAIL", ADMIN_EMAIL)]).await?;
    ensure!(told.contains("MUTRAPRO_ADMIN_PASSWORD is not set") && told.contains("make demo"), "{told}");
    let given = [("MUTRAPRO_ADMIN_EMAIL", ADMIN_EMAIL), ("MUTRAPRO_ADMIN_PASSWORD", ADMIN_PASSWORD)];
    let told = refusal(&api, &given).await?;
    ensure!(told.contains(&format!("nothing listens at {api}")) && told.contains("`make up`"), "{told}");
    Ok(())
}
