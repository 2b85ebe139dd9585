//! The people of the studio: accounts, roles and profiles, with passwords that are made up for this run.
//!
//! Each run is a round of its own: the people of the first are at `demo.example`, those of the second at `demo2.example`,
//! and so on (RFC 2606 keeps `.example` for such things). So nobody's account is touched, and a run that failed halfway
//! is simply followed by another.

use crate::catalogue::Catalogue;
use crate::client::{Client, id, text};
use crate::options::Admin;
use anyhow::{Context, Result};
use rand::distr::{Distribution, slice::Choose};
use serde_json::{Value, json};

/// Without what is easily taken for something else.
const PASSWORD_ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Together 99 bits.
const PASSWORD_GROUPS: usize = 4;
const PASSWORD_GROUP_CHARACTERS: usize = 5;

const CUSTOMER: &str = "customer";
const COORDINATOR: &str = "service_coordinator";

/// Which run this is, among those on this system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) number: u32,
}

/// Someone who can sign in.
pub(crate) struct Person {
    pub(crate) full_name: String,
    pub(crate) role: &'static str,
    pub(crate) email: String,
    pub(crate) password: String,
    /// Sends requests as this person.
    pub(crate) client: Client,
}

/// Someone who works.
pub(crate) struct Specialist {
    pub(crate) person: Person,
    /// Their profile.
    pub(crate) id: String,
}

/// Everyone.
pub(crate) struct Cast {
    pub(crate) customer: Person,
    /// A customer that is a business.
    pub(crate) company: Person,
    pub(crate) coordinator: Person,
    pub(crate) other_coordinator: Person,
    pub(crate) transcriber: Specialist,
    pub(crate) arranger: Specialist,
    pub(crate) singer: Specialist,
}

/// Somebody to be.
struct Part {
    name: &'static str,
    full_name: &'static str,
    role: &'static str,
}

/// What a specialist is to be.
struct Trade {
    specialization: &'static str,
    experience_years: u32,
    /// In đồng.
    hourly_rate: i64,
    /// Each with how well they can do it.
    skills: &'static [(&'static str, &'static str)],
}

impl Round {
    /// The round after those that there were.
    ///
    /// # Errors
    /// When `admin` may not look.
    pub(crate) async fn next(admin: &Client) -> Result<Self> {
        let mut number = 1;
        // A round's people come and go together, but an administrator may have changed some.
        while admin.find("users?q=%40demo", |user| is_of(user, Self { number })).await?.is_some() {
            number += 1;
        }
        Ok(Self { number })
    }

    /// `name` for this round: as it is for the first, with the number after it for others.
    pub(crate) fn named(self, name: &str) -> String {
        if self.number == 1 { name.to_owned() } else { format!("{name} {}", self.number) }
    }

    fn label(self) -> String {
        if self.number == 1 { "demo".to_owned() } else { format!("demo{}", self.number) }
    }

    fn domain(self) -> String {
        format!("{}.example", self.label())
    }
}

fn is_of(user: &Value, round: Round) -> bool {
    let email = user.get("email").and_then(Value::as_str).unwrap_or_default();
    email.rsplit_once('@').is_some_and(|(_, domain)| domain == round.domain())
}

impl Cast {
    /// Registers everyone, and gives them their roles and profiles.
    ///
    /// # Errors
    /// The step that was refused.
    pub(crate) async fn hire(admin: &Client, nobody: &Client, round: Round, catalogue: &Catalogue) -> Result<Self> {
        let hiring = Hiring { admin, nobody, round, catalogue };
        Ok(Self {
            customer: hiring.customer(Part { name: "lan", full_name: "Trần Thị Lan", role: CUSTOMER }).await?,
            company: hiring.company(Part { name: "minh", full_name: "Nguyễn Hoàng Minh", role: CUSTOMER }).await?,
            coordinator: hiring.coordinator(Part { name: "an", full_name: "Lê Bảo An", role: COORDINATOR }).await?,
            other_coordinator: hiring
                .coordinator(Part { name: "binh", full_name: "Phạm Quốc Bình", role: COORDINATOR })
                .await?,
            transcriber: hiring
                .specialist(
                    Part { name: "thu", full_name: "Vũ Minh Thu", role: "transcription_specialist" },
                    &Trade {
                        specialization: "transcription",
                        experience_years: 6,
                        hourly_rate: 150_000,
                        skills: &[("Lead sheets", "expert"), ("MusicXML engraving", "advanced"), ("Piano", "advanced")],
                    },
                )
                .await?,
            arranger: hiring
                .specialist(
                    Part { name: "khoa", full_name: "Đỗ Anh Khoa", role: "arrangement_specialist" },
                    &Trade {
                        specialization: "arrangement",
                        experience_years: 9,
                        hourly_rate: 250_000,
                        skills: &[("String arranging", "expert"), ("Guitar", "advanced"), ("Piano", "intermediate")],
                    },
                )
                .await?,
            singer: hiring
                .specialist(
                    Part { name: "hoa", full_name: "Bùi Ngọc Hoa", role: "recording_artist" },
                    &Trade {
                        specialization: "recording",
                        experience_years: 4,
                        hourly_rate: 200_000,
                        skills: &[("Lead vocals", "expert"), ("Backing vocals", "advanced"), ("Đàn tranh", "beginner")],
                    },
                )
                .await?,
        })
    }

    /// Everyone, in the order in which they are introduced.
    pub(crate) fn people(&self) -> [&Person; 7] {
        [
            &self.customer,
            &self.company,
            &self.coordinator,
            &self.other_coordinator,
            &self.transcriber.person,
            &self.arranger.person,
            &self.singer.person,
        ]
    }
}

/// Who takes people on, and for what.
struct Hiring<'a> {
    admin: &'a Client,
    nobody: &'a Client,
    round: Round,
    catalogue: &'a Catalogue,
}

/// Someone who has an account and has not signed in.
struct Registered {
    part: Part,
    user_id: String,
    email: String,
    password: String,
}

impl Hiring<'_> {
    async fn customer(&self, part: Part) -> Result<Person> {
        let person = self.sign_in(self.register(part).await?).await?;
        person.client.patch("users/me/customer", &json!({ "preferred_contact": "phone" })).await?;
        Ok(person)
    }

    async fn company(&self, part: Part) -> Result<Person> {
        let person = self.sign_in(self.register(part).await?).await?;
        let profile = json!({
            "customer_type": "business", "company_name": self.round.named("Hãng đĩa Sông Lam"), "tax_id": "0312345678",
            "notes": "Wants invoices in US dollars",
        });
        person.client.patch("users/me/customer", &profile).await?;
        Ok(person)
    }

    async fn coordinator(&self, part: Part) -> Result<Person> {
        let registered = self.register(part).await?;
        let profile = json!({ "user_id": registered.user_id, "department": "Production" });
        self.admin.post("coordinators", &profile).await?;
        self.change_role(&registered).await?;
        self.sign_in(registered).await
    }

    async fn specialist(&self, part: Part, trade: &Trade) -> Result<Specialist> {
        let registered = self.register(part).await?;
        let role = json!({ "role": registered.part.role });
        self.admin.post(&format!("users/{}/roles", registered.user_id), &role).await?;
        let profile = json!({
            "user_id": registered.user_id, "specialization": trade.specialization,
            "experience_years": trade.experience_years, "hourly_rate": trade.hourly_rate, "currency": "VND",
        });
        let id = id(&self.admin.post("specialists", &profile).await?)?;
        self.change_role(&registered).await?;
        let person = self.sign_in(registered).await?;
        for (skill, proficiency) in trade.skills {
            let mastery = json!({ "proficiency": proficiency, "years_experience": trade.experience_years });
            person.client.put(&format!("specialists/me/skills/{}", self.catalogue.skill(skill)?), &mastery).await?;
        }
        Ok(Specialist { person, id })
    }

    async fn register(&self, part: Part) -> Result<Registered> {
        let email = format!("{}@{}", part.name, self.round.domain());
        let password = password()?;
        let registration = json!({
            "email": email, "username": format!("{}.{}", part.name, self.round.label()), "password": password,
            "full_name": part.full_name,
        });
        let account = self.nobody.post("auth/register", &registration).await;
        let account = account.with_context(|| format!("registering {email}"))?;
        Ok(Registered { part, user_id: id(&account)?, email, password })
    }

    /// Whoever registers is a customer. Staff are not.
    async fn change_role(&self, registered: &Registered) -> Result<()> {
        let user = format!("users/{}", registered.user_id);
        self.admin.patch(&user, &json!({ "primary_role": registered.part.role })).await?;
        self.admin.delete(&format!("{user}/roles/{CUSTOMER}")).await?;
        Ok(())
    }

    /// Roles count from the sign-in on, so it comes last.
    async fn sign_in(&self, registered: Registered) -> Result<Person> {
        let Registered { part, email, password, .. } = registered;
        let client = self.nobody.sign_in(&email, &password).await?;
        Ok(Person { full_name: part.full_name.to_owned(), role: part.role, email, password, client })
    }
}

/// Signs the administrator in.
///
/// # Errors
/// When that is refused, with the remedy.
pub(crate) async fn administrator(nobody: &Client, admin: &Admin) -> Result<Client> {
    let client = nobody.sign_in(&admin.email, &admin.password).await.map_err(explained)?;
    let me = client.get("users/me").await?;
    let roles = me.get("roles").and_then(Value::as_array);
    let is_admin = roles.is_some_and(|roles| roles.iter().any(|role| role == "system_admin"));
    let email = text(&me, "email")?;
    anyhow::ensure!(is_admin, "{email} is no administrator: give one in MUTRAPRO_ADMIN_EMAIL");
    Ok(client)
}

fn explained(error: anyhow::Error) -> anyhow::Error {
    let is_refused = error
        .downcast_ref::<crate::client::Refused>()
        .is_some_and(|refused| refused.status == reqwest::StatusCode::UNAUTHORIZED);
    if !is_refused {
        return error;
    }
    error.context(
        "MUTRAPRO_ADMIN_EMAIL and MUTRAPRO_ADMIN_PASSWORD are no administrator of this system: they were set when it \
         was first started, and a system that has only just started needs a moment to make them one",
    )
}

/// A password that nobody has used before.
fn password() -> Result<String> {
    let characters = Choose::new(PASSWORD_ALPHABET).context("the alphabet of passwords is empty")?;
    let mut random = rand::rng();
    let groups = (0..PASSWORD_GROUPS).map(|_| {
        let group = (0..PASSWORD_GROUP_CHARACTERS).map(|_| char::from(*characters.sample(&mut random)));
        group.collect::<String>()
    });
    Ok(groups.collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_enough_and_never_the_same() {
        let (one, other) = (password().unwrap(), password().unwrap());
        assert_eq!(one.len(), 23);
        assert_ne!(one, other);
        assert!(one.bytes().all(|byte| byte == b'-' || PASSWORD_ALPHABET.contains(&byte)), "{one}");
    }

    #[test]
    fn a_round_is_known_by_its_domain_alone() {
        let user = |email: &str| json!({ "email": email });
        let (first, second) = (Round { number: 1 }, Round { number: 2 });
        assert!(is_of(&user("lan@demo.example"), first) && !is_of(&user("lan@demo.example"), second));
        assert!(is_of(&user("lan@demo2.example"), second) && !is_of(&user("lan@demo22.example"), second));
        assert!(!is_of(&user("lan@mydemo.example"), first) && !is_of(&json!({}), first));
    }

    #[test]
    fn later_rounds_carry_their_number() {
        assert_eq!(Round { number: 1 }.named("Sông Hồng"), "Sông Hồng");
        assert_eq!(Round { number: 3 }.named("Sông Hồng"), "Sông Hồng 3");
        assert_eq!(Round { number: 3 }.domain(), "demo3.example");
    }
}
