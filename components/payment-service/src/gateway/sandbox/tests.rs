//! What each token does, and which webhooks are believed.

use super::*;
use proptest::prelude::*;

fn sandbox() -> Sandbox {
    Sandbox::new(vec![7; KEY_BYTES_MIN]).unwrap()
}

fn charge(token: &str) -> Charge {
    let (reference, method) = ("p1".to_owned(), "credit_card".to_owned());
    Charge { reference, amount: 80_000, currency: "VND".into(), method, token: token.into() }
}

fn now() -> Instant {
    "2026-01-31T09:30:00Z".parse().unwrap()
}

fn delayed() -> Signed {
    sandbox().webhooks(&charge(DELAYED), now()).unwrap().remove(0)
}

fn signed(signature: &str) -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static(SIGNATURE_HEADER), signature.parse().unwrap())])
}

fn refusal(sandbox: &Sandbox, headers: &HeaderMap, body: &[u8], now: Instant) -> String {
    sandbox.verify(headers, body, now).unwrap_err().code().to_owned()
}

#[test]
fn token_says_what_becomes_of_a_charge() {
    let outcome = |token| sandbox().charge(&charge(token)).unwrap().outcome;
    assert_eq!(outcome(SUCCESS), Outcome::Succeeded);
    assert_eq!(outcome(DECLINE), Outcome::Declined { reason: "card_declined".into() });
    assert_eq!(outcome("4242"), Outcome::Declined { reason: "unknown_token".into() });
    for token in [DELAYED, DUPLICATE, WRONG_AMOUNT, WRONG_CURRENCY, DELAYED_DECLINE] {
        assert_eq!(outcome(token), Outcome::Pending, "{token}");
    }
}

#[test]
fn repeated_charge_is_the_same_transaction() {
    let ids = [(); 2].map(|()| sandbox().charge(&charge(SUCCESS)).unwrap().transaction_id);
    assert_eq!(ids, ["sandbox_p1", "sandbox_p1"]);
}

#[test]
fn refund_is_a_transaction_of_its_own() {
    let refund = Refund { reference: "r1".into(), transaction_id: "sandbox_p1".into(), amount: 80_000 };
    let answer = sandbox().refund(&refund).unwrap();
    assert_eq!((answer.transaction_id.as_str(), answer.outcome), ("sandbox_r1", Outcome::Succeeded));
    assert_eq!(answer.response["refund_of"], "sandbox_p1");
}

#[test]
fn webhooks_are_those_of_the_token_and_verify() {
    let came = || Outcome::Succeeded;
    let declined = || Outcome::Declined { reason: "card_declined".into() };
    for (token, count, amount, currency, outcome) in [
        (SUCCESS, 0, 0, "", came()),
        (DECLINE, 0, 0, "", came()),
        (DELAYED, 1, 80_000, "VND", came()),
        (DUPLICATE, 2, 80_000, "VND", came()),
        (WRONG_AMOUNT, 1, 80_001, "VND", came()),
        (WRONG_CURRENCY, 1, 80_000, "XTS", came()),
        (DELAYED_DECLINE, 1, 80_000, "VND", declined()),
    ] {
        let webhooks = sandbox().webhooks(&charge(token), now()).unwrap();
        assert_eq!(webhooks.len(), count, "{token}");
        for webhook in webhooks {
            let notice = sandbox().verify(&webhook.headers, &webhook.body, now()).unwrap();
            let told = (notice.reference.as_str(), notice.amount, notice.currency.as_str(), notice.outcome);
            assert_eq!(told, ("p1", amount, currency, outcome.clone()), "{token}");
        }
    }
}

#[test]
fn webhook_of_a_charge_tells_of_its_transaction() {
    let Signed { headers, body } = delayed();
    let notice = sandbox().verify(&headers, &body, now()).unwrap();
    assert_eq!(notice.transaction_id, sandbox().charge(&charge(DELAYED)).unwrap().transaction_id);
}

#[test]
fn forged_webhooks_are_refused() {
    let Signed { headers, body } = delayed();
    let stranger = Sandbox::new(vec![8; KEY_BYTES_MIN]).unwrap();
    assert_eq!(refusal(&stranger, &headers, &body, now()), "bad_signature");
    let forged = String::from_utf8(body.clone()).unwrap().replace("80000", "1");
    assert_eq!(refusal(&sandbox(), &headers, forged.as_bytes(), now()), "bad_signature");
    assert_eq!(refusal(&sandbox(), &HeaderMap::new(), &body, now()), "bad_signature");
    for signature in ["", "t=1", "t=1,v1=", "t=1,v1=zz", "v1=00,t=1", "t=x,v1=00", "t=1,v1=+1", "t=1,v1=0"] {
        assert_eq!(refusal(&sandbox(), &signed(signature), &body, now()), "bad_signature", "{signature}");
    }
}

#[test]
fn webhook_counts_for_five_minutes_either_way() {
    let Signed { headers, body } = delayed();
    let second = Duration::from_secs(1);
    for at in [now().plus(TOLERANCE), now().minus(TOLERANCE)] {
        assert!(sandbox().verify(&headers, &body, at).is_ok(), "{at}");
    }
    for at in [now().plus(TOLERANCE + second), now().minus(TOLERANCE + second)] {
        assert_eq!(refusal(&sandbox(), &headers, &body, at), "stale_signature", "{at}");
    }
}

#[test]
fn time_of_a_signature_cannot_be_moved() {
    let Signed { headers, body } = delayed();
    let signature = headers[SIGNATURE_HEADER].to_str().unwrap();
    let (time, code) = signature.split_once(',').unwrap();
    let later = time.strip_prefix("t=").unwrap().parse::<u64>().unwrap() + 1;
    assert_eq!(refusal(&sandbox(), &signed(&format!("t={later},{code}")), &body, now()), "bad_signature");
}

#[test]
fn what_is_signed_and_no_webhook_is_a_bad_request() {
    for body in
        ["", "[]", "{}", r#"{"reference":"p1","transaction_id":"t","amount":1,"currency":"VND","status":"odd"}"#]
    {
        let Signed { headers, body } = sandbox().sign(body.as_bytes().to_vec(), now()).unwrap();
        assert_eq!(refusal(&sandbox(), &headers, &body, now()), "bad_request");
    }
}

#[test]
fn short_keys_are_refused() {
    assert!(Sandbox::new(vec![7; KEY_BYTES_MIN - 1]).is_none());
}

proptest! {
    #[test]
    fn no_guessed_signature_is_believed(signature in "t=[0-9]{1,12},v1=([0-9a-f]{2}){0,40}|[ -~]{0,80}") {
        let refused = refusal(&sandbox(), &signed(&signature), &delayed().body, now());
        prop_assert_eq!(refused, "bad_signature");
    }

    #[test]
    fn no_changed_body_is_believed(position in 0_usize..150, bit in 0_u8..8) {
        let Signed { headers, mut body } = delayed();
        let position = position % body.len();
        body[position] ^= 1 << bit;
        prop_assert_eq!(refusal(&sandbox(), &headers, &body, now()), "bad_signature");
    }
}
