//! A copy is recovered behind closed doors: a private socket, no network, and nothing of it reaches the archive.

use std::path::Path;
use std::time::Duration;

use super::aim::aim;
use super::copy::{
    CHANGES, RECOVERY, last_words, open_as_postgres, open_beside, progress, said, start_beside,
    stop_beside,
};
use super::{foreign, major, pgbackrest_of, settings};
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::postgres::{Database, SqlClass, control};
use crate::adapters::systemd::{self, Active};
use crate::catalogue;
use crate::domain::backups::target::{Target, TargetKind};
use crate::domain::observed::{Recovery, RestoreRecord, Source};
use crate::domain::words::Timeline;
use crate::error::StepError;
use crate::unit::perform::roles;
use crate::unit::{Unit, because};

/// Replaying takes hours; a recovery that makes no end at all is ended by its operator.
const REPLAY: Duration = Duration::from_hours(72);
/// A hook leaves the recovery to itself after this.
const IN_A_HOOK: Duration = Duration::from_secs(20);
/// A look at how far it is.
const LOOK: Duration = Duration::from_secs(10);
/// PostgreSQL's words for it.
const NOT_REACHED: &str = "recovery ended before configured recovery target was reached";

/// Recovers the copy under a private socket, without a network.
///
/// Nothing is archived here on purpose: what the copy has to archive, first of all the history of its new timeline,
/// stays queued in it and is archived once it is in place. If it never is, nothing of it ever reached the repository.
pub(in crate::unit::perform) fn recover(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let major = major(unit)?;
    let beside = unit.layout.restoring_dir(major);
    // Whoever followed it before may have died; it has gone on.
    let mut given = None;
    if progress(unit)? == Recovery::Idle {
        if record.source == Source::Foreign {
            foreign::settle_in(unit, &beside)?;
        }
        given = settings::needed(unit, &beside);
        start_beside(unit, major, &beside, given.as_ref())?;
    }
    let in_action = unit.stays;
    let deadline = Deadline::after(if in_action { REPLAY } else { IN_A_HOOK });
    let mut target = record.target.clone();
    let mut told = String::new();
    loop {
        let state = systemd::show(RECOVERY, Deadline::seconds(10)).map_err(because)?;
        if settings::are_too_low(&said(unit)) {
            stop_beside()?;
            let raised = settings::needed(unit, &beside);
            if raised.is_none() || raised == given {
                return Err(unrecovered(unit, target.as_ref()));
            }
            given = raised;
            start_beside(unit, major, &beside, given.as_ref())?;
            continue;
        }
        if matches!(state.active, Active::Failed | Active::Inactive) {
            if let Some(other) = another_target(unit, record, target.as_ref())? {
                unit.tell(&format!(
                    "nothing was committed later there: recovering {other}"
                ));
                aim(unit, &beside, &other)?;
                target = Some(other);
                start_beside(unit, major, &beside, given.as_ref())?;
                continue;
            }
            return Err(unrecovered(unit, target.as_ref()));
        }
        match open_beside(unit, LOOK) {
            Ok(mut database) => {
                if !database.in_recovery().map_err(because)? {
                    drop(database);
                    let database = open_beside(unit, CHANGES).map_err(because)?;
                    return settle(unit, database, major);
                }
                if let Ok(Some(replay)) = database.replay() {
                    let now = replay
                        .last_commit
                        .map(|at| at.to_string())
                        .unwrap_or_default();
                    if !now.is_empty() && now != told {
                        unit.tell(&format!("recovered up to {now}"));
                        told = now;
                    }
                }
            }
            Err(error) if error.class() == Some(SqlClass::NotAuthenticated) => {
                let problem = format!("the copy has no superuser operator or postgres: {error}");
                return Err(StepError::expected(
                    problem,
                    "make one of them in the cluster that was backed up, and take another backup",
                ));
            }
            Err(error) if !error.is_unreachable() && error.class().is_none() => {
                return Err(because(error));
            }
            Err(_) => {}
        }
        if deadline.is_over() {
            let still = StepError::expected("the copy is still being recovered", "");
            return Err(if in_action { still } else { still.remembered() });
        }
        clock::sleep(Duration::from_millis(250));
    }
}

/// The copy's timeline is one that nobody else has.
///
/// Two branches of history with one number would be taken for one: by replicas, and by the archive. Another member may
/// have been promoted while the copy was recovered; from here on, with the members held, none can be any more.
pub(in crate::unit::perform) fn prove_timeline(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let major = major(unit)?;
    let of = |data_dir: &Path| {
        let programs = unit.layout.programs(major);
        let control = control::read(&programs, data_dir, &unit.user, Deadline::seconds(30));
        let control = control.map_err(because)?;
        Ok::<_, StepError>(control.map(|control| control.timeline))
    };
    let Some(copy) = of(&unit.layout.restoring_dir(major))? else {
        return Err(StepError::expected("the copy has no control file", ""));
    };
    if record.source == Source::Kept && record.moves.is_some() {
        // Its history is that of nobody else, and it begins a repository of its own.
        return Ok(());
    }
    let archived = catalogue::read(&pgbackrest_of(unit, record), &record.stanza)?;
    let archived = archived.timelines.newest();
    if record.moves.is_some() {
        // The timelines of the cluster are those of another history.
        return is_newer(copy, archived);
    }
    let running = unit
        .database(Deadline::seconds(10))
        .and_then(|mut database| database.position())
        .ok()
        .map(|position| position.timeline);
    let taken = [
        record.newest,
        of(&unit.layout.data_dir(major))?,
        running,
        Some(archived),
    ];
    let newest = taken.into_iter().flatten().fold(archived, Ord::max);
    is_newer(copy, newest)
}

fn is_newer(copy: Timeline, newest: Timeline) -> Result<(), StepError> {
    if copy > newest {
        return Ok(());
    }
    Err(StepError::expected(
        format!("the copy came up on timeline {copy}, and the cluster is on {newest} by now"),
        "another member was promoted meanwhile, or the history of its timeline is not archived: try again",
    ))
}

/// What was looked for was not there; what was, is told.
fn unrecovered(unit: &Unit<'_>, target: Option<&Target>) -> StepError {
    let words = last_words(unit);
    let log = said(unit);
    let after = |words: &str| {
        let line = log.lines().rev().find(|line| line.contains(words))?;
        Some(line.split_once(words)?.1.trim().to_owned())
    };
    let reached = match (
        after("last completed transaction was at log time"),
        after("redo done at"),
    ) {
        (Some(at), Some(redo)) => format!(
            "the last that can be reached was committed at {at}, and recovery got to {}",
            redo.split_whitespace().next().unwrap_or_default()
        ),
        (None, Some(redo)) => format!(
            "recovery got to {}",
            redo.split_whitespace().next().unwrap_or_default()
        ),
        _ => "see juju debug-log; list-backups names what can be reached".to_owned(),
    };
    let elsewhere = match target {
        Some(Target {
            kind: TargetKind::Xid(_) | TargetKind::Name(_),
            timeline: Some(timeline),
            ..
        }) if words.contains(NOT_REACHED) => {
            format!(
                "; if it is not on timeline {timeline}, name the one it is on with restore-timeline"
            )
        }
        _ => String::new(),
    };
    StepError::expected(
        format!("the copy could not be recovered: {words}"),
        format!("{reached}{elsewhere}"),
    )
}

/// PostgreSQL refuses to end a recovery at a time when no later commit is there; what is the same state then.
fn another_target(
    unit: &Unit<'_>,
    record: &RestoreRecord,
    tried: Option<&Target>,
) -> Result<Option<Target>, StepError> {
    let Some(tried) = tried else {
        return Ok(None);
    };
    if !last_words(unit).contains(NOT_REACHED) {
        return Ok(None);
    }
    let other = catalogue::after_shortfall(&pgbackrest_of(unit, record), &record.stanza, tried)?;
    Ok(other.filter(|other| other != tried))
}

/// Once promoted: what guided the recovery must not guide the next start.
fn settle(unit: &Unit<'_>, mut database: Database, major: u32) -> Result<(), StepError> {
    if database.setting("is_superuser").map_err(because)? != "on" {
        database = open_as_postgres(unit, CHANGES).map_err(because)?;
    }
    for setting in [
        "restore_command",
        "recovery_target",
        "recovery_target_time",
        "recovery_target_lsn",
        "recovery_target_xid",
        "recovery_target_name",
        "recovery_target_timeline",
        "recovery_target_action",
        "recovery_target_inclusive",
    ] {
        database
            .execute(&format!("ALTER SYSTEM RESET {setting}"))
            .map_err(because)?;
    }
    roles::make_in(&mut database, major).map_err(because)
}
