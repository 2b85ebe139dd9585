//! Schedules of the manifest.

use crate::app::Schedule;
use crate::names::is_kebab;
use crate::problem::Report;
use crate::raw::RawSchedule;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil;

/// At each start of the host.
const REBOOT: &str = "@reboot";

/// A service's schedules; what is malformed is reported and left out.
pub(crate) fn check_schedules(raw: &[RawSchedule], report: &mut Report) -> Vec<Schedule> {
    let mut schedules: Vec<Schedule> = Vec::new();
    for RawSchedule { job, cron } in raw {
        if !is_kebab(&job.value) {
            let message = format!("{:?} is no name for a job", job.value);
            report.add(&job.place, message, "use lower-case words with dashes: `like-this`");
        }
        if let Err(reason) = check_cron(&cron.value) {
            report.add(
                &cron.place,
                format!("cron {:?} of job `{}` is not valid: {reason}", cron.value, job.value),
                "write six fields (second minute hour day month weekday, in UTC), five without seconds, or `@reboot`",
            );
        }
        let schedule = Schedule { job: job.value.clone(), cron: cron.value.clone() };
        if schedules.contains(&schedule) {
            let message = format!("job `{}` has the same schedule twice", job.value);
            report.add(&job.place, message, "remove one of the two");
        } else {
            schedules.push(schedule);
        }
    }
    schedules
}

fn check_cron(text: &str) -> Result<(), String> {
    if text == REBOOT {
        return Ok(());
    }
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
    let lower = |error: croner::errors::CronError| error.to_string().trim_end_matches('.').to_lowercase();
    let cron = parser.parse(text).map_err(lower)?;
    // Any date will do to tell whether it ever fires (the 30th of February does not); a fixed one keeps the answer the
    // same on every day.
    let from = civil::date(2000, 1, 1).at(0, 0, 0, 0);
    cron.find_next_occurrence(&from, true).map(|_| ()).map_err(|_| "it never fires".to_owned())
}
