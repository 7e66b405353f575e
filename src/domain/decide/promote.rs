//! Another primary, because an operator wants it: a switchover, in which no commit is lost.

use super::restore::free_to_lead;
use crate::domain::observed::{MemberState, Observed, Role};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;

/// Whether the lead can be given at all as it is asked for.
///
/// # Errors
///
/// Refuses every scope but the unit, and force: nothing here needs it.
pub fn scope(scope: &str, force: bool) -> Result<(), Refusal> {
    if scope != "unit" {
        return Err(Refusal::Scope(scope.to_owned()));
    }
    if force {
        return Err(Refusal::Forced);
    }
    Ok(())
}

/// The plan of a switchover to this unit.
///
/// # Errors
///
/// Refuses when this unit is the primary, or cannot be one without losing commits.
pub fn plan(seen: &Observed) -> Result<Plan, Refusal> {
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
    let Some(primary) = cluster.primary() else {
        return Err(Refusal::NotThePrimary { primary: None });
    };
    Ok(Plan::new(
        format!("make {} the primary", seen.juju.member.unit()),
        vec![
            Step::SwitchOver {
                from: primary.name.clone(),
            },
            Step::AwaitPrimary,
        ],
    ))
}
