//! Fills a running system with a small studio, through the public API alone, and prints the logins that it made.
//!
//! Promise: what is shown is made as users make it, request by request, so a rule that is broken here is broken for them.
//! Run again, it makes another studio beside the first; what failed halfway stays. Passwords are made up for each run and
//! printed once. Deliberately absent: anything that the public API cannot do, and taking back what was made.

mod catalogue;
mod client;
mod media;
mod options;
mod people;
mod projects;
mod report;
mod studio;

use anyhow::{Context, Result};
use catalogue::Catalogue;
use clap::Parser;
use client::Client;
use options::{Admin, Options};
use people::{Cast, Round};
use projects::{completed, under_way, waiting};
use report::Report;
use std::process::ExitCode;
use studio::Studio;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<Report> {
    let admin = Admin::from_environment()?;
    let nobody = Client::new(&options.api)?;
    let administrator = step("administrator", people::administrator(&nobody, &admin)).await?;
    let round = step("round", Round::next(&administrator)).await?;
    let filled = fill(&nobody, &administrator, round).await;
    let (cast, studio, projects) = filled.with_context(|| {
        format!(
            "round {} is incomplete and stays so; when the cause is gone, run it again for the next one",
            round.number
        )
    })?;
    let people = cast.people().into_iter().map(report::Login::from).collect();
    Ok(Report { api: nobody.api().to_owned(), round, admin_email: admin.email, people, studio: studio.name, projects })
}

async fn fill(nobody: &Client, admin: &Client, round: Round) -> Result<(Cast, Studio, [projects::Project; 3])> {
    let catalogue = step("skills and prices", Catalogue::complete(admin)).await?;
    let cast = step("people", Cast::hire(admin, nobody, round, &catalogue)).await?;
    let studio = step("studio", Studio::open(admin, round)).await?;
    let projects = [
        step("project that waits for its deposit", waiting::make(&cast)).await?,
        step("project under way", under_way::make(&cast, &studio)).await?,
        step("completed project", completed::make(&cast)).await?,
    ];
    Ok((cast, studio, projects))
}

/// Does a step, and names it: on the way, and in its error.
async fn step<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    eprintln!("{name} …");
    work.await.with_context(|| format!("step `{name}`"))
}
