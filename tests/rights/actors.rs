//! Who asks: one of each kind, each with one role and no other, and nobody.

use anyhow::{Context, Result};
use mutrapro_testkit::{Client, System};
use mutrapro_tests::{ADMIN_EMAIL, ADMIN_PASSWORD, Cast, Login, PASSWORD, Person, artist, login};
use reqwest::Method;
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Without a token.
    Nobody,
    /// The customer whose requests, projects, bookings and payments it is about.
    Owner,
    /// Another customer.
    Other,
    /// The coordinator who holds the owner's requests.
    Holder,
    /// Another coordinator.
    Coordinator,
    /// The transcription specialist with tasks in the owner's projects.
    Worker,
    /// An arrangement specialist who has nothing to do with them.
    Specialist,
    /// A recording artist, who sings in the owner's sessions and has no task.
    Artist,
    /// The administrator, who is nothing else.
    Admin,
}

impl Actor {
    /// In the order of the columns.
    pub(crate) const ALL: [Self; 9] = [
        Self::Nobody,
        Self::Owner,
        Self::Other,
        Self::Holder,
        Self::Coordinator,
        Self::Worker,
        Self::Specialist,
        Self::Artist,
        Self::Admin,
    ];

    /// What the column is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Owner => "owner",
            Self::Other => "other",
            Self::Holder => "holder",
            Self::Coordinator => "coord",
            Self::Worker => "worker",
            Self::Specialist => "spec",
            Self::Artist => "artist",
            Self::Admin => "admin",
        }
    }

    /// By what they sign in; nobody does not.
    const fn account(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Nobody => return None,
            Self::Owner => ("lan@example.com", PASSWORD),
            Self::Other => ("minh@example.com", PASSWORD),
            Self::Holder => ("anh@example.com", PASSWORD),
            Self::Coordinator => ("binh@example.com", PASSWORD),
            Self::Worker => ("thu@example.com", PASSWORD),
            Self::Specialist => ("duc@example.com", PASSWORD),
            Self::Artist => ("hoa@example.com", PASSWORD),
            Self::Admin => (ADMIN_EMAIL, ADMIN_PASSWORD),
        })
    }

    /// What they sign in with.
    pub(crate) fn password(self) -> &'static str {
        self.account().map_or(PASSWORD, |(_, password)| password)
    }
}

/// Everyone who asks.
pub(crate) struct Company {
    api: Client,
    /// Behind a cell, as a session that was ended is followed by another.
    people: RefCell<Vec<(Actor, Rc<Person>)>>,
    /// The worker's profile.
    pub(crate) worker_profile: String,
    /// The artist's profile.
    pub(crate) artist_profile: String,
}

impl Company {
    /// Registers everyone on `system`, and leaves each the role that they are here for.
    ///
    /// # Errors
    /// When one of the steps is refused.
    pub(crate) async fn of(system: &System) -> Result<Self> {
        let api = system.client();
        let cast = Cast::of(system).await?;
        let arranger = artist(&api, &cast.admin, "duc", "arrangement").await?;
        for (person, role) in [
            (&cast.coordinator, "service_coordinator"),
            (&cast.other_coordinator, "service_coordinator"),
            (&cast.transcriber.person, "transcription_specialist"),
            (&arranger.person, "arrangement_specialist"),
            (&cast.singer.person, "recording_artist"),
        ] {
            has_one_role(&cast.admin.client, &person.user_id, role, "customer").await?;
        }
        let Cast { customer, other_customer, coordinator, other_coordinator, transcriber, singer, admin } = cast;
        let people = [
            (Actor::Owner, customer),
            (Actor::Other, other_customer),
            (Actor::Holder, coordinator),
            (Actor::Coordinator, other_coordinator),
            (Actor::Worker, transcriber.person),
            (Actor::Specialist, arranger.person),
            (Actor::Artist, singer.person),
            (Actor::Admin, admin),
        ];
        let people = people.into_iter().map(|(actor, person)| (actor, Rc::new(person))).collect();
        let (worker_profile, artist_profile) = (transcriber.specialist_id, singer.specialist_id);
        let company = Self { api, people: RefCell::new(people), worker_profile, artist_profile };
        // Roles count from the next sign-in.
        for actor in Actor::ALL {
            company.renew(actor).await?;
        }
        Ok(company)
    }

    /// The account of `actor`.
    ///
    /// # Errors
    /// For nobody.
    pub(crate) fn person(&self, actor: Actor) -> Result<Rc<Person>> {
        let people = self.people.borrow();
        let found = people.iter().find(|(own, _)| *own == actor);
        found.map(|(_, person)| person.clone()).context("nobody has no account")
    }

    /// What sends requests as `actor`.
    ///
    /// # Errors
    /// When they were never registered.
    pub(crate) fn client(&self, actor: Actor) -> Result<Client> {
        if actor == Actor::Nobody { Ok(self.api.clone()) } else { Ok(self.person(actor)?.client.clone()) }
    }

    /// Another session of `actor`.
    ///
    /// # Errors
    /// When they are not let in.
    pub(crate) async fn sign_in(&self, actor: Actor) -> Result<Login> {
        let (email, password) = actor.account().context("nobody does not sign in")?;
        login(&self.api, email, password).await
    }

    /// Has `actor` go on with another session.
    ///
    /// # Errors
    /// When they are not let in.
    pub(crate) async fn renew(&self, actor: Actor) -> Result<()> {
        if actor == Actor::Nobody {
            return Ok(());
        }
        let client = self.sign_in(actor).await?.client;
        let user_id = self.person(actor)?.user_id.clone();
        let mut people = self.people.borrow_mut();
        let place = people.iter_mut().find(|(own, _)| *own == actor).context("everyone has an account")?;
        place.1 = Rc::new(Person { client, user_id });
        Ok(())
    }
}

/// Takes the role `without` from a user who goes on with `role`, which they hold.
///
/// # Errors
/// When it is refused.
pub(crate) async fn has_one_role(admin: &Client, user_id: &str, role: &str, without: &str) -> Result<()> {
    let user = format!("/api/v1/users/{user_id}");
    admin.patch(&user, &json!({ "primary_role": role })).await?.expect(200)?;
    let revoked = admin.request(Method::DELETE, &format!("{user}/roles/{without}"));
    mutrapro_testkit::answer(revoked).await?.expect(200)?;
    Ok(())
}
