//! Ticks are claimed once.

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use jiff::Timestamp;
    use mutrapro_manifest::{App, ComponentId, Database, Service};
    use mutrapro_schedule::{Job, JobRunner, ScheduleMetrics, TickOutcome, Timetable};
    use mutrapro_sql::{Databases, SqlMetrics, SqliteConfig};
    use prometheus_client::registry::Registry;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    /// Keeps the ticks it ran, and fails when it is told to.
    #[derive(Default)]
    struct Runs {
        ticks: Mutex<Vec<Timestamp>>,
        failure: Option<String>,
    }

    #[async_trait]
    impl JobRunner for Runs {
        async fn run(&self, job: &str, scheduled_at: Timestamp) -> Result<(), String> {
            assert_eq!(job, "sweep");
            self.ticks.lock().unwrap().push(scheduled_at);
            self.failure.clone().map_or(Ok(()), Err)
        }
    }

    async fn databases(folder: &Path) -> Arc<Databases> {
        let id = ComponentId::new("quotation-service");
        let service = Service {
            database: Some(Database {
                name: "quotation_db".to_owned(),
                tables: BTreeSet::new(),
                migrations: Vec::new(),
            }),
            ..Service::new(id.clone(), "quotation_service.wasm")
        };
        let app = App {
            name: "test".to_owned(),
            version: "0.1.0".to_owned(),
            services: BTreeMap::from([(id, Arc::new(service))]),
            ..App::default()
        };
        let config = SqliteConfig::new(folder.to_owned());
        let databases = Databases::open(&app, &config, SqlMetrics::register(&mut Registry::default())).await.unwrap();
        databases.migrate().await.unwrap();
        databases
    }

    fn job(databases: &Databases, runner: &Arc<Runs>) -> Job {
        let service = ComponentId::new("quotation-service");
        Job {
            database: Arc::clone(databases.of(&service).unwrap()),
            service,
            name: "sweep".to_owned(),
            timetable: Timetable::parse("0 * * * * *").unwrap(),
            runner: Arc::clone(runner) as Arc<dyn JobRunner>,
            metrics: ScheduleMetrics::register(&mut Registry::default()),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn tick_runs_on_one_host_only() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path()).await;
        let runner = Arc::<Runs>::default();
        let (here, there) = (job(&databases, &runner), job(&databases, &runner));
        let tick = at("2026-01-31T09:30:00Z");
        let (first, second) = tokio::join!(here.tick(tick), there.tick(tick));
        let outcomes = [first, second];
        assert!(
            outcomes.contains(&TickOutcome::Done) && outcomes.contains(&TickOutcome::ClaimedElsewhere),
            "{outcomes:?}"
        );
        assert_eq!(*runner.ticks.lock().unwrap(), [tick]);
        let next = at("2026-01-31T09:31:00Z");
        assert_eq!(there.tick(next).await, TickOutcome::Done);
        assert_eq!(*runner.ticks.lock().unwrap(), [tick, next]);
    }

    #[tokio::test]
    async fn failed_tick_is_told_and_not_run_again() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path()).await;
        let runner = Arc::new(Runs { failure: Some("no rows today".to_owned()), ..Runs::default() });
        let job = job(&databases, &runner);
        let tick = at("2026-01-31T09:30:00Z");
        assert_eq!(job.tick(tick).await, TickOutcome::Failed("no rows today".to_owned()));
        assert_eq!(job.tick(tick).await, TickOutcome::ClaimedElsewhere);
        assert_eq!(runner.ticks.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn tick_that_cannot_be_claimed_does_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path()).await;
        let runner = Arc::<Runs>::default();
        let job = job(&databases, &runner);
        databases.close().await;
        assert!(matches!(job.tick(at("2026-01-31T09:30:00Z")).await, TickOutcome::Unclaimed(_)));
        assert!(runner.ticks.lock().unwrap().is_empty());
    }
}
