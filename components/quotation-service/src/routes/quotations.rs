//! Quotations: coordinators write and send them, customers decide.

use super::{OptionalReason, Reason};
use crate::domain::pricing::{
    Complexity, Cost, DEPOSIT_BP, MULTIPLIER_BP_MAX, Price, RUSH_BP, Terms, UNITS_MAX, UnitType, begun_minutes,
};
use crate::domain::quotation::{QuotationStatus, VALID_DAYS, VALID_DAYS_MAX};
use crate::domain::request::{Priority, RequestStatus, Standing};
use crate::domain::text::{TEXT_CHARACTERS_MAX, check_text};
use crate::domain::{QuotationId, RequestId};
use crate::pricing::{Piece, Priced, priced};
use crate::quoting::{self, Decision, QuotationWithLines};
use crate::requests;
use crate::store::{self, ListedPrice, Quotation, Request};
use axum::http::StatusCode;
use mutrapro_contracts::answers::RequestAudioAnswer;
use mutrapro_sdk::client::Client;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::money::{BASIS_POINTS, check_amount};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

const FILES: Client = Client::new("file-service");
const MULTIPLIER_BP_MIN: u32 = 10_000;

/// What a coordinator decides about a quotation; what is left out is worked out, or stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "complexity": "moderate", "audio_minutes": 4, "notes": "Two voices" }))]
pub(crate) struct QuotationTerms {
    /// How hard the piece is; `simple` unless given.
    complexity: Option<Complexity>,
    /// Begun minutes of audio, songs, or minutes of work, whichever is paid for. For transcriptions it is the length of the
    /// audio that the customer uploaded, unless given; for everything else 1 song or 60 minutes.
    #[schema(minimum = 1, maximum = 60000)]
    audio_minutes: Option<u32>,
    /// How long it will take.
    #[schema(maximum = 1_000_000)]
    estimated_minutes: Option<u32>,
    /// What is multiplied with for complexity, unless it is the usual.
    #[schema(minimum = 10000, maximum = 100_000)]
    complexity_bp: Option<u32>,
    /// What is multiplied with for hurry, if the request is urgent, unless it is the usual.
    #[schema(minimum = 10000, maximum = 100_000)]
    rush_bp: Option<u32>,
    /// Added, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    additional_fees: Option<i64>,
    /// Taken off, in basis points.
    #[schema(maximum = 10000)]
    discount_bp: Option<u32>,
    /// The part that is paid first, in basis points; 4000 unless given.
    #[schema(minimum = 1, maximum = 10000)]
    deposit_bp: Option<u32>,
    /// How long the customer may think once it is sent; 7 unless given.
    #[schema(minimum = 1, maximum = 90)]
    valid_days: Option<u32>,
    /// For the customer.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 5000)]
    notes: Patch<String>,
}

impl Validate for QuotationTerms {
    fn validate(&self, errors: &mut FieldErrors) {
        let mut within = |field: &str, value: Option<u32>, least: u32, most: u32| {
            let is_valid = value.is_none_or(|value| (least..=most).contains(&value));
            errors.check(is_valid, field, &format!("must be {least} to {most}"));
        };
        let whole_bp = u32::try_from(BASIS_POINTS).unwrap_or(u32::MAX);
        within("audio_minutes", self.audio_minutes, 1, UNITS_MAX);
        within("estimated_minutes", self.estimated_minutes, 0, 1_000_000);
        within("complexity_bp", self.complexity_bp, MULTIPLIER_BP_MIN, MULTIPLIER_BP_MAX);
        within("rush_bp", self.rush_bp, MULTIPLIER_BP_MIN, MULTIPLIER_BP_MAX);
        within("discount_bp", self.discount_bp, 0, whole_bp);
        // Without a deposit nothing would tell that work may begin.
        within("deposit_bp", self.deposit_bp, 1, whole_bp);
        within("valid_days", self.valid_days, 1, VALID_DAYS_MAX);
        if let Some(fees) = self.additional_fees {
            check_amount(errors, "additional_fees", fees);
        }
        if let Some(notes) = self.notes.value() {
            errors.rule("notes", check_text(notes, 1, TEXT_CHARACTERS_MAX));
        }
    }
}

/// Drafts the next version for a request. For the coordinator who holds it; a version before it is superseded.
#[utoipa::path(post, path = "/requests/{id}/quotations", operation_id = "create_quotation", tag = "quotations",
    params(("id" = RequestId, Path)), request_body = QuotationTerms,
    responses(
        (status = 201, body = QuotationWithLines),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_request`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `no_price`, `audio_missing`, `request_not_open`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(
    user: User,
    Path(id): Path<RequestId>,
    Json(terms): Json<QuotationTerms>,
) -> Result<(StatusCode, Json<QuotationWithLines>)> {
    let (request, standing) = requests::visible(&Database, id, &user)?;
    may_quote(standing)?;
    let draft = first_draft(&request, &terms, Instant::now())?;
    let quotation = transaction(|tx| {
        let request = requests::found(tx, id)?;
        is_open(&request)?;
        quoting::draft(tx, &request, draft.clone())
    })?;
    Ok((StatusCode::CREATED, Json(quotation)))
}

/// A draft of the first version; [`quoting::draft`] gives it its place among the others.
fn first_draft(request: &Request, terms: &QuotationTerms, now: Instant) -> Result<QuotationWithLines> {
    is_open(request)?;
    let holder = request.coordinator_id.zip(request.coordinator_user_id);
    let (coordinator_id, coordinator_user_id) =
        holder.ok_or_else(|| Problem::conflict("request_unclaimed", "a coordinator has to claim the request first"))?;
    let complexity = terms.complexity.unwrap_or(Complexity::Simple);
    let price = price_of(request, complexity)?;
    let amount = match terms.audio_minutes {
        Some(amount) => amount,
        None => usual_amount(request, price.unit_type)?,
    };
    let rush_bp = terms.rush_bp.unwrap_or(RUSH_BP);
    let quotation = Quotation {
        id: QuotationId::generate(),
        request_id: request.id,
        customer_id: request.customer_id,
        customer_user_id: request.customer_user_id,
        coordinator_id,
        coordinator_user_id,
        version: 1,
        is_active: true,
        parent_quotation_id: None,
        audio_minutes: Some(amount),
        complexity,
        estimated_minutes: terms.estimated_minutes,
        base_price: price.base_price,
        complexity_bp: terms.complexity_bp.unwrap_or(complexity.multiplier_bp()),
        additional_fees: terms.additional_fees.unwrap_or_default(),
        discount_bp: terms.discount_bp.unwrap_or_default(),
        computed_price: 0,
        total_price: 0,
        currency: request.currency,
        deposit_bp: terms.deposit_bp.unwrap_or(DEPOSIT_BP),
        deposit_amount: 0,
        final_amount: 0,
        priority: request.priority,
        rush_bp: if request.priority == Priority::Rush { rush_bp } else { MULTIPLIER_BP_MIN },
        status: QuotationStatus::Draft,
        valid_days: terms.valid_days.unwrap_or(VALID_DAYS),
        valid_until: None,
        notes: terms.notes.value().map(|notes| notes.trim().to_owned()),
        sent_at: None,
        decided_at: None,
        created_at: now,
        updated_at: now,
    };
    with_amounts(quotation, request, &price.price(), amount)
}

/// The quotation with what it costs.
fn with_amounts(quotation: Quotation, request: &Request, price: &Price, amount: u32) -> Result<QuotationWithLines> {
    let terms = Terms {
        complexity_bp: quotation.complexity_bp,
        rush_bp: quotation.rush_bp,
        additional_fees: quotation.additional_fees,
        discount_bp: quotation.discount_bp,
        deposit_bp: quotation.deposit_bp,
    };
    let piece = Piece {
        request_id: Some(request.id),
        customer_id: Some(request.customer_id),
        service_type: request.request_type,
        complexity: quotation.complexity,
        priority: quotation.priority,
        amount,
        currency: quotation.currency,
        quoted_at: quotation.updated_at,
    };
    let Priced { computed_price, lines, cost } = priced(price, &piece, &terms)?;
    let Cost { total_price, deposit_amount, final_amount } = cost;
    if total_price == 0 {
        // Nothing to pay would leave nothing to start the project with.
        let detail = "a quotation has to cost something: lower the discount";
        return Err(Problem::conflict("nothing_to_pay", detail));
    }
    let quotation = Quotation { computed_price, total_price, deposit_amount, final_amount, ..quotation };
    Ok(QuotationWithLines { quotation, lines })
}

fn price_of(request: &Request, complexity: Complexity) -> Result<ListedPrice> {
    let Request { request_type, currency, .. } = request;
    store::active_price(&Database, *request_type, complexity, *currency)?.ok_or_else(|| {
        let detail =
            format!("there is no price for a {complexity} {request_type} in {currency}: an administrator adds it");
        Problem::conflict("no_price", detail)
    })
}

/// What is paid for when the coordinator does not say.
fn usual_amount(request: &Request, unit_type: UnitType) -> Result<u32> {
    match unit_type {
        UnitType::PerSong | UnitType::FixedPrice => Ok(1),
        UnitType::PerHour => Ok(60),
        UnitType::PerMinute => {
            let audio: RequestAudioAnswer = FILES.get(&format!("/internal/requests/{}/audio", request.id))?;
            if audio.duration_ms == 0 {
                let detail = "nobody has uploaded audio of known length: say audio_minutes";
                return Err(Problem::conflict("audio_missing", detail));
            }
            Ok(begun_minutes(audio.duration_ms))
        }
    }
}

/// Quotations of a request, newest first; customers see those that were sent to them.
#[utoipa::path(get, path = "/requests/{id}/quotations", operation_id = "list_quotations", tag = "quotations",
    params(("id" = RequestId, Path), PagingParameters),
    responses(
        (status = 200, body = Page<QuotationWithLines>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Path(id): Path<RequestId>,
    paging: Paging,
) -> Result<Json<Page<QuotationWithLines>>> {
    let (_, standing) = requests::visible(&Database, id, &user)?;
    let with_drafts = standing != Standing::Customer;
    let rows = store::quotations(&Database, id, with_drafts, paging.after()?, paging.rows())?;
    let Page { items, next_cursor } = paging.page(rows, |quotation| quotation.id.to_string());
    Ok(Json(Page { items: quoting::all_with_lines(&Database, items)?, next_cursor }))
}

/// A quotation; customers see what was sent to them.
#[utoipa::path(get, path = "/quotations/{id}", operation_id = "show_quotation", tag = "quotations",
    params(("id" = QuotationId, Path)),
    responses(
        (status = 200, body = QuotationWithLines),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<QuotationId>) -> Result<Json<QuotationWithLines>> {
    let (quotation, ..) = quoting::visible(&Database, id, &user)?;
    Ok(Json(quoting::with_lines(&Database, quotation)?))
}

/// Changes a draft. For the coordinator who holds the request.
#[utoipa::path(patch, path = "/quotations/{id}", operation_id = "change_quotation", tag = "quotations",
    params(("id" = QuotationId, Path)), request_body = QuotationTerms,
    responses(
        (status = 200, body = QuotationWithLines),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_request`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`not_a_draft`, `no_price`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<QuotationId>,
    Json(terms): Json<QuotationTerms>,
) -> Result<Json<QuotationWithLines>> {
    let (draft, request, standing) = quoting::visible(&Database, id, &user)?;
    may_quote(standing)?;
    // Nobody is asked to price what cannot change.
    if draft.status != QuotationStatus::Draft {
        return Err(quoting::not_a_draft());
    }
    let changed = changed_draft(draft, &request, &terms, Instant::now())?;
    let quotation = transaction(|tx| quoting::change_draft(tx, &changed))?;
    Ok(Json(quotation))
}

/// The draft with other terms and what it costs then; its lines are asked for anew.
fn changed_draft(
    draft: Quotation,
    request: &Request,
    terms: &QuotationTerms,
    now: Instant,
) -> Result<QuotationWithLines> {
    let complexity = terms.complexity.unwrap_or(draft.complexity);
    let price = price_of(request, complexity)?;
    let amount = terms.audio_minutes.or(draft.audio_minutes).unwrap_or(1);
    // Another complexity brings its own multiplier, unless it is said.
    let usual_bp = if terms.complexity.is_some() { complexity.multiplier_bp() } else { draft.complexity_bp };
    let rush_bp = terms.rush_bp.filter(|_| request.priority == Priority::Rush).unwrap_or(draft.rush_bp);
    let notes = if terms.notes.is_given() { terms.notes.value().cloned() } else { draft.notes.clone() };
    let quotation = Quotation {
        audio_minutes: Some(amount),
        complexity,
        estimated_minutes: terms.estimated_minutes.or(draft.estimated_minutes),
        base_price: price.base_price,
        complexity_bp: terms.complexity_bp.unwrap_or(usual_bp),
        additional_fees: terms.additional_fees.unwrap_or(draft.additional_fees),
        discount_bp: terms.discount_bp.unwrap_or(draft.discount_bp),
        deposit_bp: terms.deposit_bp.unwrap_or(draft.deposit_bp),
        rush_bp,
        valid_days: terms.valid_days.unwrap_or(draft.valid_days),
        notes,
        updated_at: now,
        ..draft
    };
    with_amounts(quotation, request, &price.price(), amount)
}

/// Sends a draft to the customer. For the coordinator who holds the request.
#[utoipa::path(post, path = "/quotations/{id}/send", operation_id = "send_quotation", tag = "quotations",
    params(("id" = QuotationId, Path)),
    responses(
        (status = 200, body = QuotationWithLines),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_request`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn send(user: User, Path(id): Path<QuotationId>) -> Result<Json<QuotationWithLines>> {
    let now = Instant::now();
    let sent = transaction(|tx| {
        let (quotation, request, standing) = quoting::visible(tx, id, &user)?;
        may_quote(standing)?;
        let sent = quoting::send(tx, &quotation, &request, now)?;
        quoting::with_lines(tx, sent)
    })?;
    Ok(Json(sent))
}

/// Agrees to a quotation: the deposit is due. For its customer.
#[utoipa::path(post, path = "/quotations/{id}/approve", operation_id = "approve_quotation", tag = "quotations",
    params(("id" = QuotationId, Path)),
    responses(
        (status = 200, body = QuotationWithLines),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_quotation`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `quotation_expired`",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn approve(user: User, Path(id): Path<QuotationId>) -> Result<Json<QuotationWithLines>> {
    decided(&user, id, quoting::approve)
}

/// Declines a quotation; the request ends. For its customer.
#[utoipa::path(post, path = "/quotations/{id}/reject", operation_id = "reject_quotation", tag = "quotations",
    params(("id" = QuotationId, Path)), request_body = OptionalReason,
    responses(
        (status = 200, body = QuotationWithLines),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_quotation`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `quotation_expired`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn reject(
    user: User,
    Path(id): Path<QuotationId>,
    Json(body): Json<OptionalReason>,
) -> Result<Json<QuotationWithLines>> {
    decided(&user, id, |tx, decision| quoting::reject(tx, decision, body.reason.clone()))
}

/// Asks for another version; the request waits for it. For its customer.
#[utoipa::path(post, path = "/quotations/{id}/request-change", operation_id = "request_quotation_change",
    tag = "quotations", params(("id" = QuotationId, Path)), request_body = Reason,
    responses(
        (status = 200, body = QuotationWithLines),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_quotation`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `quotation_expired`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn request_change(
    user: User,
    Path(id): Path<QuotationId>,
    Json(body): Json<Reason>,
) -> Result<Json<QuotationWithLines>> {
    decided(&user, id, |tx, decision| quoting::request_change(tx, decision, body.reason.clone()))
}

/// Lets the customer decide, and shows the quotation as it is then.
fn decided(
    user: &User,
    id: QuotationId,
    decide: impl Fn(&mutrapro_sdk::sql::Transaction<'_>, &Decision<'_>) -> Result<Quotation>,
) -> Result<Json<QuotationWithLines>> {
    let now = Instant::now();
    let quotation = transaction(|tx| {
        let (quotation, request, _) = quoting::visible(tx, id, user)?;
        // Nobody agrees on a customer's behalf, administrators neither.
        if quotation.customer_user_id != user.id || !user.is(Role::Customer) {
            return Err(Problem::forbidden("not_your_quotation", "only its customer may decide"));
        }
        let decided = decide(tx, &Decision { quotation: &quotation, request: &request, by: user.id, at: now })?;
        quoting::with_lines(tx, decided)
    })?;
    Ok(Json(quotation))
}

fn may_quote(standing: Standing) -> Result<()> {
    match standing {
        Standing::Holder | Standing::Admin => Ok(()),
        _ => Err(Problem::forbidden("not_your_request", "only the coordinator who holds the request may quote it")),
    }
}

/// Goes on only while a request can still be quoted.
fn is_open(request: &Request) -> Result<()> {
    match request.status {
        RequestStatus::Pending | RequestStatus::Quoted => Ok(()),
        status => Err(state::refused(status, RequestStatus::Quoted)),
    }
}
