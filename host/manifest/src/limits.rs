//! Every limit of the manifest, in one place.

use crate::app::Limits;
use crate::problem::Report;
use crate::raw::RawLimit;
use std::ops::RangeInclusive;

/// The largest manifest or migration file, in bytes: far above what a person writes, far below what hurts.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 20;

/// The largest lock file that Spin hands over, in bytes: what it makes of a manifest is longer than that, and no person writes it.
pub(crate) const LOCK_BYTES_MAX: u64 = 16 << 20;

/// The longest name of a component, table, constraint and the like, in bytes: PostgreSQL cuts longer ones off.
pub(crate) const IDENTIFIER_BYTES_MAX: usize = 63;

/// What `memory_bytes_max` may be: from what a small component needs to what 32-bit addresses reach.
const MEMORY_BYTES: RangeInclusive<u64> = (1 << 20)..=(4 << 30);
const INSTANCES: RangeInclusive<u64> = 1..=512;
/// Up to an hour.
const REQUEST_MS: RangeInclusive<u64> = 1..=3_600_000;
const BODY_BYTES: RangeInclusive<u64> = 1..=(1 << 40);

/// The keys of a trigger entry's `limits`.
pub(crate) const LIMIT_KEYS: [&str; 4] = ["memory_bytes_max", "instances_max", "request_ms_max", "body_bytes_max"];

/// The limits of a trigger entry; what is out of range is reported and left out.
pub(crate) fn check_limits(raw: &[RawLimit], report: &mut Report) -> Limits {
    let mut limits = Limits::default();
    for limit in raw {
        match limit.key {
            "memory_bytes_max" => limits.memory_bytes_max = within(limit, &MEMORY_BYTES, report),
            "instances_max" => {
                limits.instances_max = within(limit, &INSTANCES, report).and_then(|value| u32::try_from(value).ok());
            }
            "request_ms_max" => limits.request_ms_max = within(limit, &REQUEST_MS, report),
            _ => limits.body_bytes_max = within(limit, &BODY_BYTES, report),
        }
    }
    limits
}

fn within(limit: &RawLimit, range: &RangeInclusive<u64>, report: &mut Report) -> Option<u64> {
    let value = u64::try_from(limit.value.value).ok().filter(|value| range.contains(value));
    if value.is_none() {
        report.add(
            &limit.value.place,
            format!("`{}` is out of range: {}", limit.key, limit.value.value),
            format!("give a number from {} to {}, or leave it out for the host's default", range.start(), range.end()),
        );
    }
    value
}
