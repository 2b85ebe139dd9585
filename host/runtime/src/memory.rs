//! The linear memory of an instance: how much it may have, and how much it has taken.

use wasmtime::{ResourceLimiter, Result, StoreLimits, StoreLimitsBuilder};

/// Refuses more than the limit, and remembers the size that was reached: linear memory never shrinks.
pub(crate) struct GuestMemory {
    limiter: StoreLimits,
    bytes: usize,
    bytes_max: usize,
}

impl GuestMemory {
    /// A guest that runs out of memory traps with that as its reason, instead of somewhere in its allocator.
    pub(crate) fn new(bytes_max: usize) -> Self {
        let limiter = StoreLimitsBuilder::new().memory_size(bytes_max).trap_on_grow_failure(true).build();
        Self { limiter, bytes: 0, bytes_max }
    }

    /// Whether more than `percent` of what the instance may have is taken.
    pub(crate) fn is_fuller_than(&self, percent: usize) -> bool {
        self.bytes > self.bytes_max / 100 * percent
    }
}

impl ResourceLimiter for GuestMemory {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let grows = self.limiter.memory_growing(current, desired, maximum)?;
        if grows {
            self.bytes = self.bytes.max(desired);
        }
        Ok(grows)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> Result<()> {
        self.limiter.memory_grow_failed(error)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        self.limiter.table_growing(current, desired, maximum)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> Result<()> {
        self.limiter.table_grow_failed(error)
    }

    fn instances(&self) -> usize {
        self.limiter.instances()
    }

    fn tables(&self) -> usize {
        self.limiter.tables()
    }

    fn memories(&self) -> usize {
        self.limiter.memories()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reached_is_remembered_and_what_was_refused_is_not() {
        let mut memory = GuestMemory::new(64 << 20);
        assert!(memory.memory_growing(0, 48 << 20, None).is_ok_and(|grows| grows));
        assert!(memory.is_fuller_than(74) && !memory.is_fuller_than(76));
        assert!(memory.memory_growing(48 << 20, 65 << 20, None).is_err());
        assert!(!memory.is_fuller_than(76));
    }
}
