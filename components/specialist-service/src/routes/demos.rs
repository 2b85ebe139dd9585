//! The demos of a specialist, which they keep themselves.

use crate::domain::demo::{DemoRole, Recording};
use crate::domain::text::{
    NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, TITLE_CHARACTERS_MAX, check_line, check_text, check_url, trimmed,
};
use crate::domain::{DemoId, FileId, SkillId};
use crate::portfolio::{self, DemoChange};
use crate::store::{self, Demo, Specialist};
use crate::{dependencies, profiles};
use axum::http::StatusCode;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

/// A demo to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "role": "vocalist", "title": "Diễm xưa", "vocal_range": "mezzo-soprano", "genre": "bolero",
    "file_id": "0190f3a0-0000-7000-8000-000000000001", "is_public": true
}))]
pub(crate) struct NewDemo {
    /// What you do in it.
    role: DemoRole,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    description: Option<String>,
    /// The skill of playing the instrument, for who plays.
    instrument_skill_id: Option<SkillId>,
    /// 1 to 100 characters, for who sings.
    #[schema(min_length = 1, max_length = 100)]
    vocal_range: Option<String>,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    genre: Option<String>,
    /// A file that you uploaded with the source `portfolio_demo`; or else `preview_url`.
    file_id: Option<FileId>,
    /// An address that begins with https:// or http://, of at most 500 characters; or else `file_id`.
    #[schema(format = "uri", max_length = 500)]
    preview_url: Option<String>,
    /// Whether others see it; `false` unless given.
    #[serde(default)]
    is_public: bool,
}

impl Validate for NewDemo {
    fn validate(&self, errors: &mut FieldErrors) {
        let texts = Texts {
            title: Some(&self.title),
            description: self.description.as_ref(),
            vocal_range: self.vocal_range.as_ref(),
            genre: self.genre.as_ref(),
            preview_url: self.preview_url.as_ref(),
        };
        texts.check(errors);
        let is_somewhere = Recording::new(self.file_id, self.preview_url.clone()).is_some();
        errors.check(is_somewhere, "file_id", "or preview_url: a demo has exactly one of the two");
    }
}

/// What specialists may change of a demo; fields that are left out stay, `null` empties. Of `file_id` and
/// `preview_url`, the one that is given takes the place of the other.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "is_public": true }))]
pub(crate) struct DemoPatch {
    /// What you do in it.
    role: Option<DemoRole>,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// 1 to 5000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000)]
    description: Patch<String>,
    /// The skill of playing the instrument, for who plays.
    #[serde(default)]
    #[schema(value_type = Option<SkillId>)]
    instrument_skill_id: Patch<SkillId>,
    /// 1 to 100 characters, for who sings.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    vocal_range: Patch<String>,
    /// 1 to 100 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    genre: Patch<String>,
    /// A file that you uploaded with the source `portfolio_demo`.
    #[serde(default)]
    #[schema(value_type = Option<FileId>)]
    file_id: Patch<FileId>,
    /// An address that begins with https:// or http://, of at most 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uri", max_length = 500)]
    preview_url: Patch<String>,
    /// Whether others see it.
    is_public: Option<bool>,
}

impl Validate for DemoPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        let texts = Texts {
            title: self.title.as_ref(),
            description: self.description.value(),
            vocal_range: self.vocal_range.value(),
            genre: self.genre.value(),
            preview_url: self.preview_url.value(),
        };
        texts.check(errors);
        let is_one = self.file_id.value().is_none() || self.preview_url.value().is_none();
        errors.check(is_one, "file_id", "or preview_url: a demo has exactly one of the two");
    }
}

/// The texts that are given.
struct Texts<'a> {
    title: Option<&'a String>,
    description: Option<&'a String>,
    vocal_range: Option<&'a String>,
    genre: Option<&'a String>,
    preview_url: Option<&'a String>,
}

impl Texts<'_> {
    fn check(&self, errors: &mut FieldErrors) {
        let lines = [
            ("title", self.title, TITLE_CHARACTERS_MAX),
            ("vocal_range", self.vocal_range, NAME_CHARACTERS_MAX),
            ("genre", self.genre, NAME_CHARACTERS_MAX),
        ];
        for (field, text, characters_max) in lines {
            if let Some(text) = text {
                errors.rule(field, check_line(text, characters_max));
            }
        }
        if let Some(description) = self.description {
            errors.rule("description", check_text(description, TEXT_CHARACTERS_MAX));
        }
        if let Some(preview_url) = self.preview_url {
            errors.rule("preview_url", check_url(preview_url));
        }
    }
}

/// Your own demos, newest first, also those that others do not see. For specialists.
#[utoipa::path(get, path = "/specialists/me/demos", operation_id = "list_own_demos", tag = "own profile",
    params(PagingParameters),
    responses(
        (status = 200, body = Page<Demo>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: ask an administrator for a profile",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(user: User, paging: Paging) -> Result<Json<Page<Demo>>> {
    let specialist = profiles::own(&Database, &user)?;
    let rows = store::demos(&Database, specialist.id, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |demo| demo.id.to_string())))
}

/// Adds a demo to your own profile. For specialists, who have at most 50 demos.
#[utoipa::path(post, path = "/specialists/me/demos", operation_id = "create_own_demo", tag = "own profile",
    request_body = NewDemo,
    responses(
        (status = 201, body = Demo),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: ask an administrator for a profile",
            content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`too_many_demos`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewDemo>) -> Result<(StatusCode, Json<Demo>)> {
    let specialist = profiles::own(&Database, &user)?;
    check_file(&specialist, body.file_id)?;
    let now = Instant::now();
    let demo = Demo {
        id: DemoId::generate(),
        specialist_id: specialist.id,
        role: body.role,
        title: trimmed(body.title),
        description: body.description.map(trimmed),
        instrument_skill_id: body.instrument_skill_id,
        vocal_range: body.vocal_range.map(trimmed),
        genre: body.genre.map(trimmed),
        file_id: body.file_id,
        preview_url: body.preview_url,
        is_public: body.is_public,
        created_at: now,
        updated_at: now,
    };
    transaction(|tx| portfolio::add(tx, &specialist, &demo, now))?;
    Ok((StatusCode::CREATED, Json(portfolio::settled(&specialist, demo, now)?)))
}

/// Changes a demo of yours. For specialists.
#[utoipa::path(patch, path = "/specialists/me/demos/{id}", operation_id = "change_own_demo", tag = "own profile",
    params(("id" = DemoId, Path)), request_body = DemoPatch,
    responses(
        (status = 200, body = Demo),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: no such demo of yours, or no profile",
            content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`changed_meanwhile`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(user: User, Path(id): Path<DemoId>, Json(body): Json<DemoPatch>) -> Result<Json<Demo>> {
    let specialist = profiles::own(&Database, &user)?;
    let before = portfolio::found(&Database, &specialist, id)?;
    let change = DemoChange {
        role: body.role,
        title: body.title.map(trimmed),
        description: trimmed_patch(body.description),
        instrument_skill_id: body.instrument_skill_id,
        vocal_range: trimmed_patch(body.vocal_range),
        genre: trimmed_patch(body.genre),
        file_id: body.file_id,
        preview_url: body.preview_url,
        is_public: body.is_public,
    };
    let now = Instant::now();
    let checked = portfolio::file_to_check(&before, &change, now)?;
    check_file(&specialist, checked)?;
    let demo = transaction(|tx| portfolio::change(tx, &specialist, (id, &change), checked, now))?;
    Ok(Json(portfolio::settled(&specialist, demo, now)?))
}

/// Deletes a demo of yours; its file stays. For specialists.
#[utoipa::path(delete, path = "/specialists/me/demos/{id}", operation_id = "delete_own_demo", tag = "own profile",
    params(("id" = DemoId, Path)),
    responses(
        (status = 204),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: no such demo of yours, or no profile",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn remove(user: User, Path(id): Path<DemoId>) -> Result<StatusCode> {
    let specialist = profiles::own(&Database, &user)?;
    let now = Instant::now();
    transaction(|tx| portfolio::delete(tx, &specialist, id, now))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Goes on only if the file, if there is one, is a demo of this specialist.
fn check_file(specialist: &Specialist, file_id: Option<FileId>) -> Result<()> {
    match file_id {
        Some(file_id) => portfolio::check_file(specialist, dependencies::file(file_id)?.as_ref()),
        None => Ok(()),
    }
}

fn trimmed_patch(patch: Patch<String>) -> Patch<String> {
    match patch {
        Patch::Set(text) => Patch::Set(trimmed(text)),
        other => other,
    }
}
