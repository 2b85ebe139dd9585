//! What each token does, and which webhooks are believed.

use super::*;
use proptest::prelude::*;

fn sandbox() -> Sandbox {
    Sandbox::new(vec![7; KEY_BYTES_MIN]).unwrap()
}

fn with(token: &str) -> Charge {
    let (reference, method) = ("p1".to_owned(), "credit_card".to_owned());
    Charge { reference, amount: 80_000, currency: "VND".into(), method, token: token.into() }
}

fn now() -> Timestamp {
    "2026-01-31T09:30:00Z".parse().unwrap()
}

fn delayed() -> Signed {
    sandbox().webhooks(&with(DELAYED), now()).unwrap().remove(0)
}

fn verified(webhook: &Signed) -> Notice {
    sandbox().verify(Some(&webhook.signature), &webhook.body, now()).unwrap()
}

/// The kind of refusal.
fn refusal(sandbox: &Sandbox, signature: Option<&str>, body: &[u8], now: Timestamp) -> &'static str {
    match sandbox.verify(signature, body, now).unwrap_err() {
        Refusal::BadSignature(_) => "bad",
        Refusal::StaleSignature(_) => "stale",
        Refusal::Malformed(_) => "malformed",
        Refusal::CannotSay(_) => "cannot say",
    }
}

#[test]
fn token_says_what_becomes_of_a_charge() {
    let outcome = |token| charge(&with(token)).outcome;
    assert_eq!(outcome(SUCCESS), Outcome::Succeeded);
    assert_eq!(outcome(NONE), Outcome::Succeeded);
    assert_eq!(outcome(DECLINE), Outcome::Declined("card_declined".into()));
    assert_eq!(outcome("4242"), Outcome::Declined("unknown_token".into()));
    for token in [DELAYED, DUPLICATE, WRONG_AMOUNT, WRONG_CURRENCY, DELAYED_DECLINE] {
        assert_eq!(outcome(token), Outcome::Pending, "{token}");
    }
}

#[test]
fn tokens_are_those_that_the_crate_tells_of() {
    let told = include_str!("../lib.rs");
    for token in [SUCCESS, DECLINE, DELAYED, DUPLICATE, WRONG_AMOUNT, WRONG_CURRENCY, DELAYED_DECLINE] {
        assert!(told.contains(&format!("`{token}`")), "{token}");
    }
}

#[test]
fn repeated_charge_is_the_same_transaction() {
    let ids = [(); 2].map(|()| charge(&with(SUCCESS)).transaction_id);
    assert_eq!(ids, ["sandbox_p1", "sandbox_p1"]);
}

#[test]
fn refund_is_a_transaction_of_its_own() {
    let answer = refund("r1", "sandbox_p1", 80_000);
    assert_eq!((answer.transaction_id.as_str(), answer.outcome), ("sandbox_r1", Outcome::Succeeded));
    assert_eq!(answer.details, json!({ "gateway": "sandbox", "refund_of": "sandbox_p1", "amount": 80_000 }));
}

#[test]
fn webhooks_are_those_of_the_token_and_verify() {
    let came = || Outcome::Succeeded;
    let declined = || Outcome::Declined("card_declined".into());
    for (token, count, amount, currency, outcome) in [
        (SUCCESS, 0, 0, "", came()),
        (NONE, 0, 0, "", came()),
        (DECLINE, 0, 0, "", came()),
        (DELAYED, 1, 80_000, "VND", came()),
        (DUPLICATE, 2, 80_000, "VND", came()),
        (WRONG_AMOUNT, 1, 80_001, "VND", came()),
        (WRONG_CURRENCY, 1, 80_000, "XTS", came()),
        (DELAYED_DECLINE, 1, 80_000, "VND", declined()),
    ] {
        let webhooks = sandbox().webhooks(&with(token), now()).unwrap();
        assert_eq!(webhooks.len(), count, "{token}");
        for notice in webhooks.iter().map(verified) {
            let told = (notice.reference.as_str(), notice.amount, notice.currency.as_str(), notice.outcome);
            assert_eq!(told, ("p1", amount, currency, outcome.clone()), "{token}");
        }
    }
}

#[test]
fn webhook_of_a_charge_tells_of_its_transaction() {
    assert_eq!(verified(&delayed()).transaction_id, charge(&with(DELAYED)).transaction_id);
}

#[test]
fn signature_is_the_one_that_senders_know() {
    // Worked out with `openssl dgst -sha256 -hmac` over "1769851800.{}", the key being 32 times "k".
    let sandbox = Sandbox::new(vec![b'k'; KEY_BYTES_MIN]).unwrap();
    let signed = sandbox.sign(b"{}".to_vec(), now()).unwrap();
    assert_eq!(signed.signature, "t=1769851800,v1=1f51133a60e96c39a58e499b54fdc62a03679b58c7206ddd8c11a63b99649311");
}

#[test]
fn forged_webhooks_are_refused() {
    let Signed { signature, body } = delayed();
    let stranger = Sandbox::new(vec![8; KEY_BYTES_MIN]).unwrap();
    assert_eq!(refusal(&stranger, Some(&signature), &body, now()), "bad");
    let forged = String::from_utf8(body.clone()).unwrap().replace("80000", "1");
    assert_eq!(refusal(&sandbox(), Some(&signature), forged.as_bytes(), now()), "bad");
    assert_eq!(refusal(&sandbox(), None, &body, now()), "bad");
    for signature in ["", "t=1", "t=1,v1=", "t=1,v1=zz", "v1=00,t=1", "t=x,v1=00", "t=1,v1=+1", "t=1,v1=0"] {
        assert_eq!(refusal(&sandbox(), Some(signature), &body, now()), "bad", "{signature}");
    }
}

#[test]
fn webhook_counts_for_five_minutes_either_way() {
    let Signed { signature, body } = delayed();
    let second = Duration::from_secs(1);
    for at in [now() + TOLERANCE, now() - TOLERANCE] {
        assert!(sandbox().verify(Some(&signature), &body, at).is_ok(), "{at}");
    }
    for at in [now() + TOLERANCE + second, now() - TOLERANCE - second, Timestamp::MIN, Timestamp::MAX] {
        assert_eq!(refusal(&sandbox(), Some(&signature), &body, at), "stale", "{at}");
    }
}

#[test]
fn time_of_a_signature_cannot_be_moved() {
    let Signed { signature, body } = delayed();
    let (time, code) = signature.split_once(',').unwrap();
    let later = time.strip_prefix("t=").unwrap().parse::<u64>().unwrap() + 1;
    assert_eq!(refusal(&sandbox(), Some(&format!("t={later},{code}")), &body, now()), "bad");
}

#[test]
fn what_is_signed_and_no_webhook_is_malformed() {
    for body in
        ["", "[]", "{}", r#"{"reference":"p1","transaction_id":"t","amount":1,"currency":"VND","status":"odd"}"#]
    {
        let Signed { signature, body } = sandbox().sign(body.as_bytes().to_vec(), now()).unwrap();
        assert_eq!(refusal(&sandbox(), Some(&signature), &body, now()), "malformed");
    }
}

#[test]
fn short_keys_are_refused() {
    assert!(Sandbox::new(vec![7; KEY_BYTES_MIN - 1]).is_err_and(|text| text.contains("less than 32 bytes")));
}

proptest! {
    #[test]
    fn no_guessed_signature_is_believed(signature in "t=[0-9]{1,12},v1=([0-9a-f]{2}){0,40}|[ -~]{0,80}") {
        prop_assert_eq!(refusal(&sandbox(), Some(&signature), &delayed().body, now()), "bad");
    }

    #[test]
    fn no_changed_body_is_believed(position in 0_usize..150, bit in 0_u8..8) {
        let Signed { signature, mut body } = delayed();
        let position = position % body.len();
        body[position] ^= 1 << bit;
        prop_assert_eq!(refusal(&sandbox(), Some(&signature), &body, now()), "bad");
    }
}
