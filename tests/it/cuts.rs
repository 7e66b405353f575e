//! Whatever dies half-way, the next look ends in the same place.

use postgresql_charm::domain::decide;
use postgresql_charm::domain::decide::leave::{self, Stage};
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{DataDirectory, Seen, Service, ServiceState};
use postgresql_charm::domain::plan::Step;
use postgresql_charm::domain::words::MemberName;
use postgresql_charm::reconcile::{carry_out, reconcile};

use crate::model::Model;

/// The facts two worlds must agree on to be in the same place; times of death leave no other traces.
fn place(model: &Model) -> String {
    let host = &model.seen.host;
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        host.files.keys(),
        host.services,
        host.etcd_data,
        model.seen.etcd,
        host.repository,
        host.restore,
        model.seen.juju.peers,
        model.directories,
        model.seen.clients,
        model.seen.juju.clients
    )
}

/// Every state that is worth starting from, with where it leads.
fn beginnings() -> Vec<(&'static str, Model)> {
    let mut related = Model::primary();
    related.relate();
    let mut applications = Model::primary();
    applications.relate_application(7, &[("database", "shop")]);
    applications.relate_application(8, &[("database", "shop"), ("extra-user-roles", "admin")]);
    let mut elected = Model::replica();
    elected.elect(&[0, 1, 2]);
    let mut dropped = elected.clone();
    dropped.live();
    dropped.elect(&[0]);
    vec![
        ("a unit that joins", Model::joined()),
        ("a primary that is related", related),
        ("a primary with new applications", applications),
        ("a replica that is to vote", elected),
        ("a voter that is not one any more", dropped),
    ]
}

#[test]
fn invariant_3_reconcile_twice_in_a_row_is_settled() {
    for (what, mut model) in beginnings() {
        model.live();
        let before = model.performed.len();
        reconcile(&mut model).unwrap();
        assert_eq!(
            model.performed.len(),
            before,
            "{what}: {:?}",
            &model.performed[before..]
        );
        assert_eq!(decide::reconcile(&model.seen), Decision::Settled, "{what}");
    }
}

#[test]
fn invariant_4_any_prefix_of_any_plan_then_reconcile_reaches_the_same_end() {
    for (what, model) in beginnings() {
        let mut whole = model.clone();
        whole.live();
        let steps = whole.performed.len() - model.performed.len();
        assert!(steps > 3, "{what}: only {steps} steps");
        for cut in 0..steps {
            let mut dying = model.clone();
            dying.steps_left = Some(cut);
            reconcile(&mut dying).unwrap();
            dying.die();
            dying.live();
            assert_eq!(
                place(&dying),
                place(&whole),
                "{what}, cut after {cut} steps"
            );
        }
    }
}

#[test]
fn a_database_is_never_made_with_passwords_that_juju_has_not_recorded() {
    let mut model = Model::joined();
    reconcile(&mut model).unwrap();
    assert!(
        model
            .performed
            .iter()
            .any(|step| step.contains("make the passwords"))
    );
    assert!(
        !model.performed.iter().any(|step| step == "start Patroni"),
        "{:?}",
        model.performed
    );
}

#[test]
fn a_unit_that_was_chosen_votes_and_stops_when_another_was() {
    let mut model = Model::replica();
    assert_eq!(model.voters(), ["postgresql-0"]);
    model.elect(&[0, 1, 2]);
    model.live();
    assert_eq!(model.voters(), ["postgresql-0", "postgresql-1"]);
    let restarts = |model: &Model| {
        let all = model.performed.iter();
        all.filter(|step| step.contains("restart etcd")).count()
    };
    assert_eq!(restarts(&model), 0);
    let renewed = |model: &Model| {
        let all = model.performed.iter();
        all.filter(|step| step.contains("Patroni anew")).count()
    };
    assert_eq!(renewed(&model), 1, "{:?}", model.performed);
    // Which others vote is no reason to restart a member.
    model.elect(&[0, 1, 3]);
    model.live();
    assert_eq!(restarts(&model), 0);
    model.elect(&[0]);
    model.live();
    assert_eq!(model.voters(), ["postgresql-0"]);
    assert_eq!(model.seen.host.etcd_data, DataDirectory::Absent);
}

/// A replica that votes with two others, and the one of them that stays.
fn a_voter_that_leaves_one() -> (Model, [MemberName; 1]) {
    let mut member = Model::replica();
    member.elect(&[0, 1, 2]);
    member.live();
    (member, ["postgresql-0".parse().unwrap()])
}

#[test]
fn leaving_can_die_anywhere_and_ends_with_stopped_programs_and_no_vote() {
    let (member, staying) = a_voter_that_leaves_one();
    let plan = leave::plan(&member.seen, Stage::Departing, &staying, &[]);
    assert_eq!(plan.steps.len(), 10, "{plan}");
    for cut in 0..=plan.steps.len() {
        let (mut model, _) = member.cut(&plan, cut);
        // A hook in between brings nothing up again.
        if model.seen.host.leaving {
            let before = model.performed.len();
            reconcile(&mut model).unwrap();
            assert_eq!(model.performed.len(), before, "cut after {cut}");
        }
        let last = leave::plan(&model.seen, Stage::Stopping, &staying, &[]);
        carry_out(&mut model, &last).unwrap();
        for service in [Service::Etcd, Service::Patroni] {
            assert_eq!(
                model.seen.host.service(service),
                ServiceState::Stopped,
                "cut after {cut}"
            );
        }
        let voted_until_the_end = model
            .performed
            .iter()
            .any(|step| step.contains("out of etcd"));
        assert!(voted_until_the_end, "cut after {cut}");
    }
}

#[test]
fn a_unit_does_not_lose_its_volume_while_the_others_count_on_its_vote() {
    let (mut member, staying) = a_voter_that_leaves_one();
    let plan = leave::plan(&member.seen, Stage::Departing, &staying, &[]);
    let given_up = 1 + plan
        .steps
        .iter()
        .position(|step| *step == Step::LeaveEtcd)
        .unwrap();
    for cut in 0..=plan.steps.len() {
        let (model, _) = member.cut(&plan, cut);
        assert_eq!(
            leave::is_relied_on(&model.seen, &staying),
            cut < given_up,
            "cut after {cut}: {plan}"
        );
    }
    // Without a majority nobody can let it go, and it would never be removed.
    member.seen.etcd = Seen::Unreachable("no leader".to_owned());
    assert!(!leave::is_relied_on(&member.seen, &staying));
}

#[test]
fn the_only_voter_does_not_lose_its_volume_before_another_votes() {
    let mut model = Model::primary();
    let staying: [MemberName; 1] = ["postgresql-1".parse().unwrap()];
    let Seen::Known(cluster) = &mut model.seen.cluster else {
        panic!("the cluster is known")
    };
    // The lead is handed over, and the heir of the vote is not there in time.
    cluster.members.clear();
    assert!(leave::is_relied_on(&model.seen, &staying));
    assert!(
        !leave::is_relied_on(&model.seen, &[]),
        "the last unit takes its vote with it"
    );
}

#[test]
fn units_that_leave_at_once_take_turns_around_everything_the_others_rely_on() {
    let (member, staying) = a_voter_that_leaves_one();
    let leaving: Vec<_> = ["postgresql-2".parse().unwrap()].into();
    for stage in [Stage::Departing, Stage::Stopping] {
        let plan = leave::plan(&member.seen, stage, &staying, &leaving);
        let turn = Step::AwaitTurn(leaving.clone());
        let turn = plan.steps.iter().position(|step| *step == turn).unwrap();
        let relied_on = |step: &Step| {
            matches!(
                step,
                Step::ChangeClusterConfig(_)
                    | Step::HandOver(_)
                    | Step::Stop(Service::Patroni | Service::Etcd)
                    | Step::ForgetMember
                    | Step::LeaveEtcd
            )
        };
        let first = plan.steps.iter().position(relied_on).unwrap();
        assert!(turn < first, "{plan}");
        assert_eq!(plan.always.last(), Some(&Step::EndTurn), "{plan}");
    }
}

#[test]
fn the_only_voter_waits_for_its_heir_and_the_last_unit_for_nobody() {
    let model = Model::primary();
    let staying = ["postgresql-1".parse().unwrap()];
    for stage in [Stage::Departing, Stage::Stopping] {
        let plan = leave::plan(&model.seen, stage, &staying, &[]);
        let position = |step| plan.steps.iter().position(|it| *it == step).unwrap();
        assert!(
            position(Step::AwaitHeir) < position(Step::LeaveEtcd),
            "{plan}"
        );
        assert!(
            position(Step::LeaveEtcd) < position(Step::Stop(Service::Etcd)),
            "{plan}"
        );
    }
    let alone = leave::plan(&model.seen, Stage::Stopping, &[], &[]);
    assert!(alone.steps.is_empty(), "{alone}");
    assert_eq!(alone.always.len(), 3, "{alone}");
}
