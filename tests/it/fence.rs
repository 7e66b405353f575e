//! The fence of a repository: epochs that rise with restores, and a cluster that was overtaken.

use postgresql_charm::domain::backups::ownership::{ClusterId, Holder, Owner};
use postgresql_charm::domain::backups::target::TargetKind;
use postgresql_charm::domain::decide;
use postgresql_charm::domain::decide::repository::take_over;
use postgresql_charm::domain::decide::status::{Level, Status, status};
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{ManagedFile, RepositoryState};
use postgresql_charm::domain::plan::{Plan, Step};
use postgresql_charm::domain::refusal::Refusal;
use postgresql_charm::reconcile::{Outcome, carry_out, reconcile};

use crate::model::{Model, Store};
use crate::restores;

fn restore(model: &Model) -> Plan {
    restores::restore(model, TargetKind::Immediate)
}

#[test]
fn a_restore_raises_the_epoch_exactly_once_wherever_it_is_cut() {
    for model in [Model::archiving(), Model::primary_of_three()] {
        let plan = restore(&model);
        assert_eq!(model.owner.epoch, 0);
        for cut in 1..=plan.steps.len() {
            let (mut model, _) = model.cut(&plan, cut);
            model.live();
            assert_eq!(model.owner.epoch, 1, "cut after {cut}");
        }
    }
}

#[test]
fn an_epoch_that_was_raised_and_not_remembered_is_not_raised_again() {
    let mut model = Model::archiving();
    let plan = restore(&model);
    carry_out(&mut model, &plan).unwrap();
    model.end_well();
    for cut in 0..10 {
        let mut model = model.clone();
        model.steps_left = Some(cut);
        reconcile(&mut model).unwrap();
        model.die();
        model.live();
        assert_eq!(model.owner.epoch, 1, "cut after {cut}");
    }
}

#[test]
fn undoing_a_restore_raises_the_epoch_again() {
    let mut model = Model::archiving();
    let plan = restore(&model);
    carry_out(&mut model, &plan).unwrap();
    model.end_well();
    model.live();
    let plan = restores::undo(&model);
    carry_out(&mut model, &plan).unwrap();
    model.end_well();
    model.live();
    assert_eq!(model.owner.epoch, 2);
}

/// What a dispatch ends with.
fn shown(model: &mut Model) -> Status {
    let outcome = reconcile(model).unwrap();
    let Outcome::Rest(seen, decision) = outcome else {
        panic!("{outcome:?}")
    };
    model.end_well();
    status(&seen, &decision)
}

/// A cluster that has archived, and another has taken its repository over since its record was last read.
fn overtaken() -> Model {
    let mut model = Model::archiving();
    model.store = Store::Foreign;
    model.later(6);
    model
}

#[test]
fn a_primary_at_rest_notices_within_minutes_that_it_was_overtaken_and_says_the_way_out() {
    let mut model = Model::archiving();
    model.store = Store::Foreign;
    assert_eq!(decide::reconcile(&model.seen), Decision::Settled);
    model.later(6);
    let status = shown(&mut model);
    assert_eq!(status.level, Level::Blocked);
    assert_eq!(
        status.message,
        "WAL stays on this unit, because the repository backups/pg belongs to somebody else (remove this application if \
         the other replaces it, set another path on the integrator, or run take-over-repository)"
    );
}

#[test]
fn a_cluster_that_was_overtaken_goes_on_to_keep_its_wal_and_tries_nothing_that_writes() {
    let mut model = overtaken();
    shown(&mut model);
    let before = model.performed.len();
    assert!(
        shown(&mut model)
            .message
            .contains("belongs to somebody else")
    );
    let tried = &model.performed[before..];
    assert!(tried.iter().any(|step| step.contains("find out who owns")));
    assert!(
        !tried.iter().any(|step| step.contains("check bucket")),
        "{tried:?}"
    );
    let patroni = model.seen.host.files[&ManagedFile::PatroniConfig].expose();
    assert!(patroni.contains("archive-push") && !patroni.contains("/bin/true"));
}

#[test]
fn a_repository_that_is_given_back_is_used_again() {
    let mut model = overtaken();
    shown(&mut model);
    model.store = Store::Good;
    model.live();
    let record = model.seen.host.repository.as_ref().unwrap();
    assert!(matches!(record.state, RepositoryState::Ready { .. }));
    assert_eq!(shown(&mut model).level, Level::Active);
}

#[test]
fn a_store_that_cannot_be_read_does_not_make_a_repository_foreign() {
    let mut model = Model::archiving();
    model.store = Store::WrongKey;
    model.later(6);
    assert_eq!(shown(&mut model).level, Level::Active);
    let record = model.seen.host.repository.as_ref().unwrap();
    assert!(matches!(record.state, RepositoryState::Ready { .. }));
}

fn theirs() -> Owner {
    Owner::Foreign {
        who: Holder::Cluster {
            id: ClusterId {
                model_uuid: "0a1b".into(),
                application: "other".into(),
            },
            model: "prod".into(),
            application: "other".into(),
        },
    }
}

#[test]
fn who_may_take_a_repository_over() {
    let mut model = overtaken();
    shown(&mut model);
    let seen = &model.seen;
    let name = "application other of model prod (cluster 0a1b/other)";
    let asked = |owner: &Owner, epoch, taken, force| {
        take_over(seen, owner, epoch, taken, force).map(|plan| plan.purpose)
    };
    let incumbent = Owner::Foreign {
        who: Holder::Model {
            uuid: "0a1b".into(),
        },
    };
    let table = [
        (
            Owner::Ours { epoch: 4 },
            Some(4),
            false,
            Err(Refusal::NothingToTakeOver),
        ),
        (
            Owner::Unclaimed,
            None,
            false,
            Err(Refusal::NothingToTakeOver),
        ),
        // It reads no record, so nothing would keep it out.
        (
            incumbent,
            None,
            false,
            Err(Refusal::CannotTakeOver(
                "a cluster of another model (UUID 0a1b)".into(),
            )),
        ),
        (
            theirs(),
            Some(4),
            true,
            Err(Refusal::CannotTakeOver(name.into())),
        ),
        (
            theirs(),
            Some(4),
            false,
            Ok(format!("take backups/pg over from {name}")),
        ),
    ];
    for (owner, epoch, taken, expected) in table {
        assert_eq!(asked(&owner, epoch, taken, true), expected, "{owner:?}");
    }
    assert_eq!(
        asked(&theirs(), Some(4), false, false),
        Err(Refusal::TakeOverNotForced(name.into()))
    );
    let replica = Model::replica();
    assert!(take_over(&replica.seen, &theirs(), Some(4), false, true).is_err());
}

#[test]
fn a_take_over_cut_anywhere_has_happened_or_has_not() {
    let mut model = overtaken();
    shown(&mut model);
    let plan = take_over(&model.seen, &theirs(), Some(4), false, true).unwrap();
    assert!(matches!(
        plan.steps[0],
        Step::TakeOverRepository { epoch: 4, .. }
    ));
    for cut in 0..=plan.steps.len() {
        let (mut model, _) = model.cut(&plan, cut);
        let level = shown(&mut model).level;
        let record = model.seen.host.repository.as_ref().unwrap();
        let ready = matches!(record.state, RepositoryState::Ready { .. });
        assert_eq!(ready, cut > 0, "cut after {cut}");
        assert_eq!(ready, level == Level::Active, "cut after {cut}");
        assert_eq!(
            model.owner.epoch,
            if cut > 0 { 5 } else { 0 },
            "cut after {cut}"
        );
    }
}
