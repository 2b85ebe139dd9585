//! State machines: which states may follow which.
//!
//! A service lists its transitions once. A change of state is one conditional update (`… WHERE id = $1 AND status = $2`)
//! after [`check`]: the check explains, the update decides.

use crate::problem::{Problem, Result};
use std::fmt::Display;

/// A state of a thing that moves from state to state.
pub trait State: Copy + Eq + Display + 'static {
    /// What the thing is called, for example `quotation`.
    const THING: &'static str;

    /// Every transition that there is, `(from, to)`.
    const TRANSITIONS: &'static [(Self, Self)];

    /// Whether `next` may follow.
    fn may_become(self, next: Self) -> bool {
        Self::TRANSITIONS.contains(&(self, next))
    }
}

/// Goes on only if `to` may follow `from`.
///
/// # Errors
/// 409 `illegal_transition`, which names the state and those that may follow it.
pub fn check<S: State>(from: S, to: S) -> Result<()> {
    if from.may_become(to) { Ok(()) } else { Err(refused(from, to)) }
}

/// The problem of a transition that is not allowed.
pub fn refused<S: State>(from: S, to: S) -> Problem {
    let allowed: Vec<_> = S::TRANSITIONS.iter().filter(|(own, _)| *own == from).map(|(_, to)| to.to_string()).collect();
    let allowed = if allowed.is_empty() { "nothing more".to_owned() } else { allowed.join(", ") };
    let detail = format!("a {} that is {from} cannot become {to}; it can become {allowed}", S::THING);
    Problem::conflict("illegal_transition", detail)
}

/// The problem of a thing that became something else between looking and changing.
pub fn changed_meanwhile(thing: &str) -> Problem {
    Problem::conflict("changed_meanwhile", format!("the {thing} was changed by another at the same time: look again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::text_enum! {
        /// For these tests.
        enum Light { Red = "red", Green = "green", Off = "off" }
    }

    impl State for Light {
        const THING: &'static str = "light";
        const TRANSITIONS: &'static [(Self, Self)] =
            &[(Self::Red, Self::Green), (Self::Red, Self::Off), (Self::Green, Self::Red)];
    }

    #[test]
    fn listed_transitions_are_allowed_and_no_others() {
        for from in Light::ALL {
            for to in Light::ALL {
                assert_eq!(check(*from, *to).is_ok(), Light::TRANSITIONS.contains(&(*from, *to)), "{from} to {to}");
            }
        }
    }

    #[test]
    fn refusal_names_what_is_allowed() {
        let detail = |from, to| check(from, to).unwrap_err().details().detail.clone();
        assert_eq!(detail(Light::Red, Light::Red), "a light that is red cannot become red; it can become green, off");
        assert!(detail(Light::Off, Light::Red).ends_with("it can become nothing more"));
        assert_eq!(check(Light::Off, Light::Red).unwrap_err().code(), "illegal_transition");
    }
}
