//! What the whole system shares: skills by category, and prices.
//!
//! Names here are unique in a system, and mean the same in each round. So what is there already is used, and never changed.

use crate::client::{Client, has, id};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Categories, what they are about, and the skills in them.
const SKILLS: [(&str, &str, &[&str]); 3] = [
    ("Voice", "What is sung", &["Lead vocals", "Backing vocals"]),
    ("Instruments", "What is played", &["Piano", "Guitar", "Đàn tranh"]),
    ("Notation", "What is written down", &["Lead sheets", "MusicXML engraving", "String arranging"]),
];

/// The skills that there are now.
pub(crate) struct Catalogue {
    skills: Vec<(&'static str, String)>,
}

impl Catalogue {
    /// Adds what is missing.
    ///
    /// # Errors
    /// The request that was refused.
    pub(crate) async fn complete(admin: &Client) -> Result<Self> {
        let mut skills = Vec::new();
        for (category, description, names) in SKILLS {
            let new = json!({ "name": category, "description": description });
            let category_id = known_or_new(admin, "skill-categories", &new, &["name"]).await?;
            for name in names {
                let new = json!({ "category_id": category_id, "name": name });
                skills.push((*name, known_or_new(admin, "skills", &new, &["name"]).await?));
            }
        }
        add_dollar_price(admin).await?;
        Ok(Self { skills })
    }

    /// The id of a skill.
    ///
    /// # Errors
    /// When it is none of [`SKILLS`].
    pub(crate) fn skill(&self, name: &str) -> Result<&str> {
        let found = self.skills.iter().find(|(own, _)| *own == name);
        found.map(|(_, id)| id.as_str()).with_context(|| format!("the catalogue has no skill {name:?}"))
    }
}

/// A simple transcription costs 2.50 dollars a minute, and 10 at the least. Everything in đồng is there from the first start.
async fn add_dollar_price(admin: &Client) -> Result<()> {
    let price = json!({
        "service_type": "transcription", "complexity": "simple", "unit_type": "per_minute", "base_price": 250,
        "min_price": 1_000, "currency": "USD",
    });
    let list = "pricing?service_type=transcription&currency=USD";
    if admin.find(list, |known| has(known, "complexity", "simple")).await?.is_none() {
        admin.post("pricing", &price).await?;
    }
    Ok(())
}

/// The id of what at `path` is the same as `new` in `fields`; of `new` itself when there is none.
///
/// # Errors
/// The request that was refused.
pub(crate) async fn known_or_new(admin: &Client, path: &str, new: &Value, fields: &[&str]) -> Result<String> {
    let known = admin.find(path, |known| fields.iter().all(|field| known.get(field) == new.get(field))).await?;
    match known {
        Some(known) => id(&known),
        None => id(&admin.post(path, new).await?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_skill_is_in_two_categories() {
        let mut names: Vec<_> = SKILLS.iter().flat_map(|(_, _, names)| *names).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
