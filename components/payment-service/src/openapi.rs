//! The service's part of the application's OpenAPI document: its public paths, as the gateway forwards them.

use crate::routes::{payments, webhooks};
use utoipa::OpenApi;

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "payment-service", description = "Payments and refunds through gateways"),
    paths(payments::create, payments::list, payments::show, payments::refund, webhooks::receive),
    tags((name = "payments", description = "What customers pay for milestones, and what they are given back"))
)]
pub(crate) struct Document;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::{REASON_CHARACTERS_MAX, TOKEN_CHARACTERS_MAX};
    use crate::webhooks::BODY_BYTES_MAX;
    use serde_json::Value;

    fn document() -> Value {
        serde_json::to_value(Document::openapi()).unwrap()
    }

    #[test]
    fn public_paths_are_published_and_internal_ones_are_not() {
        let paths: Vec<_> = document()["paths"].as_object().unwrap().keys().cloned().collect();
        let expected = ["/payments", "/payments/webhooks/{gateway}", "/payments/{id}", "/payments/{id}/refund"];
        assert_eq!(paths, expected);
    }

    #[test]
    fn schemas_that_are_referred_to_are_there() {
        let text = Document::openapi().to_json().unwrap();
        let document = document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is not among {:?}", schemas.keys());
        }
    }

    #[test]
    fn limits_are_those_that_hold() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["NewPayment"]["properties"]["token"]["maxLength"], TOKEN_CHARACTERS_MAX);
        // Of those that it allows, the check refuses the number of a card alone.
        assert_eq!(schemas["NewPayment"]["properties"]["token"]["pattern"], "^[!-~]+$");
        assert_eq!(schemas["NewRefund"]["properties"]["reason"]["maxLength"], REASON_CHARACTERS_MAX);
        let webhook = document["paths"]["/payments/webhooks/{gateway}"]["post"]["summary"].as_str().unwrap();
        assert!(webhook.contains(&BODY_BYTES_MAX.to_string()), "{webhook}");
    }

    #[test]
    fn webhook_is_whatever_its_gateway_sends() {
        let document = document();
        let content = &document["paths"]["/payments/webhooks/{gateway}"]["post"]["requestBody"]["content"];
        assert_eq!(content["application/octet-stream"]["schema"]["$ref"], "#/components/schemas/WebhookBody");
        let body = &document["components"]["schemas"]["WebhookBody"];
        assert_eq!((&body["type"], &body["format"]), (&"string".into(), &"binary".into()));
        let example: Value = serde_json::from_str(body["example"].as_str().unwrap()).unwrap();
        assert_eq!(example["status"], "succeeded");
    }

    #[test]
    fn nothing_of_a_payment_is_told_that_is_nobodys_to_know() {
        let document = document();
        let payment = document["components"]["schemas"]["Payment"]["properties"].as_object().unwrap();
        for hidden in ["gateway_token", "idempotency_key", "ip_address", "user_agent", "coordinator_user_id"] {
            assert!(!payment.contains_key(hidden), "{hidden}");
        }
        for told in ["id", "milestone_id", "amount", "currency", "status", "failure_reason", "completed_at"] {
            assert!(payment.contains_key(told), "{told}");
        }
    }
}
