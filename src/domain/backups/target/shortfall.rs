//! What to do when there was nothing after the time to stop at.

use super::{Target, TargetKind};
use crate::domain::backups::{Catalogue, Reach};
use crate::domain::words::Timeline;

/// PostgreSQL's reason for a timeline that began at its parent's end: a promotion, or a restore to the latest state.
const AT_THE_END: &str = "no recovery target specified";

/// What to do after a recovery “ended before configured recovery target was reached”.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// Recover to this instead: it is the same state of the database.
    Again(Target),
    /// This history file decides: read it, add it to the catalogue, and ask again.
    Read(Timeline),
    /// The target was no time. There is nothing else to try.
    Final,
}

/// PostgreSQL stops at a time only before a later commit, and fails when the timeline has none.
///
/// On the newest timeline the database as of that time is then what its end holds. An earlier timeline may have been
/// continued by a promotion whose history file reached the archive late, so that the time was really lived on the next
/// one: recovery goes on there. If the next one began with a restore to an earlier point, the end is right again.
pub fn after_shortfall(target: &Target, catalogue: &Catalogue) -> Shortfall {
    let (TargetKind::Time(_), Some(timeline)) = (&target.kind, target.timeline) else {
        return Shortfall::Final;
    };
    let to_the_end = || {
        Shortfall::Again(Target {
            kind: TargetKind::Latest,
            ..target.clone()
        })
    };
    let timelines = &catalogue.timelines;
    let Some((next, _)) = timelines.ended(timeline) else {
        return to_the_end();
    };
    let Some(history) = timelines.history(next) else {
        return Shortfall::Read(next);
    };
    let goes_on = (history.parent())
        .is_some_and(|parent| parent.from == timeline && parent.reason == AT_THE_END);
    let leads_there = catalogue
        .backups
        .iter()
        .filter(|backup| backup.label == target.set)
        .filter_map(|backup| backup.timeline().zip(backup.lsn_stop))
        .any(|(from, lsn)| timelines.reach(from, lsn, next) == Reach::Yes);
    if goes_on && leads_there {
        Shortfall::Again(Target {
            timeline: Some(next),
            ..target.clone()
        })
    } else {
        to_the_end()
    }
}
