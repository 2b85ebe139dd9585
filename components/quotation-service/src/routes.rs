//! The HTTP API, and who may use what of it.

pub(crate) mod internal;
pub(crate) mod milestones;
pub(crate) mod pricing;
pub(crate) mod quotations;
pub(crate) mod requests;

use crate::domain::text::{TEXT_CHARACTERS_MAX, check_text};
use axum::Router;
use axum::routing::{get, patch, post};
use mutrapro_sdk::json::{FieldErrors, Validate};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/requests", get(requests::list).post(requests::create))
        .route("/requests/{id}", get(requests::show).patch(requests::change))
        .route("/requests/{id}/claim", post(requests::claim))
        .route("/requests/{id}/cancel", post(requests::cancel))
        .route("/requests/{id}/quotations", get(quotations::list).post(quotations::create))
        .route("/quotations/{id}", get(quotations::show).patch(quotations::change))
        .route("/quotations/{id}/send", post(quotations::send))
        .route("/quotations/{id}/approve", post(quotations::approve))
        .route("/quotations/{id}/reject", post(quotations::reject))
        .route("/quotations/{id}/request-change", post(quotations::request_change))
        .route("/quotations/{id}/milestones", get(milestones::list))
        .route("/milestones/{id}", get(milestones::show))
        .route("/pricing", get(pricing::list).post(pricing::create))
        .route("/pricing/estimate", post(pricing::estimate))
        .route("/pricing/{id}", patch(pricing::change))
        .merge(internal::routes())
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "quotation-service", description = "Requests, quotations, prices and what is to be paid when"),
    paths(
        requests::create,
        requests::list,
        requests::show,
        requests::change,
        requests::claim,
        requests::cancel,
        quotations::create,
        quotations::list,
        quotations::show,
        quotations::change,
        quotations::send,
        quotations::approve,
        quotations::reject,
        quotations::request_change,
        milestones::list,
        milestones::show,
        pricing::list,
        pricing::estimate,
        pricing::create,
        pricing::change,
    ),
    tags(
        (name = "requests", description = "What customers ask for"),
        (name = "quotations", description = "What it costs, version by version, and what has to be paid when"),
        (name = "pricing", description = "What the studio asks for each kind of work")
    )
)]
pub(crate) struct Document;

/// Why, in the words of who does it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OptionalReason, example = json!({ "reason": "The concert was called off" }))]
pub(crate) struct OptionalReason {
    /// At most 5000 characters.
    #[schema(max_length = 5000)]
    pub(crate) reason: Option<String>,
}

impl Validate for OptionalReason {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(reason) = &self.reason {
            errors.rule("reason", check_text(reason, 1, TEXT_CHARACTERS_MAX));
        }
    }
}

/// Why, in the words of who does it; they have to say it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reason, example = json!({ "reason": "With a second voice, please" }))]
pub(crate) struct Reason {
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    pub(crate) reason: String,
}

impl Validate for Reason {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.rule("reason", check_text(&self.reason, 1, TEXT_CHARACTERS_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quotations_and_estimates_say_what_their_price_is_made_of() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let schemas = &document["components"]["schemas"];
        let with_lines = &schemas["QuotationWithLines"]["allOf"];
        assert_eq!(with_lines[0], json!({ "$ref": "#/components/schemas/Quotation" }));
        let line = json!({ "$ref": "#/components/schemas/PriceLine" });
        for (own, priced) in [(&with_lines[1], &schemas["Quotation"]), (&schemas["Estimate"], &schemas["Estimate"])] {
            assert_eq!(own["properties"]["lines"]["items"], line);
            assert!(own["required"].as_array().unwrap().contains(&json!("lines")));
            for field in ["computed_price", "total_price"] {
                assert!(priced["required"].as_array().unwrap().contains(&json!(field)), "{field}");
            }
        }
        let get = &document["paths"]["/quotations/{id}"]["get"]["responses"]["200"]["content"]["application/json"];
        assert_eq!(get["schema"], json!({ "$ref": "#/components/schemas/QuotationWithLines" }));
    }
}
