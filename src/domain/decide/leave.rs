//! Leaving: the lead is handed over, the vote given up, and only then do programs stop.

use crate::domain::decision::{Decision, Wait, Wake};
use crate::domain::observed::{Observed, Service, ServiceState};
use crate::domain::plan::{Plan, Step};
use crate::domain::words::MemberName;

/// How far Juju is with removing this unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It leaves its relations; its peers are still known, and do not know yet.
    Departing,
    /// Its peers have seen it leave; it is about to end.
    Stopping,
}

/// A unit that has begun to leave is not brought up again by a hook in between.
pub fn leaving(seen: &Observed) -> Decision {
    if !seen.host.leaving {
        return Decision::Settled;
    }
    Decision::Wait(Wait::until(Wake::UpdateStatus, "leaving the cluster"))
}

/// The steps of leaving, for the units that stay.
///
/// The only voter cannot go before another votes, and the others begin to vote only when they see it leave: it stays a
/// member of etcd until it stops. The last unit simply stops.
pub fn plan(seen: &Observed, stage: Stage, staying: &[MemberName]) -> Plan {
    let plan = Plan::new("leave the cluster", Vec::new());
    if staying.is_empty() {
        return match stage {
            Stage::Departing => plan,
            Stage::Stopping => plan.always(stop(seen)),
        };
    }
    let votes = present(seen, Service::Etcd);
    let mut steps = Vec::new();
    if stage == Stage::Departing {
        steps.push(Step::RecordLeaving {
            etcd: seen
                .juju
                .peers
                .iter()
                .flat_map(|peers| peers.etcd_hosts())
                .collect(),
        });
        if present(seen, Service::Patroni) {
            steps.push(Step::HandOver(staying.to_vec()));
            steps.push(Step::Stop(Service::Patroni));
            steps.push(Step::ForgetMember);
        }
        let others_vote = seen
            .etcd
            .known()
            .is_some_and(|etcd| etcd.voters().iter().any(|name| **name != seen.juju.member));
        if votes && others_vote {
            steps.extend(give_up_vote());
        }
        return Plan::new(plan.purpose, steps);
    }
    if votes {
        steps.push(Step::AwaitHeir);
        steps.extend(give_up_vote());
    }
    Plan::new(plan.purpose, steps).always(stop(seen))
}

fn give_up_vote() -> [Step; 3] {
    [Step::LeaveEtcd, Step::Stop(Service::Etcd), Step::WipeEtcd]
}

fn present(seen: &Observed, service: Service) -> bool {
    !matches!(
        seen.host.service(service),
        ServiceState::Absent | ServiceState::Stopped
    )
}

fn stop(seen: &Observed) -> Vec<Step> {
    [Service::Patroni, Service::Etcd]
        .into_iter()
        .filter(|service| seen.host.service(*service) != ServiceState::Absent)
        .map(Step::Stop)
        .collect()
}
