//! The wasmtime engine: pooled instances, copy-on-write start-up, epochs, and compiled components kept on disk.

use crate::limits::RuntimeLimits;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use wasmtime::{Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// A service's component, its core modules and the adapters between them.
const CORE_INSTANCES_PER_COMPONENT: u32 = 8;
/// Room for the bookkeeping of the largest components seen (JavaScript and Python runtimes).
const COMPONENT_INSTANCE_BYTES_MAX: usize = 4 << 20;
/// The largest function table of a component; Python's has more than 10,000 entries.
const TABLE_ELEMENTS_MAX: usize = 65_536;

/// Where and how the engine keeps what it compiled.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The folder for compiled components, keyed by their content and the engine's configuration; `None` compiles anew
    /// at every start.
    pub cache_directory: Option<PathBuf>,
}

/// Why the engine could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the WebAssembly engine: {0}")]
pub struct EngineError(String);

/// How many epochs of an engine have ended: a clock that is read for nothing, and no finer than they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Epochs(Arc<AtomicU64>);

impl Epochs {
    pub(crate) fn ended(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An engine whose epochs advance for as long as this value lives.
pub(crate) struct TickingEngine {
    pub(crate) engine: Engine,
    pub(crate) epochs: Epochs,
    stop: Arc<AtomicBool>,
}

impl TickingEngine {
    /// Sets up an engine whose largest memory is `memory_bytes_max`.
    pub(crate) fn new(
        config: &EngineConfig,
        limits: &RuntimeLimits,
        memory_bytes_max: usize,
    ) -> Result<Self, EngineError> {
        let engine = engine(config, limits, memory_bytes_max).map_err(|error| EngineError(format!("{error:#}")))?;
        let (epochs, stop) = (Epochs::default(), Arc::new(AtomicBool::new(false)));
        spawn_ticker(&engine, limits.epoch_tick, epochs.clone(), Arc::clone(&stop))
            .map_err(|error| EngineError(format!("cannot start the epoch thread: {error}")))?;
        Ok(Self { engine, epochs, stop })
    }
}

impl Drop for TickingEngine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn engine(config: &EngineConfig, limits: &RuntimeLimits, memory_bytes_max: usize) -> wasmtime::Result<Engine> {
    let instances = limits.instances_total_max;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .total_memories(instances.saturating_mul(2))
        .total_tables(instances.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .total_stacks(instances.saturating_mul(2))
        .max_component_instance_size(COMPONENT_INSTANCE_BYTES_MAX)
        .max_core_instance_size(COMPONENT_INSTANCE_BYTES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_memory_size(memory_bytes_max);
    let mut settings = Config::new();
    settings
        .wasm_component_model_async(true)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    if let Some(directory) = &config.cache_directory {
        let mut cache = CacheConfig::new();
        cache.with_directory(directory);
        settings.cache(Some(Cache::new(cache)?));
    }
    Engine::new(&settings)
}

/// A thread of its own, because the runtime's threads may all be computing when the tick is due.
fn spawn_ticker(engine: &Engine, tick: Duration, epochs: Epochs, stop: Arc<AtomicBool>) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("epochs".to_owned()).spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(tick);
            let Some(engine) = engine.upgrade() else { return };
            // In this order: a guest that notices the epoch's end finds it counted.
            epochs.0.fetch_add(1, Ordering::Relaxed);
            engine.increment_epoch();
        }
    })?;
    Ok(())
}
