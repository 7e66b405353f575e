//! Leaving: the lead is handed over, the vote given up, and only then do programs stop.
//!
//! Units that leave at once do so one after the other, the primary last. Each then leaves a cluster behind that can do
//! without it: there is somebody who has every commit and can take the lead over, and a majority that agrees with a change of
//! etcd's members.

use crate::domain::decision::{Decision, Wait, Wake};
use crate::domain::observed::{Observed, PeerRelation, Role, Service, ServiceState};
use crate::domain::plan::{Plan, Step};
use crate::domain::render::dcs::{self, DynamicConfiguration};
use crate::domain::words::MemberName;

/// How far Juju is with removing this unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It leaves its relations, or its volume is about to go; its peers are still known.
    Departing,
    /// It is about to end.
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
/// All is done in the first hook that tells of it, because the volume with the data may go after it. The only voter cannot
/// go before another votes; the others see it leave already, and the heir among them joins meanwhile. What fails is tried
/// again by the hooks that follow. When no unit stays, they simply stop.
pub fn plan(
    seen: &Observed,
    stage: Stage,
    staying: &[MemberName],
    leaving_too: &[MemberName],
) -> Plan {
    let plan = Plan::new("leave the cluster", Vec::new());
    if staying.is_empty() {
        return match stage {
            Stage::Departing => plan,
            Stage::Stopping => plan.always(stop(seen)),
        };
    }
    let votes = present(seen, Service::Etcd);
    let turn =
        (votes || present(seen, Service::Patroni)).then(|| Step::AwaitTurn(leaving_too.to_vec()));
    let end_of_turn = turn.as_ref().map(|_| Step::EndTurn);
    let mut steps = Vec::new();
    if stage == Stage::Departing {
        steps.push(Step::RecordLeaving {
            etcd: seen
                .juju
                .peers
                .iter()
                .flat_map(PeerRelation::etcd_hosts)
                .collect(),
        });
        if present(seen, Service::Watcher) {
            steps.push(Step::Stop(Service::Watcher));
        }
        steps.extend(turn);
        if present(seen, Service::Patroni) {
            steps.extend(smaller_cluster(seen, staying.len()));
            steps.push(Step::HandOver(staying.to_vec()));
            if present(seen, Service::BackupServer) {
                steps.push(Step::Stop(Service::BackupServer));
            }
            steps.push(Step::Stop(Service::Patroni));
            steps.push(Step::ForgetMember);
        }
        if votes {
            if !others_vote(seen) {
                steps.push(Step::AwaitHeir);
            }
            steps.extend(give_up_vote());
        }
        return Plan::new(plan.purpose, steps).always(end_of_turn.into_iter().collect());
    }
    if votes {
        steps.extend(turn);
        steps.push(Step::AwaitHeir);
        steps.extend(give_up_vote());
    }
    let always = stop(seen).into_iter().chain(end_of_turn);
    Plan::new(plan.purpose, steps).always(always.collect())
}

/// Whether those that stay still rely on this unit: it may have commits that no other has, or it votes in an etcd that has a
/// majority. Without the only voter nobody would ever have one again, and the others would count a member that never answers
/// again.
pub fn is_relied_on(seen: &Observed, staying: &[MemberName]) -> bool {
    let leads = seen
        .this_member()
        .is_some_and(|member| member.role == Role::Primary);
    let votes = any_voter(seen, |name| *name == seen.juju.member);
    leads || (votes && (others_vote(seen) || !staying.is_empty()))
}

fn others_vote(seen: &Observed) -> bool {
    any_voter(seen, |name| *name != seen.juju.member)
}

fn any_voter(seen: &Observed, is: impl Fn(&MemberName) -> bool) -> bool {
    let etcd = seen.etcd.known();
    etcd.is_some_and(|etcd| etcd.voters().into_iter().any(is))
}

/// The settings for those that stay, of whom none may get a hook when it becomes the primary: a last unit that waits for a
/// synchronous standby accepts no write.
fn smaller_cluster(seen: &Observed, units: usize) -> Option<Step> {
    let cluster = seen.cluster.known()?;
    let units = u32::try_from(units).ok()?;
    let patch = match &seen.juju.settings {
        Ok(settings) => DynamicConfiguration::new(settings, units).patch(&cluster.config),
        Err(_) => dcs::for_fewer(&cluster.config, units, true),
    }?;
    Some(Step::ChangeClusterConfig(patch.to_string()))
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
    [
        Service::Watcher,
        Service::BackupServer,
        Service::Patroni,
        Service::Etcd,
    ]
    .into_iter()
    .filter(|service| seen.host.service(*service) != ServiceState::Absent)
    .map(Step::Stop)
    .collect()
}
