//! The table `artist_demos`.

use crate::domain::demo::{DemoRole, Recording};
use crate::domain::{DemoId, FileId, SkillId, SpecialistId};
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

const COLUMNS: &str = "id, specialist_id, role, title, description, instrument_skill_id, vocal_range, genre, file_id, \
                       preview_url, is_public, created_at, updated_at";

row! {
    /// What a specialist lets others hear.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Demo {
        /// The demo's id.
        pub(crate) id: DemoId,
        /// Whose it is.
        pub(crate) specialist_id: SpecialistId,
        /// What they do in it.
        pub(crate) role: DemoRole,
        /// What it is called.
        pub(crate) title: String,
        /// What there is to know of it.
        pub(crate) description: Option<String>,
        /// The skill of playing the instrument.
        pub(crate) instrument_skill_id: Option<SkillId>,
        /// For example `mezzo-soprano`.
        pub(crate) vocal_range: Option<String>,
        /// For example `bolero`.
        pub(crate) genre: Option<String>,
        /// The file that holds it, or `null` when `preview_url` says where it is.
        pub(crate) file_id: Option<FileId>,
        /// The address where it can be heard, or `null` when it is in a file.
        pub(crate) preview_url: Option<String>,
        /// Whether others see it.
        pub(crate) is_public: bool,
        /// When it was added.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

impl Demo {
    /// Where it can be heard.
    pub(crate) fn recording(&self) -> Option<Recording> {
        Recording::new(self.file_id, self.preview_url.clone())
    }
}

row! {
    struct Count {
        demos: i64,
    }
}

pub(crate) fn insert_demo(tx: &Transaction<'_>, demo: &Demo) -> Result<(), Error> {
    tx.execute(
        &format!(
            "INSERT INTO artist_demos ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        ),
        params![
            demo.id,
            demo.specialist_id,
            demo.role,
            demo.title,
            demo.description,
            demo.instrument_skill_id,
            demo.vocal_range,
            demo.genre,
            demo.file_id,
            demo.preview_url,
            demo.is_public,
            demo.created_at,
            demo.updated_at,
        ],
    )?;
    Ok(())
}

/// A demo of this specialist.
pub(crate) fn demo(db: &impl Reader, specialist_id: SpecialistId, id: DemoId) -> Result<Option<Demo>, Error> {
    db.query_optional(
        &format!("SELECT {COLUMNS} FROM artist_demos WHERE id = $1 AND specialist_id = $2"),
        params![id, specialist_id],
    )
}

/// At most `rows_max` demos of a specialist that are older than `before`, newest first.
pub(crate) fn demos(
    db: &impl Reader,
    specialist_id: SpecialistId,
    before: Option<DemoId>,
    rows_max: i64,
) -> Result<Vec<Demo>, Error> {
    let (statement, parameters) = Filter::default()
        .with("specialist_id = ", Some(specialist_id))
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM artist_demos"), "ORDER BY id DESC", rows_max);
    db.query(&statement, &parameters)
}

/// At most `rows_max` demos of a specialist that others see, newest first.
pub(crate) fn public_demos(db: &impl Reader, specialist_id: SpecialistId, rows_max: i64) -> Result<Vec<Demo>, Error> {
    db.query(
        &format!("SELECT {COLUMNS} FROM artist_demos WHERE specialist_id = $1 AND is_public ORDER BY id DESC LIMIT $2"),
        params![specialist_id, rows_max],
    )
}

/// Every demo of a file that others see: a file belongs to one specialist, so they are few.
pub(crate) fn public_demos_of_file(db: &impl Reader, file_id: FileId) -> Result<Vec<Demo>, Error> {
    db.query(
        &format!("SELECT {COLUMNS} FROM artist_demos WHERE file_id = $1 AND is_public ORDER BY id"),
        params![file_id],
    )
}

pub(crate) fn count_demos(db: &impl Reader, specialist_id: SpecialistId) -> Result<i64, Error> {
    let count: Count =
        db.query_one("SELECT COUNT(*) AS demos FROM artist_demos WHERE specialist_id = $1", params![specialist_id])?;
    Ok(count.demos)
}

/// Writes everything about a demo that can change. `false` when there is no such demo.
pub(crate) fn update_demo(tx: &Transaction<'_>, demo: &Demo) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE artist_demos SET
            role = $2, title = $3, description = $4, instrument_skill_id = $5, vocal_range = $6, genre = $7,
            file_id = $8, preview_url = $9, is_public = $10, updated_at = $11
         WHERE id = $1",
        params![
            demo.id,
            demo.role,
            demo.title,
            demo.description,
            demo.instrument_skill_id,
            demo.vocal_range,
            demo.genre,
            demo.file_id,
            demo.preview_url,
            demo.is_public,
            demo.updated_at,
        ],
    )?;
    Ok(changed == 1)
}

/// `false` when others do not see it anyway, or it is of another file by now.
pub(crate) fn hide_demo(tx: &Transaction<'_>, id: DemoId, file_id: FileId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE artist_demos SET is_public = $3, updated_at = $4 WHERE id = $1 AND file_id = $2 AND is_public",
        params![id, file_id, false, now],
    )?;
    Ok(changed == 1)
}

/// `false` when the specialist has no such demo.
pub(crate) fn delete_demo(tx: &Transaction<'_>, specialist_id: SpecialistId, id: DemoId) -> Result<bool, Error> {
    let deleted =
        tx.execute("DELETE FROM artist_demos WHERE id = $1 AND specialist_id = $2", params![id, specialist_id])?;
    Ok(deleted == 1)
}
