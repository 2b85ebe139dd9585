//! Whom notifications are for, as user-service knows them; all calls to it.

use crate::domain::delivery::{Outcome, PAUSE};
use mutrapro_contracts::answers::UserAnswer;
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::plugins::notifier::Recipient;

const USER_SERVICE: Client = Client::new("user-service");

/// Name and e-mail address of a user.
///
/// # Errors
/// What the attempt to deliver ends with, as it has no recipient.
pub(crate) fn find(id: UserId) -> Result<Recipient, Outcome> {
    recipient(USER_SERVICE.get(&format!("/internal/users/{id}")))
}

fn recipient(answer: Result<UserAnswer, Error>) -> Result<Recipient, Outcome> {
    match answer {
        Ok(user) if !user.is_active => Err(Outcome::Never("the recipient's account is inactive".to_owned())),
        Ok(user) => Ok(Recipient { user_id: user.id.to_string(), full_name: user.full_name, email: user.email }),
        Err(Error::Refused { problem, .. }) if problem.status().as_u16() == 404 => {
            Err(Outcome::Never("user-service does not know the recipient".to_owned()))
        }
        Err(error) => {
            let text = error.to_string();
            let is_passing = match &error {
                Error::Unavailable(_) | Error::TimedOut(_) => true,
                Error::Refused { problem, .. } => problem.status().as_u16() == 503,
                Error::Mistake { .. } => false,
            };
            // No plugin was asked. What does not pass by itself is given up on in the end.
            Err(if is_passing { Outcome::NotBegun(PAUSE, text) } else { Outcome::Later(text) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;
    use mutrapro_sdk::problem::Problem;

    fn refused(problem: Problem) -> Result<Recipient, Outcome> {
        recipient(Err(Error::Refused { service: "user-service".to_owned(), problem }))
    }

    fn user() -> UserAnswer {
        UserAnswer {
            id: Uuid::from_u128(7),
            full_name: "Lan Trần".to_owned(),
            email: "lan@example.com".to_owned(),
            roles: vec!["customer".to_owned()],
            is_active: true,
            customer_id: None,
            coordinator_id: None,
        }
    }

    #[test]
    fn user_is_addressed_by_name_and_e_mail_address() {
        let user = user();
        let id = user.id.to_string();
        let Recipient { user_id, full_name, email } = recipient(Ok(user)).unwrap();
        assert_eq!((user_id, full_name.as_str(), email.as_str()), (id, "Lan Trần", "lan@example.com"));
    }

    #[test]
    fn who_is_deactivated_or_unknown_is_told_nothing() {
        assert!(matches!(recipient(Ok(UserAnswer { is_active: false, ..user() })), Err(Outcome::Never(_))));
        assert!(matches!(refused(Problem::not_found("user")), Err(Outcome::Never(_))));
    }

    #[test]
    fn silence_of_user_service_costs_no_attempt_and_its_mistakes_do() {
        let service = || "user-service".to_owned();
        for passing in [
            recipient(Err(Error::Unavailable(service()))),
            recipient(Err(Error::TimedOut(service()))),
            refused(Problem::unavailable("busy", "later")),
        ] {
            assert!(matches!(passing, Err(Outcome::NotBegun(PAUSE, _))), "{passing:?}");
        }
        for lasting in [
            recipient(Err(Error::Mistake { service: service(), text: "no JSON".to_owned() })),
            refused(Problem::internal("oops")),
        ] {
            assert!(matches!(lasting, Err(Outcome::Later(_))), "{lasting:?}");
        }
    }
}
