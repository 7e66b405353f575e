//! A restore, cut at every step: on one unit, and among three of which never two accept writes.

use std::collections::BTreeSet;

use postgresql_charm::domain::backups::target::{Request, Target, TargetKind};
use postgresql_charm::domain::backups::{BackupInfo, Catalogue};
use postgresql_charm::domain::decide;
use postgresql_charm::domain::decide::restore::Circumstances;
use postgresql_charm::domain::decide::status::{Level, status};
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{
    Fetch, ManagedFile, Moved, ObjectStorage, Recovery, RestorePhase, RestoreRecord, Restored,
    Service, ServiceState, Source,
};
use postgresql_charm::domain::plan::{Plan, Step};
use postgresql_charm::domain::refusal::Refusal;
use postgresql_charm::domain::words::{MemberName, Secret, SystemUser};
use postgresql_charm::reconcile::{carry_out, reconcile};

use crate::model::{Directories, Model, Store};

fn name(number: u32) -> MemberName {
    format!("postgresql-{number}").parse().unwrap()
}

pub(crate) fn restore(model: &Model, kind: TargetKind) -> Plan {
    decide::restore::plan(&RestoreRecord {
        id: "20260101T120000Z".into(),
        phase: RestorePhase::Beside,
        source: Source::Backup,
        stanza: "dev.postgresql".parse().unwrap(),
        target: Some(Target {
            set: "20260101-110000F".parse().unwrap(),
            kind,
            timeline: None,
            assumed_utc: false,
            exclusive: false,
        }),
        replaces: None,
        kept: "/var/lib/postgresql/15/main.before-restore".into(),
        others: model.others.data.keys().cloned().collect(),
        newest: None,
        moves: None,
    })
}

pub(crate) fn undo(model: &Model) -> Plan {
    let catalogue = Catalogue::empty("dev.postgresql".parse().unwrap());
    decide::restore::undo(&model.seen, &catalogue, &[], "20260101T130000Z").unwrap()
}

fn restored(model: &Model) -> Model {
    let plan = restore(model, TargetKind::Immediate);
    let mut model = model.clone();
    carry_out(&mut model, &plan).unwrap();
    model.end_well();
    model.live();
    model
}

const NEW: Directories = Directories {
    data: Some("restored"),
    beside: None,
    kept: Some("first"),
};
const OLD: Directories = Directories {
    data: Some("first"),
    beside: None,
    kept: None,
};

/// Cuts a plan at every step; each time the loop has to bring the unit to rest. Where it rests.
fn cut_everywhere(model: &Model, plan: &Plan) -> Vec<Model> {
    (0..=plan.steps.len())
        .map(|cut| {
            let (mut model, done) = model.cut(plan, cut);
            assert_eq!(done.is_ok(), cut == plan.steps.len(), "cut after {cut}");
            model.live();
            assert_eq!(model.seen.host.restore, None, "cut after {cut}");
            assert!(model.seen.is_primary(), "cut after {cut}");
            model
        })
        .collect()
}

#[test]
fn invariant_6_a_restore_cut_anywhere_ends_with_the_old_database_or_the_new_one_whole() {
    for kind in [TargetKind::Immediate, TargetKind::Latest] {
        let model = Model::archiving();
        let plan = restore(&model, kind);
        for (cut, end) in cut_everywhere(&model, &plan).iter().enumerate() {
            // Nothing was written down before the first step; from there it goes on.
            let expected = if cut == 0 { OLD } else { NEW };
            assert_eq!(end.directories, expected, "cut after {cut}");
        }
    }
}

#[test]
fn a_restore_whose_copy_is_no_good_goes_back_from_wherever_it_is_cut() {
    for kind in [TargetKind::Immediate, TargetKind::Latest] {
        let mut model = Model::primary_of_three();
        model.unrecoverable = true;
        let plan = restore(&model, kind.clone());
        let fails = plan
            .steps
            .iter()
            .position(|step| matches!(step, Step::RecoverBeside(_)))
            .unwrap();
        for cut in 1..=fails + 1 {
            let (mut model, done) = model.cut(&plan, cut);
            done.unwrap_err();
            model.live();
            assert_eq!(model.directories, OLD, "cut after {cut}");
            assert_eq!(model.seen.host.restore, None, "cut after {cut}");
            // While Patroni was stopped here, a replica with every commit may have taken the lead of the old database.
            let stopped = kind == TargetKind::Latest;
            assert_eq!(model.seen.is_primary(), !stopped, "cut after {cut}");
            assert!(model.seen.cluster.known().unwrap().primary().is_some());
            assert_eq!(model.seen.cluster.known().unwrap().held_for(), None);
        }
    }
}

#[test]
fn a_restore_of_three_cut_anywhere_never_has_two_primaries_and_rebuilds_all() {
    for kind in [TargetKind::Immediate, TargetKind::Latest] {
        for primary_elsewhere in [false, true] {
            let mut model = Model::primary_of_three();
            model.others.lead = primary_elsewhere;
            model.seen.database = postgresql_charm::domain::observed::Seen::NotAsked;
            let plan = restore(&model, kind.clone());
            let plan_of_others = &model.others.data;
            assert_eq!(plan_of_others.len(), 2);
            for cut in 1..=plan.steps.len() {
                let (mut model, _) = model.cut(&plan, cut);
                model.live();
                assert_eq!(model.directories, NEW, "cut after {cut}");
                assert!(model.seen.is_primary(), "cut after {cut}");
                let others: BTreeSet<_> = model.others.data.values().collect();
                assert_eq!(others, BTreeSet::from([&"restored"]), "cut after {cut}");
                let cluster = model.seen.cluster.known().unwrap();
                assert_eq!(cluster.held_for(), None, "cut after {cut}");
                let restored = cluster.restored().unwrap();
                assert_eq!(restored.stale, BTreeSet::new(), "cut after {cut}");
                let told = &model.seen.juju.peers.as_ref().unwrap().restored;
                assert_eq!(told.as_ref(), Some(&restored.id), "the peers were told");
            }
        }
    }
}

#[test]
fn the_old_database_serves_until_the_new_one_is_proved_unless_every_commit_is_wanted() {
    let model = Model::primary_of_three();
    let position =
        |plan: &Plan, wanted: &dyn Fn(&Step) -> bool| plan.steps.iter().position(wanted).unwrap();
    let stop = |step: &Step| *step == Step::Stop(Service::Patroni);
    let proved = |step: &Step| matches!(step, Step::RekeyBeside(_));
    let held = |step: &Step| matches!(step, Step::HoldMembers(_));
    let moment = TargetKind::Time("2026-01-01T11:30:00Z".parse().unwrap());
    let plan = restore(&model, moment);
    assert!(position(&plan, &proved) < position(&plan, &stop), "{plan}");
    assert!(position(&plan, &held) < position(&plan, &stop), "{plan}");
    let plan = restore(&model, TargetKind::Latest);
    assert!(position(&plan, &stop) < position(&plan, &proved), "{plan}");
    assert!(position(&plan, &held) < position(&plan, &stop), "{plan}");
}

#[test]
fn undo_cut_anywhere_brings_back_the_database_from_before_and_keeps_the_other() {
    for model in [Model::archiving(), Model::primary_of_three()] {
        let model = restored(&model);
        let plan = undo(&model);
        for (cut, end) in cut_everywhere(&model, &plan).iter().enumerate() {
            let expected = if cut == 0 {
                NEW
            } else {
                Directories {
                    data: Some("first"),
                    beside: None,
                    kept: Some("restored"),
                }
            };
            assert_eq!(end.directories, expected, "cut after {cut}");
            assert!(end.seen.host.kept.is_some());
        }
    }
}

#[test]
fn an_undo_that_fails_leaves_both_databases_where_they_were() {
    let mut model = restored(&Model::primary_of_three());
    model.unrecoverable = true;
    let plan = undo(&model);
    carry_out(&mut model, &plan).unwrap_err();
    model.die();
    model.live();
    assert_eq!(model.directories, NEW);
    assert!(model.seen.is_primary());
}

#[test]
fn a_backup_of_another_major_version_and_one_without_room_are_refused_before_anything_is_touched() {
    const INFO: &str = include_str!("../../src/domain/backups/recorded/backup.info");
    let model = Model::archiving();
    let asked = |info: &str, free| {
        let info = BackupInfo::parse(info).unwrap();
        let id = info.backups[0].label.id().to_string();
        let catalogue = Catalogue::new("dev.postgresql".parse().unwrap(), info, vec![], []);
        let request = Request {
            backup_id: Some(id),
            ..Request::default()
        };
        let with = Circumstances {
            id: "20260101T120000Z",
            free,
        };
        decide::restore::restore(&model.seen, &catalogue, &request, &with)
    };
    assert!(asked(INFO, u64::MAX).is_ok());
    let older = INFO.replace("db-version\":\"15\"", "db-version\":\"14\"");
    assert_eq!(
        asked(&older, u64::MAX).unwrap_err(),
        Refusal::OtherVersion {
            here: "15".into(),
            there: "14".into(),
        }
    );
    let refused = asked(INFO, 1 << 20).unwrap_err();
    assert!(matches!(refused, Refusal::NoSpace { .. }), "{refused}");
}

#[test]
fn undo_is_refused_when_nothing_is_kept_any_more() {
    let model = restored(&Model::archiving());
    let mut accepted = model.clone();
    let kept = postgresql_charm::domain::observed::DataDirectory::Present;
    let plan = decide::restore::accept(&model.seen, kept).unwrap();
    carry_out(&mut accepted, &plan).unwrap();
    assert_eq!(
        decide::restore::undoable(&accepted.seen, &[]),
        Err(Refusal::NothingKept)
    );
    assert_eq!(decide::restore::undoable(&model.seen, &[]), Ok(()));
}

#[test]
fn the_status_says_what_is_kept_and_warns_when_room_is_short() {
    let mut model = restored(&Model::archiving());
    let shown = status(&model.seen, &Decision::Settled);
    assert_eq!(shown.level, Level::Active);
    assert_eq!(
        shown.message,
        "Primary; the database replaced at 2026-01-01T12:00:00Z is kept (undo-restore, accept-restore)"
    );
    model.seen.host.free = 1 << 20;
    let shown = status(&model.seen, &Decision::Settled);
    assert_eq!(
        shown.message,
        "Primary; only 1.0 MiB free on the volume: accept-restore frees 1.0 GiB of the database replaced at \
         2026-01-01T12:00:00Z"
    );
}

#[test]
fn a_member_that_was_away_counts_as_outdated_until_it_has_rebuilt_itself() {
    let mut model = Model::primary_of_three();
    model.others.away = BTreeSet::from([name(2)]);
    let model = restored(&model);
    let left = model.others.restored.clone().unwrap();
    assert_eq!(left.stale, BTreeSet::from([name(2)]));
    assert_eq!(left.rebuilt_by, None);

    let mut away = Model::replica();
    away.others.data.insert(name(0), "restored");
    away.others.lead = true;
    away.others.restored = Some(Restored {
        id: left.id.clone(),
        stale: BTreeSet::from([name(1)]),
        rebuilt_by: Some(name(0)),
        moved: None,
    });
    let decision = |model: &mut Model| {
        reconcile(model).unwrap();
        decide::explain(&model.seen)
    };
    let (topic, waits) = decision(&mut away);
    assert_eq!(topic, "restore elsewhere");
    assert!(matches!(waits, Decision::Wait(_)), "{waits:?}");
    assert_eq!(
        decide::promote::plan(&away.seen, false, Default::default),
        Err(Refusal::Stale),
        "it is not promoted either"
    );
    away.others.restored.as_mut().unwrap().rebuilt_by = None;
    away.live();
    assert_eq!(away.directories.data, Some("restored"));
    assert_eq!(away.others.restored.unwrap().stale, BTreeSet::new());
}

#[test]
fn while_the_download_or_the_recovery_runs_a_hook_keeps_its_hands_off() {
    let model = Model::archiving();
    let plan = restore(&model, TargetKind::Immediate);
    let (mut model, _) = model.cut(&plan, 1);
    let waits = |model: &Model| match decide::restore::finish(&model.seen) {
        Decision::Wait(wait) => wait.reason,
        other => panic!("{other:?}"),
    };
    model.seen.host.fetch = Fetch::Running { percent: Some(40) };
    assert_eq!(waits(&model), "restoring: 40 % fetched");
    model.seen.host.fetch = Fetch::Done;
    model.seen.host.recovery = Recovery::Replaying;
    assert_eq!(waits(&model), "restoring: recovering the copy");
    model.seen.host.recovery = Recovery::Open;
    assert!(matches!(
        decide::restore::finish(&model.seen),
        Decision::Do(_)
    ));
}

#[test]
fn a_restore_is_cancelled_until_it_is_proved_and_not_afterwards() {
    let mut model = Model::archiving();
    assert_eq!(decide::restore::cancel(&model.seen), Err(Refusal::NoJob));
    let plan = restore(&model, TargetKind::Immediate);
    let proved = plan
        .steps
        .iter()
        .position(|step| step.to_string().contains("proved"))
        .unwrap();
    let at = |steps| model.cut(&plan, steps).0;
    assert_eq!(
        decide::restore::cancel(&at(proved + 1).seen),
        Err(Refusal::TooLateToCancel)
    );
    model = at(proved);
    let cancelled = decide::restore::cancel(&model.seen).unwrap();
    carry_out(&mut model, &cancelled).unwrap();
    model.live();
    assert_eq!(model.directories, OLD);
    assert_eq!(
        model.seen.host.service(Service::Patroni),
        ServiceState::Running
    );
}

#[test]
fn members_held_by_a_unit_that_is_gone_are_let_go() {
    let model = Model::primary_of_three();
    let plan = restore(&model, TargetKind::Latest);
    let hold = plan
        .steps
        .iter()
        .position(|step| matches!(step, Step::HoldMembers(_)))
        .unwrap();
    let (mut model, _) = model.cut(&plan, hold + 1);
    // The same world, seen by another unit that leads in Juju by now; the first one was removed.
    model.seen.host.restore = None;
    model.seen.juju.member = name(1);
    let waits = decide::restore::held(&model.seen);
    assert!(matches!(waits, Decision::Wait(_)), "{waits:?}");
    model
        .seen
        .juju
        .peers
        .as_mut()
        .unwrap()
        .units
        .remove(&name(0));
    match decide::restore::held(&model.seen) {
        Decision::Do(plan) => assert!(
            matches!(&plan.steps[..], [Step::ReleaseMembers { by: Some(by), .. }] if *by == name(0)),
            "{plan}"
        ),
        other => panic!("{other:?}"),
    }
}

/// A settled primary that is related to another cluster's repository.
fn foreign(mut model: Model) -> Model {
    model.store = Store::Foreign;
    model.relate();
    reconcile(&mut model).unwrap();
    model.end_well();
    model
}

fn bring_over(model: &Model) -> Plan {
    let store = model.seen.juju.object_storage.given().unwrap();
    let stanza = &model.seen.juju.stanza;
    let Step::RecordRestore(record) = restore(model, TargetKind::Immediate).steps.remove(0) else {
        panic!("a restore is recorded first")
    };
    let moves = Some(Moved::beside(store, stanza, &record.id));
    decide::restore::plan(&RestoreRecord {
        source: Source::Foreign,
        stanza: "prod.db".parse().unwrap(),
        moves,
        ..record
    })
}

const OWN_PATH: &str = "/pg/dev.postgresql-20260101T120000Z";

#[test]
fn another_clusters_repository_can_be_restored_from_and_takes_no_backup() {
    let model = foreign(Model::primary());
    assert_eq!(decide::restore::allowed(&model.seen, &[]), Ok(()));
    assert_eq!(decide::restore::source(&model.seen), Ok(Source::Foreign));
    let found = |asked| decide::restore::stanzas(&model.seen, asked);
    assert_eq!(found(None), Ok(vec!["prod.db".parse().unwrap()]));
    let other = found(Some("other"));
    assert_eq!(other, Err(Refusal::NoStanza("other".into())));
    assert!(matches!(
        decide::backup::allowed(&model.seen),
        Err(Refusal::ForeignRepository(_))
    ));
    let theirs = Secret::new("of the other cluster");
    for user in SystemUser::ALL {
        let set = decide::passwords::set(&model.seen, user, &theirs);
        assert!(set.is_ok(), "{user}: {set:?}");
    }
}

#[test]
fn what_comes_from_another_cluster_cut_anywhere_archives_to_a_path_of_its_own_and_never_where_it_came_from()
 {
    let model = foreign(Model::primary());
    let plan = bring_over(&model);
    for cut in 1..=plan.steps.len() {
        let (mut model, _) = model.cut(&plan, cut);
        model.live();
        assert_eq!(model.directories, NEW, "cut after {cut}");
        let config = (model.seen.host.files.get(&ManagedFile::PgBackRestConfig))
            .map(|config| config.expose().to_owned());
        let path = format!("repo1-path={OWN_PATH}\n");
        assert!(config.unwrap().contains(&path), "cut after {cut}");
        let told = model.seen.juju.peers.as_ref().unwrap().moved.as_ref();
        assert_eq!(told.unwrap().path, OWN_PATH, "cut after {cut}");
        assert_eq!(decide::restore::source(&model.seen), Ok(Source::Backup));
    }
}

#[test]
fn the_database_that_is_brought_over_opens_with_its_archiving_in_place() {
    let plan = bring_over(&foreign(Model::primary()));
    let at = |is: fn(&Step) -> bool| plan.steps.iter().position(is).unwrap();
    let stopped = at(|step| *step == Step::Stop(Service::Patroni));
    let moved = at(|step| matches!(step, Step::MoveRepository(_)));
    let started = at(|step| *step == Step::Start(Service::Patroni));
    assert!(stopped < moved && moved < started, "{plan}");
}

#[test]
fn undoing_it_goes_to_a_fresh_path_again() {
    let model = foreign(Model::primary());
    let plan = bring_over(&model);
    let mut model = model.clone();
    carry_out(&mut model, &plan).unwrap();
    model.end_well();
    model.live();
    assert!(model.seen.host.kept.as_ref().unwrap().moved);
    let plan = undo(&model);
    let moves = plan.steps.iter().find_map(|step| match step {
        Step::MoveRepository(moved) => Some(moved.path.as_str()),
        _ => None,
    });
    assert_eq!(moves, Some("/pg/dev.postgresql-20260101T130000Z"));
}

#[test]
fn another_path_that_is_set_afterwards_is_used_and_the_old_clusters_never_is() {
    let model = foreign(Model::primary());
    let plan = bring_over(&model);
    let mut model = model.clone();
    carry_out(&mut model, &plan).unwrap();
    model.end_well();
    model.store = Store::Good;
    model.live();
    // What the relation says passes through what the cluster remembers of its move, as in each dispatch.
    let related = |model: &mut Model, path: &str| {
        let mut store = model.seen.juju.object_storage.given().unwrap().clone();
        path.clone_into(&mut store.path);
        let moved = model.seen.juju.moved.clone();
        assert_eq!(moved.as_ref().unwrap().path, OWN_PATH);
        model.seen.juju.object_storage = ObjectStorage::Given(store).moved(moved.as_ref());
        model.live();
        let config = &model.seen.host.files[&ManagedFile::PgBackRestConfig];
        let mut lines = config.expose().lines();
        let path = lines.find_map(|line| line.strip_prefix("repo1-path="));
        path.unwrap().to_owned()
    };
    assert_eq!(related(&mut model, "/fresh"), "/fresh");
    assert_eq!(related(&mut model, "/pg"), OWN_PATH);
}

#[test]
fn a_replica_with_another_database_than_the_clusters_is_made_anew_and_nothing_else_is() {
    let mut model = Model::replica();
    model.seen.host.stranger = true;
    model.seen.cluster = postgresql_charm::domain::observed::Seen::Unreachable("ended".into());
    let Decision::Do(plan) = decide::reconcile(&model.seen) else {
        panic!("it does something about it")
    };
    assert_eq!(
        plan.steps,
        [
            Step::Stop(Service::Patroni),
            Step::RemoveStranger,
            Step::Start(Service::Patroni)
        ]
    );
    model.seen.host.stranger = false;
    let (topic, _) = decide::explain(&model.seen);
    assert_ne!(topic, "data of another database");
}

#[test]
fn whoever_learns_of_the_move_from_the_cluster_alone_follows_it() {
    let mut model = Model::primary_of_three();
    let store = model.seen.juju.object_storage.given().unwrap();
    let moved = Moved::beside(store, &model.seen.juju.stanza, "20260101T120000Z");
    model.others.restored = Some(Restored {
        id: moved.id.clone(),
        stale: BTreeSet::new(),
        rebuilt_by: None,
        moved: Some(moved.clone()),
    });
    model.live();
    let store = model.seen.juju.object_storage.given().unwrap();
    assert_eq!(store.path, OWN_PATH);
    let told = model.seen.juju.peers.as_ref().unwrap().moved.clone();
    assert_eq!(told, Some(moved));
}
