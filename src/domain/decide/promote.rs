//! Another primary, because an operator wants it: a switchover, in which no commit is lost; or a failover by hand, when the
//! primary is lost and nobody is elected.

use std::collections::BTreeMap;

use super::quorum::{Reach, furthest};
use super::restore::free_to_lead;
use crate::domain::observed::{ClusterView, MemberState, Observed, Role};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;
use crate::domain::words::MemberName;

/// Whether the lead can be given at all as it is asked for.
///
/// # Errors
///
/// Refuses every scope but the unit.
pub fn scope(scope: &str) -> Result<(), Refusal> {
    if scope == "unit" {
        Ok(())
    } else {
        Err(Refusal::Scope(scope.to_owned()))
    }
}

/// How far the copies of the units that answer reach: this one's, and the others'.
pub type Reaches = (Option<Reach>, BTreeMap<MemberName, Reach>);

/// The plan of making this unit the primary. `reaches` is asked only when there is none.
///
/// # Errors
///
/// Refuses when this unit is the primary, or cannot be one without losing commits that another unit has.
pub fn plan(
    seen: &Observed,
    force: bool,
    reaches: impl FnOnce() -> Reaches,
) -> Result<Plan, Refusal> {
    if seen.host.restore.is_some() {
        return Err(Refusal::RestoreUnfinished);
    }
    let cluster = free_to_lead(seen)?;
    let me = seen
        .this_member()
        .ok_or_else(|| Refusal::NotRunning("Patroni does not know it yet".into()))?;
    if me.role == Role::Primary {
        return Err(Refusal::AlreadyThePrimary);
    }
    if let MemberState::Other(state) = &me.state {
        return Err(Refusal::NotRunning(state.clone()));
    }
    let take = match cluster.primary() {
        Some(_) if force => return Err(Refusal::Forced),
        Some(primary) => Step::SwitchOver {
            from: primary.name.clone(),
        },
        None => {
            elects_nobody(cluster)?;
            let (own, others) = reaches();
            let own =
                own.ok_or_else(|| Refusal::NotRunning("its database does not answer".into()))?;
            furthest(own, &others)?;
            if !force {
                return Err(Refusal::NobodyIsElected);
            }
            Step::FailOver
        }
    };
    Ok(Plan::new(
        format!("make {} the primary", seen.juju.member.unit()),
        vec![take, Step::AwaitPrimary],
    ))
}

/// Patroni elects whom it has recorded to have every commit. A primary that dies between its start and that record leaves a
/// cluster without one: nothing that was acknowledged is missing then, but nothing says who has it.
fn elects_nobody(cluster: &ClusterView) -> Result<(), Refusal> {
    match cluster.synchronous.first() {
        Some(name) => Err(Refusal::IsElected(name.unit())),
        None => Ok(()),
    }
}
