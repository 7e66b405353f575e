//! What `juju status` shows, and that what is not known is never taken for absent.

use postgresql_charm::domain::decide::repository::own_repository;
use postgresql_charm::domain::decide::status::{Level, status};
use postgresql_charm::domain::decide::{self, backup};
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{
    ArchiverView, DataDirectory, ManagedFile, MemberState, ObjectStorage, Passwords, Seen,
    ServiceState,
};
use postgresql_charm::domain::plan::Step;
use postgresql_charm::domain::refusal::Refusal;
use postgresql_charm::domain::settings::{Machine, OptionValue, Settings};
use postgresql_charm::reconcile::{Outcome, World, reconcile};

use crate::model::{Model, Store, has};

fn shown(model: &Model) -> (Level, String) {
    let status = status(&model.seen, &decide::reconcile(&model.seen));
    (status.level, status.message)
}

#[test]
fn a_settled_primary_says_so() {
    assert_eq!(
        shown(&Model::archiving()),
        (Level::Active, "Primary".into())
    );
}

#[test]
fn a_replica_that_is_being_copied_says_how_far_it_is() {
    let mut model = Model::replica();
    let Seen::Known(cluster) = &mut model.seen.cluster else {
        panic!()
    };
    let own = (cluster.members.iter_mut())
        .find(|member| member.name.unit() == "postgresql/1")
        .unwrap();
    own.state = MemberState::Other(MemberState::BEING_COPIED.to_owned());
    assert_eq!(
        shown(&model),
        (Level::Waiting, "PostgreSQL is being copied".into())
    );
    model.seen.host.copied = Some(42);
    assert_eq!(
        shown(&model),
        (Level::Waiting, "PostgreSQL is being copied: 42 %".into())
    );
}

#[test]
fn wal_that_cannot_be_archived_is_shown_with_its_name() {
    let mut model = Model::archiving();
    let Seen::Known(database) = &mut model.seen.database else {
        panic!()
    };
    let at = "2026-01-01T11:59:00Z".parse().unwrap();
    let file = "000000010000000000000007".to_owned();
    database.archiver = ArchiverView {
        failed: 3,
        last_failed: Some((at, file)),
        ..Default::default()
    };
    let (level, message) = shown(&model);
    assert_eq!(level, Level::Blocked);
    assert!(message.contains("000000010000000000000007"), "{message}");
}

#[test]
fn a_wrong_key_is_shown_once_tried_and_recovers_when_corrected() {
    let mut model = Model::primary();
    model.relate();
    model.store = Store::WrongKey;
    let outcome = reconcile(&mut model).unwrap();
    let Outcome::Rest(seen, decision) = outcome else {
        panic!("{outcome:?}")
    };
    let shown = status(&seen, &decision);
    assert_eq!(shown.level, Level::Blocked);
    assert_eq!(shown.message, "the access key is not known (correct it)");
    model.end_well();
    model.store = Store::Good;
    model.live();
    assert!(has(&model, ManagedFile::PgBackRestConfig));
    assert_eq!(decide::reconcile(&model.seen), Decision::Settled);
}

#[test]
fn a_foreign_repository_can_be_read_and_is_never_archived_to() {
    let mut model = Model::primary();
    model.relate();
    model.store = Store::Foreign;
    let outcome = reconcile(&mut model).unwrap();
    let Outcome::Rest(seen, decision) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        status(&seen, &decision)
            .message
            .contains("belongs to somebody else")
    );
    assert!(has(&model, ManagedFile::ForeignPgBackRestConfig));
    assert!(!has(&model, ManagedFile::PgBackRestConfig));
    assert_eq!(
        backup::allowed(&seen),
        Err(Refusal::ForeignRepository("somebody else".into()))
    );
    assert!(!patroni_config(&model).contains("archive-push"));
}

#[test]
fn a_leader_that_follows_uses_the_repository_in_the_hook_that_tells_it_of_the_proof() {
    let mut model = Model::replica();
    model.seen.juju.leader = true;
    model.relate();
    model.seen.juju.peers.as_mut().unwrap().proved = Some(model.seen.juju.stanza.clone());
    let outcome = reconcile(&mut model).unwrap();
    let Outcome::Rest(seen, _) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(own_repository(&seen).is_ok());
}

fn patroni_config(model: &Model) -> String {
    model.seen.host.files[&ManagedFile::PatroniConfig]
        .expose()
        .to_owned()
}

#[test]
fn invariant_12_wal_is_never_discarded_once_a_repository_was_configured() {
    type Change = fn(&mut Model);
    let discards = |model: &Model| patroni_config(model).contains("/bin/true");
    assert!(discards(&Model::primary()), "nothing to archive to yet");
    let changes: [(&str, Change); 4] = [
        ("the relation is removed", |model| {
            model.seen.juju.object_storage = ObjectStorage::Unrelated;
        }),
        ("the keys go wrong", |model| {
            model.store = Store::WrongKey;
            let ObjectStorage::Given(store) = &mut model.seen.juju.object_storage else {
                return;
            };
            store.region = "elsewhere".into();
        }),
        ("a foreign repository is related", |model| {
            model.store = Store::Foreign;
            let ObjectStorage::Given(store) = &mut model.seen.juju.object_storage else {
                return;
            };
            store.path = "/other".into();
        }),
        ("the leader changes", |model| model.seen.juju.leader = false),
    ];
    for (what, change) in changes {
        let mut model = Model::archiving();
        assert!(!discards(&model));
        change(&mut model);
        let _ = reconcile(&mut model).unwrap();
        model.end_well();
        let _ = reconcile(&mut model).unwrap();
        assert!(!discards(&model), "{what}");
    }
}

#[test]
fn invariant_7_what_does_not_answer_is_never_taken_for_absent() {
    let silent = || "it does not answer".to_owned();
    let mut model = Model::archiving();
    model.seen.cluster = Seen::Unreachable(silent());
    assert_eq!(
        backup::allowed(&model.seen),
        Err(Refusal::ClusterUnreachable(silent()))
    );
    let (level, message) = shown(&model);
    assert_eq!(
        (level, message.contains("it does not answer")),
        (Level::Waiting, true)
    );

    let mut model = Model::archiving();
    model.seen.database = Seen::Unreachable(silent());
    let decision = decide::reconcile(&model.seen);
    assert!(matches!(decision, Decision::Wait(_)), "{decision:?}");

    let mut model = Model::archiving();
    model.seen.etcd = Seen::Unreachable(silent());
    let decision = decide::reconcile(&model.seen);
    assert!(
        matches!(decision, Decision::Wait(_)),
        "not protected again: {decision:?}"
    );
}

#[test]
fn only_a_leader_makes_passwords_and_never_over_existing_ones() {
    let mut model = Model::joined();
    model.seen.juju.leader = false;
    let _ = reconcile(&mut model).unwrap();
    assert!(
        !model
            .performed
            .iter()
            .any(|step| step.contains("passwords"))
    );
    let mut model = Model::archiving();
    let before = model.seen.juju.passwords.clone();
    model.live();
    assert_eq!(model.seen.juju.passwords, before);
    assert!(matches!(before, Passwords::Known { .. }));
    assert_eq!(model.seen.host.data, DataDirectory::Present);
}

/// A world in which nothing takes effect.
struct Deaf(Model, usize);

impl World for Deaf {
    fn observe(
        &mut self,
    ) -> Result<postgresql_charm::domain::observed::Observed, postgresql_charm::error::StepError>
    {
        self.0.observe()
    }

    fn perform(&mut self, _step: &Step) -> Result<(), postgresql_charm::error::StepError> {
        self.1 += 1;
        Ok(())
    }

    fn pause(&mut self, _at_most: std::time::Duration) -> bool {
        false
    }

    fn announce(&mut self, _plan: &postgresql_charm::domain::plan::Plan) {}
}

#[test]
fn invariant_9_a_dispatch_ends_even_when_nothing_it_does_takes_effect() {
    let mut model = Model::archiving();
    let stopped = ServiceState::Stopped;
    model.seen.host.services.insert(
        postgresql_charm::domain::observed::Service::Patroni,
        stopped,
    );
    let mut deaf = Deaf(model, 0);
    let outcome = reconcile(&mut deaf).unwrap();
    assert!(
        matches!(outcome, Outcome::Rest(_, Decision::Wait(_))),
        "{outcome:?}"
    );
    assert_eq!(
        deaf.1, 1,
        "it tries once, and leaves the rest to the next look"
    );
}

/// A settled replica, which inherits the vote of the only voter, whose options are wrong.
fn an_heir_with_wrong_options() -> Model {
    let mut model = Model::replica();
    let options = [("memory-temp-buffers".to_owned(), OptionValue::Int(1))];
    let problems = Settings::from_options(&options.into(), &Machine::new(8 << 30, 2));
    model.seen.juju.settings = Err(problems.unwrap_err());
    model
}

#[test]
fn wrong_options_are_shown_and_keep_nobody_from_the_vote_it_inherits() {
    let mut model = an_heir_with_wrong_options();
    let invalid = "invalid options: memory-temp-buffers cannot be 1; allowed: 100 to 1073741823 (set them with juju config)";
    assert_eq!(shown(&model), (Level::Blocked, invalid.to_owned()));

    let peers = model.seen.juju.peers.as_mut().unwrap();
    let only_voter = "postgresql-0".parse().unwrap();
    peers.units.remove(&only_voter);
    peers.gone.insert(only_voter);
    reconcile(&mut model).unwrap();
    assert!(
        model.voters().contains(&"postgresql-1".to_owned()),
        "{:?}",
        model.performed
    );
    assert_eq!(shown(&model), (Level::Blocked, invalid.to_owned()));
}

#[test]
fn wrong_options_let_no_write_wait_for_units_that_are_gone() {
    let mut model = Model::primary();
    model.seen.juju.settings = an_heir_with_wrong_options().seen.juju.settings;
    let Seen::Known(cluster) = &mut model.seen.cluster else {
        panic!("the cluster is known")
    };
    cluster.config["synchronous_mode_strict"] = true.into();
    cluster.config["synchronous_node_count"] = 2.into();
    let Decision::Do(plan) = decide::reconcile(&model.seen) else {
        panic!("{:?}", decide::reconcile(&model.seen))
    };
    let patch = r#"{"synchronous_mode_strict":false,"synchronous_node_count":1}"#;
    assert_eq!(plan.steps, [Step::ChangeClusterConfig(patch.to_owned())]);
}
