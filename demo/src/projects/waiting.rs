//! A project that was quoted in dollars and approved, and waits for its deposit.

use super::agreement::Parties;
use super::{Project, in_days};
use crate::media::wav;
use crate::people::Cast;
use anyhow::Result;
use serde_json::json;

/// Two begun minutes.
const RECORDING_SECONDS: u32 = 75;

/// Makes it.
///
/// # Errors
/// The request that was refused, or the effect that did not come.
pub(crate) async fn make(cast: &Cast) -> Result<Project> {
    let parties = Parties { customer: &cast.company.client, coordinator: &cast.other_coordinator.client };
    let request = json!({
        "request_type": "transcription", "title": "Theme for a radio play", "priority": "normal", "currency": "USD",
        "description": "A lead sheet of the theme, as it is on the recording",
        "budget": 5_000, "deadline": in_days(21)?,
    });
    let request = parties.file(&request, ("theme.wav", &wav::of(RECORDING_SECONDS)?)).await?;
    let terms = json!({ "complexity": "simple", "notes": "One voice; the chords by ear", "valid_days": 14 });
    let agreement = parties.agree(request, &terms).await?;
    let story = "quoted in dollars and approved, its deposit is due";
    Project::of_request(parties.customer, &agreement.request, "assigned", story).await
}
