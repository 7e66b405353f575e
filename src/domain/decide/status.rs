//! One status from the decision, derived last and never read back.

use crate::domain::decision::Decision;
use crate::domain::observed::{Member, Observed, Packages, RepositoryState, Role, Seen};
use crate::domain::size;

/// What `juju status` shows for this unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The word.
    pub level: Level,
    /// The message.
    pub message: String,
}

/// The word of a status that a charm may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It works.
    Active,
    /// It waits for something that comes by itself.
    Waiting,
    /// It works on itself.
    Maintenance,
    /// A person has to act.
    Blocked,
}

/// The status for what was decided on what was seen.
pub fn status(seen: &Observed, decision: &Decision) -> Status {
    match decision {
        Decision::Do(plan) => Status {
            level: Level::Maintenance,
            message: plan.purpose.clone(),
        },
        Decision::Wait(wait) => Status {
            // It comes right by itself when enough machines come back, and only then.
            level: match &seen.lost_quorum {
                Some(lost) if lost.is_beyond_repair() => Level::Blocked,
                _ => Level::Waiting,
            },
            message: wait.reason.clone(),
        },
        Decision::Blocked(blocked) => Status {
            level: Level::Blocked,
            message: blocked.to_string(),
        },
        Decision::Settled => settled(seen),
    }
}

/// The status when a step failed.
pub fn failed(what: &str) -> Status {
    Status {
        level: Level::Blocked,
        message: what.to_owned(),
    }
}

fn settled(seen: &Observed) -> Status {
    if let Some(message) = trouble_with_archiving(seen) {
        return Status {
            level: Level::Blocked,
            message,
        };
    }
    if let Some(status) = trouble_with_certificates(seen) {
        return status;
    }
    if let Some(message) = super::clients::trouble(seen) {
        return Status {
            level: Level::Blocked,
            message,
        };
    }
    let message = match seen.this_member().map(|member| member.role) {
        Some(Role::Primary) => "Primary".to_owned(),
        Some(Role::StandbyLeader) => "Standby leader".to_owned(),
        Some(Role::Replica) => seen.this_member().map(behind).unwrap_or_default(),
        None => String::new(),
    };
    let message = with_note(message, kept(seen));
    match (&seen.host.packages, &seen.cluster) {
        (Packages::Missing { .. }, _) => Status {
            level: Level::Maintenance,
            message: "installing".to_owned(),
        },
        (Packages::Present { .. }, Seen::Known(_)) => Status {
            level: Level::Active,
            message: with_note(message, super::tls::note(seen)),
        },
        (Packages::Present { .. }, Seen::Unreachable(why)) => Status {
            level: Level::Waiting,
            message: format!("Patroni does not answer: {why}"),
        },
        (Packages::Present { .. }, Seen::NotAsked) => Status {
            level: Level::Waiting,
            message: "waiting for the cluster".to_owned(),
        },
    }
}

/// A certificate that is missing, or will be.
fn trouble_with_certificates(seen: &Observed) -> Option<Status> {
    let tls = &seen.juju.tls;
    let blocked = tls.problem.as_ref().map(|text| (Level::Blocked, text));
    let (level, message) = blocked.or(tls.waiting.as_ref().map(|text| (Level::Waiting, text)))?;
    Some(Status {
        level,
        message: message.clone(),
    })
}

fn with_note(message: String, note: Option<String>) -> String {
    match note {
        None => message,
        Some(note) if message.is_empty() => note,
        Some(note) => format!("{message}; {note}"),
    }
}

/// How far a replica is behind, once that is more than a busy moment explains.
fn behind(member: &Member) -> String {
    const WORTH_SAYING: u64 = 64 << 20;
    match member.lag {
        Some(bytes) if bytes >= WORTH_SAYING => format!("{} behind", size::human(bytes)),
        Some(_) | None => String::new(),
    }
}

/// The database from before a restore takes room until it is given up. It never goes by itself: when room is short, that is
/// said, and what would free it.
fn kept(seen: &Observed) -> Option<String> {
    let kept = seen.host.kept.as_ref()?;
    let since = kept.since.strftime("%Y-%m-%dT%H:%M:%SZ");
    if kept.size > seen.host.free {
        return Some(format!(
            "only {} free on the volume: accept-restore frees {} of the database replaced at {since}",
            size::human(seen.host.free),
            size::human(kept.size),
        ));
    }
    Some(format!(
        "the database replaced at {since} is kept (undo-restore, accept-restore)"
    ))
}

/// WAL that cannot be archived is shown, with its name: it is data at risk, and a disk that fills.
fn trouble_with_archiving(seen: &Observed) -> Option<String> {
    let ready = seen
        .host
        .repository
        .as_ref()
        .is_some_and(|record| matches!(record.state, RepositoryState::Ready { .. }));
    let database = seen
        .database
        .known()
        .filter(|_| ready && seen.is_primary())?;
    let file = database.archiver.stuck_on()?;
    Some(format!(
        "WAL cannot be archived since {file}; it is kept until it can (see juju debug-log)"
    ))
}
