//! etcd and Patroni: files, processes, and this unit among the members.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::Duration;

use super::{quorum, voters};
use crate::domain::decision::{Blocked, Decision, Wait, Wake};
use crate::domain::files::{self, NotYet};
use crate::domain::observed::{
    ClusterView, DataDirectory, ManagedFile, Member, MemberState, Observed, Role, Seen, Service,
    ServiceState, Written,
};
use crate::domain::plan::{Plan, Step};
use crate::domain::render::dcs::{self, DynamicConfiguration};
use crate::domain::render::patroni;
use crate::domain::words::{MemberName, Secret};

/// How long a dispatch stays to see a program come up. Bootstrapping PostgreSQL under Patroni takes 5 to 10 seconds on a
/// small machine; longer than this, and the regular look takes over.
const START_PATIENCE: Duration = Duration::from_secs(90);

/// How long a member waits for each of those that restart before it, and for all of them: less than a dispatch stays.
const RESTART_PATIENCE: Duration = Duration::from_secs(45);
const LONGEST_RESTART_PATIENCE: Duration = Duration::from_secs(105);
/// Within this time each Patroni has read changed settings and told whether it has to restart for them.
const HEARSAY: Duration = Duration::from_secs(dcs::LOOP_WAIT_SECONDS as u64 + 5);
/// How long a replica may fail to start before its database is copied again.
const REPAIR_PATIENCE: Duration = Duration::from_mins(1);
/// How long a dispatch stays to see voters elect a leader; with too few of them it would stay in vain.
const ELECTION_PATIENCE: Duration = Duration::from_secs(15);

/// etcd runs here when this unit votes and its member was made: by the first unit alone, by the others when they join.
pub fn etcd(seen: &Observed) -> Decision {
    let Some(peers) = &seen.juju.peers else {
        return Decision::Settled;
    };
    let me = &seen.juju.member;
    let made = match seen.host.etcd_data {
        DataDirectory::Present => seen
            .etcd
            .known()
            .is_none_or(|etcd| etcd.member(me, seen.juju.address).is_some()),
        DataDirectory::Absent => peers.voters.keys().eq([me]),
    };
    if !made || !peers.voting().contains_key(me) {
        return Decision::Settled;
    }
    let config = match files::etcd_config(seen) {
        Ok(config) => config,
        Err(why) => return Decision::Wait(Wait::until(Wake::PeersChanged, why.to_string())),
    };
    let in_force = files::etcd_in_force(seen, &config);
    // etcd reads its configuration only when it starts.
    let follow = if seen.host.holds(ManagedFile::EtcdInForce, &in_force) {
        Vec::new()
    } else {
        vec![Step::RestartEtcd]
    };
    let wanted = [
        (ManagedFile::EtcdConfig, config),
        (ManagedFile::EtcdUnit, files::etcd_unit(seen)),
    ];
    bring_up(
        seen,
        Service::Etcd,
        wanted,
        follow,
        (ManagedFile::EtcdInForce, in_force),
    )
}

/// etcd answers, and asks its clients who they are.
pub fn protected_etcd(seen: &Observed) -> Decision {
    match &seen.etcd {
        Seen::Known(etcd) if etcd.authenticated => Decision::Settled,
        Seen::Known(_) if seen.juju.leader => {
            Decision::Do(Plan::new("protect etcd", vec![Step::ProtectEtcd]))
        }
        Seen::Known(_) => Decision::Wait(Wait::until(
            Wake::UpdateStatus,
            "waiting for the leader to protect etcd",
        )),
        Seen::Unreachable(why) => Decision::Wait(without_etcd(seen, why)),
        Seen::NotAsked => Decision::Settled,
    }
}

/// Says who is needed. A majority that is lost comes back by itself with the machines it was on.
fn without_etcd(seen: &Observed, why: &str) -> Wait {
    match &seen.lost_quorum {
        Some(lost) if lost.is_beyond_repair() && !alone(seen) => Wait::a_while(
            ELECTION_PATIENCE,
            format!(
                "{} (bring enough of them back, or see recover-quorum)",
                quorum::described(lost)
            ),
        ),
        _ => Wait::a_while(START_PATIENCE, format!("etcd does not answer: {why}")),
    }
}

/// Whether this unit is the only voter: its own etcd is on its way up, and nobody is lost.
fn alone(seen: &Observed) -> bool {
    let peers = seen.juju.peers.as_ref();
    peers.is_none_or(|peers| peers.voters.keys().eq([&seen.juju.member]))
}

/// Patroni runs with the configuration it should have.
pub fn patroni(seen: &Observed) -> Decision {
    if let Err(problems) = &seen.juju.settings {
        if let Some(change) = votes(seen).or_else(|| fewer_members(seen)) {
            return change;
        }
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        return Decision::Blocked(Blocked::new(
            format!("invalid options: {}", text.join("; ")),
            "set them with juju config",
        ));
    }
    let archive = files::archive_command(seen);
    let config = match files::patroni_config(seen, &archive) {
        Ok(config) => config,
        Err(why) => return Decision::Wait(Wait::until(Wake::PeersChanged, why.to_string())),
    };
    let (follow, in_force) = match seen.host.service(Service::Patroni) {
        ServiceState::Running | ServiceState::Changing => files::patroni_follows(seen, &config),
        ServiceState::Absent | ServiceState::Stopped | ServiceState::Failed => {
            let way = patroni::way_to_etcd(config.expose());
            (Vec::new(), files::patroni_in_force(seen, &config, &way))
        }
    };
    let wanted = [
        (ManagedFile::PatroniConfig, config),
        (ManagedFile::PatroniUnit, files::patroni_unit(seen)),
    ];
    bring_up(
        seen,
        Service::Patroni,
        wanted,
        follow,
        (ManagedFile::PatroniInForce, in_force),
    )
}

/// Who votes in etcd does not depend on options: a unit that goes, the only voter at that, hands over its vote while
/// options are wrong, too.
fn votes(seen: &Observed) -> Option<Decision> {
    [voters::change, voters::join, voters::retire]
        .into_iter()
        .map(|decide| decide(seen))
        .find(|decision| *decision != Decision::Settled)
}

/// Writes do not wait for units that are gone, while options are wrong, too.
fn fewer_members(seen: &Observed) -> Option<Decision> {
    let cluster = seen.cluster.known().filter(|_| seen.is_primary())?;
    let (members, replicas) = counted(seen, cluster);
    let patch = dcs::for_fewer(&cluster.config, members, replicas)?;
    Some(change_settings(&patch))
}

fn change_settings(patch: &serde_json::Value) -> Decision {
    Decision::Do(Plan::new(
        "change the settings of the cluster",
        vec![Step::ChangeClusterConfig(patch.to_string())],
    ))
}

/// How many units count as members, and whether any but this one ever ran as a replica.
fn counted(seen: &Observed, cluster: &ClusterView) -> (u32, bool) {
    let counts = |name: &&MemberName| !seen.host.lost.contains(*name);
    let peers = seen.juju.peers.as_ref();
    let members = peers.map_or(1, |peers| peers.units.keys().filter(counts).count());
    let joined = peers.into_iter().flat_map(|peers| &peers.joined);
    let replicas = joined.chain(cluster.replicas()).any(|name| counts(&name));
    (u32::try_from(members).unwrap_or(u32::MAX), replicas)
}

/// A process tells this unit at once when the cluster changes: Juju has no event for that.
pub fn watcher(seen: &Observed) -> Decision {
    let wanted = [(ManagedFile::WatcherUnit, files::watcher_unit(seen))];
    let mut steps = match differing(seen, wanted) {
        Ok(steps) => steps,
        Err(why) => return Decision::Wait(Wait::until(Wake::PeersChanged, why.to_string())),
    };
    match seen.host.service(Service::Watcher) {
        ServiceState::Running | ServiceState::Changing if steps.is_empty() => {}
        ServiceState::Running | ServiceState::Changing => {
            steps.push(Step::Restart(Service::Watcher));
        }
        ServiceState::Absent | ServiceState::Stopped | ServiceState::Failed => {
            steps.push(Step::Start(Service::Watcher));
        }
    }
    if steps.is_empty() {
        return Decision::Settled;
    }
    Decision::Do(Plan::new("bring up the watcher", steps))
}

/// Writes the files that differ and starts what does not run.
///
/// What the service runs with is forgotten first and written last: whatever dies in between is done again.
fn bring_up(
    seen: &Observed,
    service: Service,
    wanted: [(ManagedFile, Secret); 2],
    when_running: Vec<Step>,
    (record, in_force): (ManagedFile, Secret),
) -> Decision {
    let mut steps: Vec<Step> = uncertain(seen, record, &in_force).into_iter().collect();
    let differ = wanted
        .into_iter()
        .filter(|(file, content)| !seen.host.holds(*file, content))
        .map(|(file, content)| Step::WriteFile { file, content });
    steps.extend(differ);
    match seen.host.service(service) {
        ServiceState::Running | ServiceState::Changing => steps.extend(when_running),
        ServiceState::Absent | ServiceState::Stopped | ServiceState::Failed => {
            steps.push(Step::Start(service));
        }
    }
    if !seen.host.holds(record, &in_force) {
        steps.push(Step::WriteFile {
            file: record,
            content: in_force,
        });
    }
    if steps.is_empty() {
        Decision::Settled
    } else {
        Decision::Do(Plan::new(format!("bring up {service}"), steps))
    }
}

/// What a service runs with is not known from before its files change until it has taken them up: it may be started on
/// its own meanwhile, and what is wanted may turn back to what was recorded. So the record goes first.
pub(super) fn uncertain(seen: &Observed, record: ManagedFile, in_force: &Secret) -> Option<Step> {
    let recorded = seen.host.files.get(&record);
    let changes = recorded.is_some_and(|recorded| recorded != in_force);
    changes.then_some(Step::RemoveFile(record))
}

/// Steps that write the files that do not hold what they should.
pub(super) fn differing(
    seen: &Observed,
    wanted: impl IntoIterator<Item = (ManagedFile, Result<Secret, NotYet>)>,
) -> Result<Vec<Step>, NotYet> {
    let mut steps = Vec::new();
    for (file, content) in wanted {
        let content = content?;
        if !seen.host.holds(file, &content) {
            steps.push(Step::WriteFile { file, content });
        }
    }
    Ok(steps)
}

/// This unit is a running member of the cluster, and the application is known to have a database.
pub fn membership(seen: &Observed) -> Decision {
    let cluster = match &seen.cluster {
        Seen::Known(cluster) => cluster,
        Seen::Unreachable(why) => {
            return Decision::Wait(Wait::a_while(
                START_PATIENCE,
                format!("Patroni does not answer: {why}"),
            ));
        }
        Seen::NotAsked if seen.host.service(Service::Patroni) == ServiceState::Changing => {
            return Decision::Wait(Wait::a_while(START_PATIENCE, "Patroni is starting"));
        }
        Seen::NotAsked => return Decision::Settled,
    };
    let Some(me) = cluster.member(&seen.juju.member) else {
        return Decision::Wait(Wait::a_while(START_PATIENCE, "starting PostgreSQL"));
    };
    if let MemberState::Other(state) = &me.state {
        if is_broken(state) && me.role == Role::Replica && seen.waited >= REPAIR_PATIENCE {
            return copy_again(cluster, state);
        }
        let reason = match seen.host.copied {
            Some(percent) => format!("PostgreSQL is {state}: {percent} %"),
            None => format!("PostgreSQL is {state}"),
        };
        return Decision::Wait(Wait::a_while(START_PATIENCE, reason));
    }
    if cluster.primary().is_none() {
        return Decision::Wait(Wait::a_while(
            START_PATIENCE,
            "the cluster has no primary yet",
        ));
    }
    if me.role == Role::Primary && !seen.is_primary() {
        let why = match &seen.database {
            Seen::Unreachable(why) => format!("PostgreSQL does not answer: {why}"),
            Seen::Known(_) | Seen::NotAsked => "PostgreSQL is being promoted".to_owned(),
        };
        return Decision::Wait(Wait::a_while(START_PATIENCE, why));
    }
    record_initialised(seen)
}

/// In these states a replica stays. What Patroni itself can mend, by rewinding or copying, it has tried by then.
fn is_broken(state: &str) -> bool {
    ["crashed", "start failed", "stopped"].contains(&state)
}

/// The database of a replica that does not start is copied from the primary again, as long as there is a primary.
fn copy_again(cluster: &ClusterView, state: &str) -> Decision {
    let led = cluster
        .primary()
        .is_some_and(|primary| primary.state == MemberState::Running);
    if led {
        return Decision::Do(Plan::new(
            "copy the database again, which does not start",
            vec![Step::Reinitialize],
        ));
    }
    Decision::Wait(Wait::a_while(
        START_PATIENCE,
        format!("PostgreSQL is {state}, and there is no primary to copy from"),
    ))
}

/// What Patroni keeps for all members is what the options say, and no parameter waits for a restart.
///
/// A unit counts as soon as Juju knows it. But as long as none of the others has ever run as a replica, the primary does not
/// wait for one: a unit that is added and does not come up would stop all writes.
pub fn parameters(seen: &Observed) -> Decision {
    let (Ok(settings), Some(cluster), true) =
        (&seen.juju.settings, seen.cluster.known(), seen.is_primary())
    else {
        return Decision::Settled;
    };
    let (members, replicas) = counted(seen, cluster);
    let wanted = DynamicConfiguration::new(settings, members);
    let wanted = if replicas {
        wanted
    } else {
        wanted.before_any_replica()
    };
    if let Some(patch) = wanted.patch(&cluster.config) {
        return change_settings(&patch);
    }
    Decision::Settled
}

/// Parameters that need a restart come into force on one member after the other, on the primary last.
///
/// A replica may not have less of some things than its primary. So where there is to be less of them, the primary is the
/// first, and where there is to be more of one and less of another, the replicas restart twice: a member waits for each of
/// those before it only for a while. That nobody is to restart before it means something only after those whose turn is
/// earlier have had the time to read what changed.
pub fn restarts(seen: &Observed) -> Decision {
    let (Some(cluster), Some(me)) = (seen.cluster.known(), seen.this_member()) else {
        return Decision::Settled;
    };
    let of_the_server = seen.database.known().map(|it| &it.pending_restart);
    if !me.pending_restart && of_the_server.is_none_or(Vec::is_empty) {
        return Decision::Settled;
    }
    let primary_first = is_to_have_less(seen, cluster);
    let is_late = |member: &Member| (member.role == Role::Replica) == primary_first;
    let turn = |member: &Member| (is_late(member), member.name.clone());
    let others = || (cluster.members.iter()).filter(|member| member.name != me.name);
    let runs = |member: &Member| member.state == MemberState::Running;
    let before_me = others().filter(|member| {
        is_on_its_way(&member.state)
            || (runs(member) && member.pending_restart && turn(member) < turn(me))
    });
    let mut before_me: Vec<&Member> = before_me.collect();
    before_me.sort_by_key(|member| turn(member));
    let unheard = others().any(|member| runs(member) && turn(member) < turn(me));
    let (patience, reason) = match before_me.first() {
        Some(other) => {
            let all = before_me.iter().map(|_| RESTART_PATIENCE).sum();
            let reason = format!("waiting to restart until {} has", other.name.unit());
            (LONGEST_RESTART_PATIENCE.min(all), reason)
        }
        None if unheard => (
            HEARSAY,
            "waiting until the others know what they have to restart for".to_owned(),
        ),
        None => (Duration::ZERO, String::new()),
    };
    if seen.waited < patience {
        // Some more, so that this dispatch is there when it is over.
        let patience = patience + Duration::from_secs(5);
        return Decision::Wait(Wait::a_while(patience, reason));
    }
    Decision::Do(Plan::new(
        "put settings into force that need a restart",
        vec![Step::RestartDatabase],
    ))
}

/// Whether a member goes down or comes up, in Patroni's words: it waits for no restart any more once it is `starting`.
fn is_on_its_way(state: &MemberState) -> bool {
    let MemberState::Other(state) = state else {
        return false;
    };
    ["restarting", "stopping", "starting"].contains(&state.as_str())
}

/// Whether this member runs with more of something than it is to have, and with less of nothing.
fn is_to_have_less(seen: &Observed, cluster: &ClusterView) -> bool {
    let limits = seen.database.known().map(|database| &database.limits);
    let parameters = cluster.config.pointer("/postgresql/parameters");
    let wanted = |name: &str| parameters?.get(name)?.as_i64();
    let changes = limits.into_iter().flatten();
    let changes = changes.filter_map(|(name, now)| Some(wanted(name)?.cmp(now)));
    let changes: BTreeSet<Ordering> = changes.collect();
    changes.contains(&Ordering::Less) && !changes.contains(&Ordering::Greater)
}

fn record_initialised(seen: &Observed) -> Decision {
    let recorded = seen
        .juju
        .peers
        .as_ref()
        .is_some_and(|peers| peers.initialised);
    if recorded || !seen.juju.leader || seen.juju.written.contains(&Written::Initialised) {
        return Decision::Settled;
    }
    Decision::Do(Plan::new(
        "tell the peers that there is a database",
        vec![Step::PublishInitialised, Step::OpenPort(5432)],
    ))
}
