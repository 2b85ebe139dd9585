//! What is believed of a gateway, and what its refusals become.

use super::answers::{
    CURRENCY_CHARACTERS_MAX, DETAILS_BYTES_MAX, REASON_CHARACTERS_MAX, TOLD_CHARACTERS_MAX,
    TRANSACTION_ID_CHARACTERS_MAX,
};
use super::*;
use contract::WebhookRefusal;
use proptest::prelude::*;
use serde_json::json;

fn given() -> contract::Answer {
    let details = r#"{"fee": 3}"#.to_owned();
    contract::Answer { transaction_id: "t1".into(), outcome: contract::Outcome::Succeeded, details }
}

fn told() -> contract::Notice {
    contract::Notice {
        reference: "p1".into(),
        transaction_id: "t1".into(),
        amount: 80_000,
        currency: "VND".into(),
        outcome: contract::Outcome::Pending,
    }
}

fn answer(given: contract::Answer) -> Result<Answer> {
    checked("sandbox", Ok(given), |given| answers::answer("sandbox", given))
}

/// The status and the code of what is no answer.
fn code<T: std::fmt::Debug>(outcome: Result<T>) -> (u16, String) {
    let problem = outcome.unwrap_err();
    (problem.status().as_u16(), problem.code().to_owned())
}

fn unavailable() -> (u16, String) {
    (503, "plugin_unavailable".to_owned())
}

fn reason_of(reason: &str) -> String {
    let declined = contract::Answer { outcome: contract::Outcome::Declined(reason.to_owned()), ..given() };
    match answer(declined).unwrap().outcome {
        Outcome::Declined { reason } => reason,
        other => panic!("{other:?}"),
    }
}

fn kept(details: &str) -> Value {
    answer(contract::Answer { details: details.to_owned(), ..given() }).unwrap().response
}

#[test]
fn proper_answer_is_taken_as_it_is() {
    let expected = Answer { transaction_id: "t1".into(), outcome: Outcome::Succeeded, response: json!({ "fee": 3 }) };
    assert_eq!(answer(given()), Ok(expected));
    let pending = contract::Answer { outcome: contract::Outcome::Pending, ..given() };
    assert_eq!(answer(pending).unwrap().outcome, Outcome::Pending);
}

#[test]
fn answer_without_a_proper_transaction_is_none() {
    let longest = "ễ".repeat(TRANSACTION_ID_CHARACTERS_MAX);
    assert!(answer(contract::Answer { transaction_id: longest.clone(), ..given() }).is_ok());
    for id in ["", "a\0", "line\n", "\u{85}", &format!("{longest}x")] {
        let malformed = contract::Answer { transaction_id: id.to_owned(), ..given() };
        assert_eq!(code(answer(malformed)), unavailable(), "{id:?}");
        let notice = contract::Notice { transaction_id: id.to_owned(), ..told() };
        assert_eq!(code(verified("sandbox", Ok(Ok(notice)))), unavailable(), "{id:?}");
    }
}

#[test]
fn reason_is_in_snake_case_or_a_fixed_one() {
    let longest = "r".repeat(REASON_CHARACTERS_MAX);
    for reason in ["card_declined", "code_51", &longest] {
        assert_eq!(reason_of(reason), reason);
    }
    for reason in ["", "Card declined", "1st", "_x", "a-b", "a\0", "từ_chối", &format!("{longest}r")] {
        assert_eq!(reason_of(reason), "declined", "{reason:?}");
    }
}

#[test]
fn details_that_cannot_be_kept_are_left_out_and_the_answer_counts() {
    let filled = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert_eq!(kept(&filled(DETAILS_BYTES_MAX)).to_string().len(), DETAILS_BYTES_MAX);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(4_000), "]".repeat(4_000));
    let wrong = [
        "",
        "[]",
        "7",
        "null",
        "{",
        "{} {}",
        r#"{"a": 1e999}"#,
        r#"{"a": "\u0000"}"#,
        r#"{"\u0000": 1}"#,
        r#"{"a": [{"b": ["x\u0000"]}]}"#,
        &deep,
        &filled(DETAILS_BYTES_MAX + 1),
    ];
    for details in wrong {
        assert_eq!(kept(details), json!({}), "{details:.40}");
    }
    // Not the character, but six that spell it.
    assert_eq!(kept(r#"{"a": "\\u0000"}"#), json!({ "a": "\\u0000" }));
}

#[test]
fn notice_is_taken_as_it_is_but_for_what_cannot_be_kept() {
    let notice = verified("sandbox", Ok(Ok(told()))).unwrap();
    assert_eq!((notice.reference.as_str(), notice.amount, notice.currency.as_str()), ("p1", 80_000, "VND"));
    let declined = contract::Notice { outcome: contract::Outcome::Declined("No!".to_owned()), ..told() };
    let expected = Outcome::Declined { reason: "declined".into() };
    assert_eq!(verified("sandbox", Ok(Ok(declined))).unwrap().outcome, expected);
    for currency in ["", "V\0D", "V D", "đồng", &"X".repeat(CURRENCY_CHARACTERS_MAX + 1)] {
        let notice = contract::Notice { currency: currency.to_owned(), ..told() };
        assert_eq!(code(verified("sandbox", Ok(Ok(notice)))), unavailable(), "{currency:?}");
    }
}

#[test]
fn refusal_is_told_with_its_code() {
    let of = |refusal| code(verified("sandbox", Ok(Err(refusal))));
    assert_eq!(of(WebhookRefusal::BadSignature("x".into())), (401, "bad_signature".into()));
    assert_eq!(of(WebhookRefusal::StaleSignature("x".into())), (401, "stale_signature".into()));
    assert_eq!(of(WebhookRefusal::Malformed("x".into())), (400, "bad_request".into()));
    assert_eq!(of(WebhookRefusal::CannotSay("x".into())), unavailable());
}

#[test]
fn sender_is_told_a_line_and_nothing_of_what_is_wrong_within() {
    let detail = |refusal| verified("sandbox", Ok(Err(refusal))).unwrap_err().details().detail.clone();
    let long = format!("no\nno\0{}", "x".repeat(1_000));
    let expected = format!("no no {}", "x".repeat(TOLD_CHARACTERS_MAX - 6));
    assert_eq!(detail(WebhookRefusal::Malformed(long)), expected);
    let told = detail(WebhookRefusal::CannotSay("the key is k3y".into()));
    assert!(!told.contains("k3y"), "{told}");
}

#[test]
fn gateway_without_an_answer_is_asked_again_and_a_mistake_of_ours_is_told() {
    let of = |cause| code(verified("sandbox", Err(no_answer("sandbox", cause))));
    for cause in [
        CallError::Resting(3),
        CallError::Overloaded,
        CallError::TimedOut,
        CallError::Failed("trap".into()),
        CallError::CannotSay("busy".into()),
    ] {
        assert_eq!(of(cause), unavailable());
    }
    assert_eq!(of(CallError::TransactionOpen).0, 500);
    assert_eq!(of(CallError::Unknown("sandbox".into())).0, 500);
}

#[test]
fn simulated_webhooks_are_not_too_many() {
    let webhook = Webhook { headers: Vec::new(), body: Vec::new() };
    let of = |count| simulated("sandbox", Ok(vec![webhook.clone(); count]));
    assert_eq!(of(SIMULATED_WEBHOOKS_MAX).map(|webhooks| webhooks.len()), Ok(SIMULATED_WEBHOOKS_MAX));
    assert_eq!(code(of(SIMULATED_WEBHOOKS_MAX + 1)), unavailable());
}

#[test]
fn gateways_of_the_tests_are_those_of_the_manifest() {
    let manifest = include_str!("../../../../spin.toml");
    let entry = manifest.split("component = \"payment-service\"").nth(1).unwrap().split("[component").next().unwrap();
    let gateways = entry.split("payment-gateway = [").nth(1).unwrap().split(']').next().unwrap();
    let gateways: Vec<_> = gateways.split('"').skip(1).step_by(2).collect();
    assert_eq!(gateways, names());
    assert_eq!(default_name().unwrap(), "sandbox");
}

proptest! {
    #[test]
    fn whatever_a_gateway_says_can_be_kept(id: String, reason: String, details: String, text: String) {
        let outcome = contract::Outcome::Declined(reason);
        let details = if text.len() % 2 == 0 { json!({ text: details }).to_string() } else { details };
        if let Ok(Answer { transaction_id, outcome, response }) =
            answer(contract::Answer { transaction_id: id, outcome, details })
        {
            let Outcome::Declined { reason } = outcome else { panic!("{outcome:?}") };
            prop_assert!(!transaction_id.contains('\0') && !reason.contains('\0') && response.is_object());
            prop_assert!(!response.to_string().replace("\\\\", "").contains("\\u0000"));
        }
    }
}
