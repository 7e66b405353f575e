//! A majority of etcd's voters that is lost, members that restart one by one, and replicas that do not start.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use postgresql_charm::domain::decide::quorum::{self, Reach};
use postgresql_charm::domain::decide::status::{Level, status};
use postgresql_charm::domain::decide::{self, repository};
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{
    DataDirectory, LostQuorum, ManagedFile, Member, MemberState, Observed, Role, Seen, Service,
    ServiceState,
};
use postgresql_charm::domain::plan::Step;
use postgresql_charm::domain::refusal::Refusal;
use postgresql_charm::domain::words::{Lsn, MemberName, Timeline};
use postgresql_charm::reconcile::{Outcome, reconcile};

use crate::model::Model;

fn name(number: u8) -> MemberName {
    format!("postgresql-{number}").parse().unwrap()
}

fn members(model: &mut Model, change: impl FnOnce(&mut Vec<Member>)) {
    let Seen::Known(cluster) = &mut model.seen.cluster else {
        panic!()
    };
    change(&mut cluster.members);
}

fn reach(timeline: u32, end: u64) -> Reach {
    Reach {
        timeline: Timeline::new(timeline).unwrap(),
        end: Lsn::new(end),
    }
}

/// postgresql-1 of three voters, of which these are silent.
fn left_by(silent: &[u8]) -> Model {
    let mut model = Model::replica();
    model.elect(&[0, 1, 2]);
    let peers = model.seen.juju.peers.as_mut().unwrap();
    peers
        .units
        .insert(name(2), Some("10.0.0.3".parse().unwrap()));
    model.live();
    let (silent, waiting) = [0, 1, 2]
        .into_iter()
        .map(name)
        .partition(|it| silent.iter().any(|number| name(*number) == *it));
    model.seen.etcd = Seen::Unreachable("nobody knows a leader".into());
    model.seen.lost_quorum = Some(LostQuorum { silent, waiting });
    model
}

fn asked(seen: &Observed, force: bool, others: &[(u8, Reach)]) -> Result<Vec<Step>, Refusal> {
    let others: BTreeMap<MemberName, Reach> = others
        .iter()
        .map(|(number, reach)| (name(*number), *reach))
        .collect();
    quorum::plan(seen, force, Some(reach(3, 100)), &others).map(|plan| plan.steps)
}

#[test]
fn a_lost_majority_is_shown_with_those_who_are_silent() {
    let model = left_by(&[0, 2]);
    let status = status(&model.seen, &decide::reconcile(&model.seen));
    assert_eq!(status.level, Level::Blocked);
    assert_eq!(
        status.message,
        "no majority of etcd's voters answers, and without one there is no primary: postgresql/0, postgresql/2 are \
         silent (bring enough of them back, or see recover-quorum)"
    );
}

#[test]
fn voters_that_elect_a_leader_are_no_lost_majority() {
    let model = left_by(&[0]);
    let shown = status(&model.seen, &decide::reconcile(&model.seen));
    assert_eq!(shown.level, Level::Waiting);
    assert_eq!(asked(&model.seen, true, &[]), Err(Refusal::QuorumNotLost));
    let healthy = Model::replica();
    assert_eq!(asked(&healthy.seen, true, &[]), Err(Refusal::QuorumNotLost));
}

#[test]
fn recovery_is_refused_without_force_and_where_another_unit_has_more() {
    let seen = left_by(&[0, 2]).seen;
    let silent = vec!["postgresql/0".to_owned(), "postgresql/2".to_owned()];
    assert_eq!(
        asked(&seen, false, &[]),
        Err(Refusal::RecoveryNotForced { silent })
    );
    let further = Err(Refusal::AnotherReachesFurther("postgresql/3".into()));
    assert_eq!(asked(&seen, true, &[(3, reach(3, 101))]), further);
    // A later timeline is further, whatever its end.
    assert_eq!(asked(&seen, true, &[(3, reach(4, 1))]), further);
    assert!(asked(&seen, true, &[(3, reach(3, 100))]).is_ok());
    assert_eq!(
        quorum::plan(&seen, true, None, &BTreeMap::new()),
        Err(Refusal::NotRunning("its database does not answer".into()))
    );
}

#[test]
fn a_unit_where_nobody_looks_for_etcd_founds_it_only_as_the_leader() {
    let mut model = left_by(&[0, 2]);
    model.elect(&[0, 2, 3]);
    assert_eq!(asked(&model.seen, true, &[]), Err(Refusal::CannotFound));
    model.seen.juju.leader = true;
    let steps = asked(&model.seen, true, &[]).unwrap();
    let alone = BTreeMap::from([(name(1), "10.0.0.2".parse().unwrap())]);
    assert!(steps.contains(&Step::PublishVoters(alone)));
}

#[test]
fn etcd_is_founded_again_as_another_cluster_and_the_old_data_is_put_aside_first() {
    let seen = left_by(&[0, 2]).seen;
    let steps = asked(&seen, true, &[]).unwrap();
    let lost = BTreeSet::from([name(0), name(2)]);
    assert_eq!(steps[..2], [Step::RecordLost(lost), Step::PutEtcdAside]);
    let config = steps
        .iter()
        .find_map(|step| match step {
            Step::WriteFile {
                file: ManagedFile::EtcdConfig,
                content,
            } => Some(content.expose()),
            _ => None,
        })
        .unwrap();
    let value = |key: &str| {
        let mut lines = config.lines();
        let value = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        value.unwrap().trim_matches('"').to_owned()
    };
    assert_eq!(
        value("ETCD_INITIAL_CLUSTER"),
        "postgresql-1=http://10.0.0.2:2380"
    );
    assert_eq!(value("ETCD_INITIAL_CLUSTER_STATE"), "new");
    assert!(value("ETCD_INITIAL_CLUSTER_TOKEN").ends_with("/2026-01-01T12:00:00Z"));
}

#[test]
fn a_lost_unit_counts_again_when_it_is_back_or_removed() {
    let mut model = left_by(&[]);
    model.seen.etcd = Model::replica().seen.etcd;
    model.seen.host.lost = BTreeSet::from([name(0), name(7), name(2)]);
    // postgresql-0 runs, postgresql-7 is no unit any more.
    assert_eq!(
        quorum::returned(&model.seen),
        Decision::Do(postgresql_charm::domain::plan::Plan::new(
            "count units that are back",
            vec![Step::RecordLost(BTreeSet::from([name(2)]))],
        ))
    );
}

#[test]
fn writes_do_not_wait_for_a_unit_that_was_added_and_has_never_run() {
    let strict = |model: &Model| match decide::services::parameters(&model.seen) {
        Decision::Settled => true,
        Decision::Do(plan) => match &plan.steps[..] {
            [Step::ChangeClusterConfig(patch)] => {
                assert_eq!(patch, r#"{"synchronous_mode_strict":false}"#);
                false
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let mut model = Model::primary_of_three();
    assert!(strict(&model), "both replicas run");
    members(&mut model, |members| members.truncate(2));
    assert!(strict(&model), "one runs");
    members(&mut model, |members| {
        members[1].state = MemberState::Other("being copied".into());
    });
    assert!(!strict(&model), "the others have not come up");
    members(&mut model, |members| members.truncate(1));
    assert!(!strict(&model));

    // Once one has run, writes wait for it when it is gone: what it confirmed is what nobody else may lose.
    let peers = model.seen.juju.peers.as_mut().unwrap();
    peers.joined.insert(name(2));
    assert!(strict(&model));
}

/// postgresql-1, which waits for a restart together with these.
fn waiting_to_restart(others: &[u8], role: Role) -> Model {
    let mut model = left_by(&[]);
    model.seen.etcd = Model::replica().seen.etcd;
    let Seen::Known(cluster) = &mut model.seen.cluster else {
        panic!()
    };
    let mut third = cluster.members[1].clone();
    third.name = name(2);
    cluster.members.push(third);
    for member in &mut cluster.members {
        member.pending_restart =
            member.name == name(1) || others.iter().any(|number| name(*number) == member.name);
        member.role = match (role, member.name == name(1)) {
            (Role::Primary, mine) if !mine => Role::Replica,
            (Role::Replica, _) => member.role,
            (role, _) => role,
        };
    }
    model
}

fn restarts(model: &Model) -> bool {
    match decide::services::restarts(&model.seen) {
        Decision::Do(plan) => plan.steps == [Step::RestartDatabase],
        Decision::Wait(_) => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn members_restart_one_after_the_other_and_the_primary_last() {
    assert!(restarts(&waiting_to_restart(&[], Role::Replica)));
    // The primary, postgresql-0, waits for its turn.
    assert!(restarts(&waiting_to_restart(&[0, 2], Role::Replica)));
    assert!(!restarts(&waiting_to_restart(&[2], Role::Primary)));
    // The replicas may not have told yet.
    let mut model = waiting_to_restart(&[], Role::Primary);
    assert!(!restarts(&model));
    model.seen.waited = Duration::from_secs(16);
    assert!(restarts(&model));
    // Neither may another replica whose turn is earlier.
    let mut model = waiting_to_restart(&[2], Role::Replica);
    members(&mut model, |members| {
        members[0].role = Role::Replica;
        members[2].role = Role::Primary;
    });
    assert!(!restarts(&model));
    model.seen.waited = Duration::from_secs(16);
    assert!(restarts(&model));
    for state in ["restarting", "stopping", "starting"] {
        let mut model = waiting_to_restart(&[], Role::Replica);
        members(&mut model, |members| {
            members[2].state = MemberState::Other(state.into());
        });
        assert!(!restarts(&model), "one at a time: the other is {state}");
    }
    // One that restarts in vain does not keep the primary waiting for ever.
    let mut model = waiting_to_restart(&[2], Role::Primary);
    model.seen.waited = Duration::from_mins(1);
    assert!(restarts(&model));
}

#[test]
fn a_member_leaves_time_to_each_of_those_that_restart_before_it() {
    let mut model = waiting_to_restart(&[0, 2], Role::Primary);
    model.seen.waited = Duration::from_mins(1);
    assert!(!restarts(&model), "two go first");
    model.seen.waited = Duration::from_secs(91);
    assert!(restarts(&model));
}

#[test]
fn where_there_is_to_be_less_the_primary_restarts_first() {
    // With less than its primary a replica would stop to replay.
    let runs_with = |model: &mut Model, limits: &[(&str, i64)]| {
        let wanted = |model: &Model, name: &str| {
            let config = &model.seen.cluster.known().unwrap().config;
            config["postgresql"]["parameters"][name].as_i64().unwrap()
        };
        let limits = (limits.iter())
            .map(|(name, more)| ((*name).to_owned(), wanted(model, name) + more))
            .collect();
        if let Seen::Known(database) = &mut model.seen.database {
            database.limits = limits;
        }
    };
    let less = [("max_connections", 100), ("max_wal_senders", 0)];
    let mut primary = waiting_to_restart(&[0, 2], Role::Primary);
    runs_with(&mut primary, &less);
    assert!(restarts(&primary));
    let mut replica = waiting_to_restart(&[0], Role::Replica);
    runs_with(&mut replica, &less);
    assert!(!restarts(&replica));

    // Of one more and of another less: the replicas restart before the primary, and after it once more.
    let both = [("max_connections", 100), ("max_wal_senders", -1)];
    runs_with(&mut primary, &both);
    assert!(!restarts(&primary));
    runs_with(&mut replica, &both);
    assert!(restarts(&replica));
}

#[test]
fn a_restart_that_patroni_refuses_is_waited_for_and_tried_again() {
    let mut model = Model::replica();
    model.busy = true;
    if let Seen::Known(cluster) = &mut model.seen.cluster {
        cluster.members[1].pending_restart = true;
    }
    let Ok(Outcome::Rest(seen, decision)) = reconcile(&mut model) else {
        panic!("it ends at rest")
    };
    let shown = status(&seen, &decision);
    assert_eq!(shown.level, Level::Waiting);
    assert_eq!(
        shown.message,
        "failed to restart PostgreSQL for settings that wait for it: restart already in progress; the next look tries it \
         again"
    );

    model.end_well();
    model.busy = false;
    model.live();
    let shown = status(&model.seen, &decide::reconcile(&model.seen));
    assert_eq!(shown.level, Level::Active);
    assert!(!model.seen.this_member().unwrap().pending_restart);
}

#[test]
fn a_replica_that_does_not_start_for_a_while_is_copied_again() {
    let mut model = Model::replica();
    let Seen::Known(cluster) = &mut model.seen.cluster else {
        panic!()
    };
    cluster.members[1].state = MemberState::Other("start failed".into());
    model.seen.database = Seen::Unreachable("it does not run".into());
    let decision = |model: &Model| decide::services::membership(&model.seen);
    assert!(matches!(decision(&model), Decision::Wait(_)));
    model.seen.waited = Duration::from_mins(2);
    let Decision::Do(plan) = decision(&model) else {
        panic!("{:?}", decision(&model))
    };
    assert_eq!(plan.steps, [Step::Reinitialize]);
    // Without a primary it is the last copy there is.
    if let Seen::Known(cluster) = &mut model.seen.cluster {
        cluster.members[0].role = Role::Replica;
    }
    assert!(matches!(decision(&model), Decision::Wait(_)));
}

#[test]
fn a_new_unit_knows_the_repository_before_its_database_is_made() {
    let mut model = Model::replica();
    model.relate();
    let stanza = model.seen.juju.stanza.clone();
    model.seen.juju.peers.as_mut().unwrap().stanza = Some(stanza);
    assert_eq!(
        repository::seed(&model.seen),
        Decision::Settled,
        "it has a database"
    );
    model.seen.host.data = DataDirectory::Absent;
    model
        .seen
        .host
        .services
        .insert(Service::Patroni, ServiceState::Absent);
    let Decision::Do(plan) = repository::seed(&model.seen) else {
        panic!()
    };
    assert!(matches!(
        plan.steps[..],
        [
            Step::CheckObjectStore(_),
            Step::JudgeOwner(_),
            Step::WriteFile { .. },
            Step::WriteFile { .. }
        ]
    ));
}

#[test]
fn where_nobody_is_elected_a_unit_takes_the_lead_on_purpose_unless_another_one_should() {
    let mut model = Model::replica();
    model.live();
    let asked = |model: &Model, force: bool, own: Option<Reach>, others: &[(u8, Reach)]| {
        let others = others.iter().map(|(number, reach)| (name(*number), *reach));
        let plan = decide::promote::plan(&model.seen, force, || (own, others.collect()));
        plan.map(|plan| plan.steps)
    };
    let mine = Some(reach(2, 500));
    assert_eq!(
        asked(&model, true, mine, &[]),
        Err(Refusal::Forced),
        "there is a primary"
    );

    members(&mut model, |all| all.retain(|it| it.role != Role::Primary));
    let take = Ok(vec![Step::FailOver, Step::AwaitPrimary]);
    assert_eq!(asked(&model, true, mine, &[(2, reach(2, 500))]), take);
    assert_eq!(asked(&model, true, mine, &[(2, reach(1, 900))]), take);
    assert_eq!(
        asked(&model, false, mine, &[]),
        Err(Refusal::NobodyIsElected)
    );
    assert_eq!(
        asked(&model, true, mine, &[(2, reach(2, 501))]),
        Err(Refusal::AnotherReachesFurther("postgresql/2".into()))
    );
    assert!(matches!(
        asked(&model, true, None, &[]),
        Err(Refusal::NotRunning(_))
    ));

    let Seen::Known(cluster) = &mut model.seen.cluster else {
        panic!()
    };
    cluster.synchronous = BTreeSet::from([name(2)]);
    assert_eq!(
        asked(&model, true, mine, &[]),
        Err(Refusal::IsElected("postgresql/2".into())),
        "it has every commit"
    );
}
