//! Races for a specialist's time.

use crate::{RACERS, ROUNDS, Stage, race};
use anyhow::{Result, ensure};
use mutrapro_tests::{Cast, Deal, created, done, got, text};
use serde_json::{Value, json};

/// How many tasks the specialist takes on at once: one that stays, and one that is raced for.
const TASKS_MAX: usize = 2;
const OPEN_TASKS: &str =
    "SELECT count(DISTINCT slot) FROM task_assignments WHERE specialist_id = $1 AND slot IS NOT NULL";

pub(crate) async fn the_last_place_of_a_specialist_goes_to_one_task(stage: &Stage) -> Result<()> {
    let Cast { customer, other_customer, coordinator, other_coordinator, transcriber, .. } = &stage.cast;
    let limit = json!({ "max_concurrent_tasks": TASKS_MAX });
    transcriber.person.client.patch("/api/v1/specialists/me", &limit).await?.expect(200)?;
    let project = Deal::offered(customer, coordinator).await?.begun().await?;
    let other_project = Deal::offered(other_customer, other_coordinator).await?.begun().await?;
    let task = |project: &str| {
        json!({
            "project_id": project, "specialist_id": transcriber.specialist_id, "task_type": "transcription",
            "due_at": "2099-01-31T09:30:00Z", "estimated_minutes": 240,
        })
    };
    created(&coordinator.client, "tasks", &task(&project)).await?;
    for round in 0..ROUNDS {
        let racers = (0..RACERS).map(async |racer| {
            let is_first = (round + racer).is_multiple_of(2);
            let (who, project) = if is_first { (coordinator, &project) } else { (other_coordinator, &other_project) };
            who.client.post("/api/v1/tasks", &task(project)).await
        });
        let winner = race(racers).await?.winner(&["409 specialist_busy"])?;
        let holder = if text(&winner, "project_id")? == project { coordinator } else { other_coordinator };
        // The place is free for the next round.
        done(&holder.client, &format!("tasks/{}/cancel", text(&winner, "id")?), &json!({})).await?;
    }
    stage.settled().await?;
    let specialist = transcriber.specialist_id.as_str();
    let workload = got(&coordinator.client, &format!("specialists/{specialist}/workload")).await?;
    ensure!(workload.get("open_tasks").and_then(Value::as_u64) == Some(1), "{workload}");
    stage.counts("task_db", OPEN_TASKS, specialist, 1).await?;
    for (kind, expected) in [("task.assigned", ROUNDS as i64 + 1), ("task.cancelled", ROUNDS as i64)] {
        let told = stage.databases.told(kind, "specialist_id", specialist).await?;
        ensure!(told == expected, "{kind} was told {told} times, not {expected}");
    }
    Ok(())
}
