//! The service's configuration: the variables that its manifest entry lists.

use crate::problem::{Problem, Result};
use futures::FutureExt;
use spin_sdk::variables::Error;

/// The value of a variable; `None` when it is empty or the manifest does not list it.
///
/// # Errors
/// 500 when the host cannot tell, or the name is malformed.
pub fn get(name: &str) -> Result<Option<String>> {
    // The interface is asynchronous, but the host has the values at hand.
    match spin_sdk::variables::get(name).now_or_never() {
        Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
        Some(Err(Error::Undefined(_))) => Ok(None),
        Some(Err(error)) => Err(Problem::internal(format!("variable {name:?}: {error}"))),
        None => Err(Problem::internal(format!("variable {name:?}: the host did not answer at once"))),
    }
}
