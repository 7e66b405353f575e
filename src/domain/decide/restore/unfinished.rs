//! What becomes of a restore that was begun and has not ended.

use super::{beside, exchange, hold, rebuild};
use crate::domain::decision::{Decision, Wait, Wake};
use crate::domain::observed::{
    Fetch, Observed, Recovery, RestorePhase, RestoreRecord, Service, Source,
};
use crate::domain::plan::{Plan, Step};

/// Goes on where it stopped, or back when it failed or was cancelled.
///
/// The download and the recovery are services of their own: whoever followed them may have been killed, and while they
/// work there is nothing to do.
pub fn finish(seen: &Observed) -> Decision {
    let Some(record) = &seen.host.restore else {
        return Decision::Settled;
    };
    match record.phase {
        RestorePhase::Beside => match working(seen, record) {
            Some(wait) => Decision::Wait(wait),
            None => Decision::Do(Plan::new("go on with the interrupted restore", {
                let mut steps = beside(record);
                steps.extend(exchange(record));
                steps
            })),
        },
        RestorePhase::Back => Decision::Do(back(record)),
        RestorePhase::Exchanging => {
            let mut steps = hold(record);
            steps.extend(exchange(record));
            Decision::Do(Plan::new("put the restored database in its place", steps))
        }
        RestorePhase::Rebuilding => match copying(seen, record) {
            Some(wait) => Decision::Wait(wait),
            None => Decision::Do(Plan::new(
                "rebuild the replicas after the restore",
                rebuild(record),
            )),
        },
    }
}

/// Whether a restore goes on by itself: nothing of it has failed so far.
pub fn is_under_way(seen: &Observed) -> bool {
    seen.host
        .restore
        .as_ref()
        .is_some_and(|record| record.phase != RestorePhase::Back)
}

fn working(seen: &Observed, record: &RestoreRecord) -> Option<Wait> {
    let said = match (&seen.host.fetch, seen.host.recovery) {
        (Fetch::Running { percent }, _) if record.source != Source::Kept => match percent {
            Some(percent) => format!("restoring: {percent} % fetched"),
            None => "restoring: fetching the backup".to_owned(),
        },
        (_, Recovery::Replaying) => "restoring: recovering the copy".to_owned(),
        _ => return None,
    };
    Some(Wait::until(Wake::UpdateStatus, said))
}

/// The members that are being copied; none when there is something to do about them.
fn copying(seen: &Observed, record: &RestoreRecord) -> Option<Wait> {
    let cluster = seen.cluster.known()?;
    let copied: Vec<String> = cluster
        .members
        .iter()
        .filter(|member| record.others.contains(&member.name))
        .filter(|member| member.state.is_being_copied())
        .map(|member| member.name.unit())
        .collect();
    (!copied.is_empty()).then(|| {
        Wait::until(
            Wake::UpdateStatus,
            format!("rebuilding {} after the restore", copied.join(", ")),
        )
    })
}

/// The database from before was never touched: what was made beside it goes.
fn back(record: &RestoreRecord) -> Plan {
    Plan::new(
        "go back to the database from before the interrupted restore",
        vec![
            Step::StopBeside,
            match record.source {
                Source::Backup | Source::Foreign => Step::RemoveBeside(record.clone()),
                Source::Kept => Step::KeepAgain(record.clone()),
            },
            Step::ReleaseMembers {
                by: None,
                id: record.id.clone(),
            },
            Step::Start(Service::Patroni),
            Step::ForgetRestore,
        ],
    )
}
