//! A component runs another program from now on, while it is called.
//!
//! Promise: a call ends with the program that it began with, and none fails for a replacement; a program that would not have
//! passed at the start changes nothing; the code of the old one is freed when its last call has ended.

use crate::error::ReplaceError;
use crate::runtime::Runtime;
use mutrapro_manifest::ComponentId;
use std::sync::Arc;

impl Runtime {
    /// Has the component or plugin `id` run `wasm`, for every call that begins when this has returned. Of two at once, the one
    /// that takes longer to load stays.
    ///
    /// # Errors
    /// See [`ReplaceError`]; the component goes on with what it ran.
    pub async fn replace(&self, id: &ComponentId, wasm: Vec<u8>) -> Result<(), ReplaceError> {
        let component = self.component(id).or_else(|| self.plugin(id));
        let component = component.ok_or_else(|| ReplaceError::NoSuchComponent(id.clone()))?;
        let (loader, service) = (Arc::clone(&self.loader), Arc::clone(component.service()));
        let loaded = tokio::task::spawn_blocking(move || loader.program(&service, &wasm)).await;
        component.run(loaded.map_err(|error| ReplaceError::BrokenOff(error.to_string()))??);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::Request;
    use crate::{CallContext, CallError, Capability, EngineConfig, Interface, RuntimeLimits, RuntimeMetrics, State};
    use mutrapro_manifest::{App, KindPattern, Schedule, Service};
    use prometheus_client::registry::Registry;
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::time::Duration;
    use tempfile::TempDir;
    use tokio::time::Instant;
    use wasmtime::component::Linker;

    const ID: &str = "album-service";
    const CONSUMER: &str = r#"(instance $consumer (export "handle" (func $nothing))) (export "mutrapro:events/consumer@0.1.0" (instance $consumer))"#;
    const JOB: &str =
        r#"(instance $job (export "run" (func $nothing))) (export "mutrapro:schedule/job@0.1.0" (instance $job))"#;

    /// A component that answers every request with `answer`. `exports` may export `$nothing`, too.
    fn answering(answer: &str, imports: &str, exports: &str) -> Vec<u8> {
        let text = include_str!("replace/answering.wat");
        let length = answer.len().to_string();
        let parts = [("ANSWER", answer), ("LENGTH", &length), (";; IMPORTS", imports), (";; EXPORTS", exports)];
        let text = parts.iter().fold(text.to_owned(), |text, (name, part)| text.replace(name, part));
        wat::parse_str(text).unwrap()
    }

    fn plain(answer: &str) -> Vec<u8> {
        answering(answer, "", "")
    }

    /// Something that no service is granted.
    struct Tool;

    impl Capability for Tool {
        fn interfaces(&self) -> &'static [Interface] {
            &[Interface { name: "mutrapro:tests/tool", grant: "`tool = true`" }]
        }

        fn is_granted(&self, _interface: &Interface, _service: &Service) -> bool {
            false
        }

        fn add_to_linker(&self, _interface: &Interface, _linker: &mut Linker<State>) -> wasmtime::Result<()> {
            Ok(())
        }

        fn prepare(&self, _service: &Arc<Service>, _state: &mut State) -> wasmtime::Result<()> {
            Ok(())
        }
    }

    /// A runtime with one service.
    struct Stage {
        runtime: Arc<Runtime>,
        registry: Registry,
        id: ComponentId,
        _folder: TempDir,
    }

    impl Stage {
        fn of(wasm: &[u8], limits: RuntimeLimits, change: impl FnOnce(&mut Service)) -> Self {
            let (folder, id) = (tempfile::tempdir().unwrap(), ComponentId::new(ID));
            let path = folder.path().join("album_service.wasm");
            std::fs::write(&path, wasm).unwrap();
            let mut service = Service::new(id.clone(), path);
            change(&mut service);
            let app = App { services: BTreeMap::from([(id.clone(), Arc::new(service))]), ..App::default() };
            let mut registry = Registry::default();
            let metrics = RuntimeMetrics::register(&mut registry);
            let engine = EngineConfig { cache_directory: None };
            let runtime = Runtime::load(&app, &engine, limits, vec![Arc::new(Tool)], metrics).unwrap();
            Self { runtime, registry, id, _folder: folder }
        }

        fn plain(answer: &str) -> Self {
            Self::of(&plain(answer), RuntimeLimits::default(), |_| {})
        }

        async fn replace(&self, wasm: Vec<u8>) -> Result<(), String> {
            self.runtime.replace(&self.id, wasm).await.map_err(|error| error.to_string())
        }

        async fn answer(&self) -> Result<String, CallError> {
            answer_of(&self.runtime, &self.id).await
        }

        fn metrics(&self) -> String {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
            text
        }
    }

    fn call() -> CallContext {
        CallContext::root(Instant::now() + Duration::from_secs(30))
    }

    fn request() -> Request {
        Request { method: "GET".into(), path_with_query: "/".into(), headers: Vec::new(), body: Vec::new() }
    }

    async fn answer_of(runtime: &Runtime, id: &ComponentId) -> Result<String, CallError> {
        let response = runtime.send(id, request(), call()).await?.unwrap();
        Ok(String::from_utf8(response.body).unwrap())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_request_fails_while_a_component_is_replaced_and_none_goes_back() {
        let stage = Stage::plain("0");
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let (runtime, id, stop) = (Arc::clone(&stage.runtime), stage.id.clone(), Arc::clone(&stop));
                let newest = Arc::new(AtomicU32::new(0));
                let seen = Arc::clone(&newest);
                let client = tokio::spawn(async move {
                    let mut requests = 0_u32;
                    while !stop.load(Ordering::Relaxed) {
                        let number = answer_of(&runtime, &id).await.unwrap().parse().unwrap();
                        assert!(
                            seen.swap(number, Ordering::Relaxed) <= number,
                            "an answer of a program that was replaced"
                        );
                        requests += 1;
                    }
                    requests
                });
                (client, newest)
            })
            .collect();
        for number in 1..=9 {
            stage.replace(plain(&number.to_string())).await.unwrap();
            while clients
                .iter()
                .any(|(client, newest)| !client.is_finished() && newest.load(Ordering::Relaxed) < number)
            {
                tokio::task::yield_now().await;
            }
        }
        stop.store(true, Ordering::Relaxed);
        let mut requests = 0;
        for (client, newest) in clients {
            requests += client.await.unwrap();
            assert_eq!(newest.load(Ordering::Relaxed), 9);
        }
        let line = format!("requests_total{{service=\"{ID}\",status=\"200\"}} {requests}\n");
        assert!(
            stage.metrics().contains(&line),
            "one series counts what every program answered: {line}{}",
            stage.metrics()
        );
    }

    #[tokio::test]
    async fn call_ends_with_what_it_began_with_and_then_the_code_is_freed() {
        let stage = Stage::plain("old");
        let component = stage.runtime.component(&stage.id).unwrap();
        assert_eq!(stage.answer().await.unwrap(), "old");
        let code = Arc::downgrade(&component.program().blueprint);
        let mut lease = component.acquire(&call()).await.unwrap();
        stage.replace(plain("new")).await.unwrap();
        assert_eq!(stage.answer().await.unwrap(), "new");
        assert_eq!(lease.exchange(call(), &request()).await.unwrap().unwrap().body, b"old");
        assert!(code.upgrade().is_some(), "a call is at work");
        lease.release();
        assert!(code.upgrade().is_none(), "nobody can call it any more");
        let idle = format!("instances{{service=\"{ID}\",state=\"Idle\"}} 1\n");
        assert!(
            stage.metrics().contains(&idle),
            "the new one's instance is idle, the old one's gone: {}",
            stage.metrics()
        );
    }

    #[tokio::test]
    async fn idle_instances_of_the_old_program_go_at_once() {
        let stage = Stage::plain("old");
        assert_eq!(stage.answer().await.unwrap(), "old");
        let code = Arc::downgrade(&stage.runtime.component(&stage.id).unwrap().program().blueprint);
        stage.replace(plain("new")).await.unwrap();
        assert!(code.upgrade().is_none());
    }

    #[tokio::test]
    async fn old_and_new_program_share_the_instances_of_their_component() {
        let limits = RuntimeLimits { instance_wait: Duration::from_millis(1), ..RuntimeLimits::default() };
        let stage = Stage::of(&plain("old"), limits, |service| service.limits.instances_max = Some(1));
        let lease = stage.runtime.component(&stage.id).unwrap().acquire(&call()).await.unwrap();
        stage.replace(plain("new")).await.unwrap();
        assert!(matches!(stage.answer().await, Err(CallError::Overloaded { .. })));
        lease.release();
        assert_eq!(stage.answer().await.unwrap(), "new");
    }

    #[tokio::test]
    async fn program_that_would_not_have_started_is_refused_and_the_old_one_goes_on() {
        let old = answering("old", "", &format!("{CONSUMER}{JOB}"));
        let stage = Stage::of(&old, RuntimeLimits::default(), |service| {
            service.subscribes = vec![KindPattern::new("user.*")];
            service.schedules = vec![Schedule { job: "sweep".into(), cron: "@reboot".into() }];
        });
        let import = r#"(import "mutrapro:tests/tool@0.1.0" (instance))"#;
        let hollow = CONSUMER.replace("handle", "other");
        for (wasm, parts) in [
            (b"none".to_vec(), vec!["no valid WebAssembly component", "album_service.wasm"]),
            (answering("new", import, &format!("{CONSUMER}{JOB}")), vec!["not granted: write `tool = true`"]),
            (plain("new"), vec!["does not export mutrapro:events/consumer", "does not export mutrapro:schedule/job"]),
            (answering("new", "", &format!("{hollow}{JOB}")), vec!["does not export mutrapro:events/consumer"]),
        ] {
            let error = stage.replace(wasm).await.unwrap_err();
            assert!(error.contains(ID) && parts.iter().all(|part| error.contains(part)), "{error}");
            assert_eq!(stage.answer().await.unwrap(), "old");
        }
        stage.replace(answering("new", "", &format!("{CONSUMER}{JOB}"))).await.unwrap();
        assert_eq!(stage.answer().await.unwrap(), "new");
    }

    #[tokio::test]
    async fn component_that_the_application_does_not_have_is_not_replaced() {
        let stage = Stage::plain("old");
        let error = stage.runtime.replace(&ComponentId::new("other"), plain("new")).await.unwrap_err();
        assert_eq!(error.to_string(), "no component is called other");
    }
}
