use super::*;
use crate::agent::relations_watch::RelationView;
use crate::model::hook::{RelationEvent, RelationHook, SecretEvent};
use crate::model::progress::{HookFailure, PendingHook, RelationProgress};
use jiff::SignedDuration;
use std::collections::BTreeMap;

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1)
}

/// A unit that started, has seen everything and has nothing to do.
fn calm() -> Snapshot {
    Snapshot {
        life: Life::Alive,
        progress: Progress {
            installed: true,
            started: true,
            charm: Some("charm".into()),
            config: Some("config".into()),
            told_follower: true,
            boot: 1,
            ..Progress::default()
        },
        boot: 1,
        leader: false,
        config: "config".into(),
        charm: "charm".into(),
        relations: Vec::new(),
        storage: Vec::new(),
        secrets: Vec::new(),
        secrets_due: None,
        tasks: Vec::new(),
        resolved: None,
        force_upgrade: false,
        now: now(),
    }
}

/// A unit that was just deployed: its charm is unpacked, nothing ran.
fn fresh() -> Snapshot {
    let progress = Progress {
        charm: Some("charm".into()),
        ..Progress::default()
    };
    Snapshot { progress, ..calm() }
}

fn failing(mut snapshot: Snapshot, hook: Hook, retry_in: i64) -> Snapshot {
    let failure = HookFailure {
        attempts: 1,
        since: now(),
        retry_at: Some(now() + SignedDuration::from_secs(retry_in)),
    };
    snapshot.progress.hook = Some(PendingHook {
        hook,
        failure: Some(failure),
    });
    snapshot
}

fn relation(id: u64, members: &[(&str, u64)], app_version: u64) -> RelationView {
    RelationView {
        id,
        local_unit: "pg/0".into(),
        endpoint: "database".into(),
        remote_app: "client".into(),
        alive: true,
        peer: false,
        members: members
            .iter()
            .map(|(unit, version)| ((*unit).to_owned(), *version))
            .collect(),
        app_version,
        order: None,
    }
}

fn seen(members: &[(&str, u64)], app_version: u64) -> RelationProgress {
    RelationProgress {
        created: true,
        members: members
            .iter()
            .map(|(unit, version)| ((*unit).to_owned(), *version))
            .collect(),
        app_version,
        ..RelationProgress::default()
    }
}

fn secret(event: SecretEvent) -> SecretHook {
    SecretHook {
        source: None,
        event,
        id: "d0vdtqnmp25c762e7jug".into(),
        label: String::new(),
        revision: 1,
    }
}

fn storage(attached: bool) -> StorageHook {
    StorageHook {
        attached,
        id: "data/0".into(),
        kind: "filesystem".into(),
        location: "/srv".into(),
    }
}

/// The operation as a short text.
fn chosen(snapshot: &Snapshot) -> String {
    match next_operation(snapshot) {
        Operation::Run(Hook::Relation(RelationHook {
            event,
            remote_unit,
            departing,
            ..
        })) => {
            let unit = remote_unit.unwrap_or_else(|| "-".into());
            let departing = departing
                .map(|unit| format!(" departing {unit}"))
                .unwrap_or_default();
            format!("{} {unit}{departing}", event.as_str())
        }
        Operation::Run(hook) => hook.name(),
        Operation::Task(task) => format!("task {task}"),
        Operation::Wait(None) => "wait".into(),
        Operation::Wait(Some(until)) => format!("wait {}s", until.duration_since(now()).as_secs()),
        other => format!("{other:?}").to_lowercase(),
    }
}

#[test]
fn a_calm_unit_waits_for_update_status_or_the_next_secret() {
    let mut snapshot = calm();
    assert_eq!(chosen(&snapshot), "wait");
    snapshot.progress.update_status = Some(now() + SignedDuration::from_secs(60));
    snapshot.secrets_due = Some(now() + SignedDuration::from_secs(30));
    assert_eq!(chosen(&snapshot), "wait 30s");
    snapshot.progress.update_status = Some(now());
    assert_eq!(chosen(&snapshot), "update-status");
}

#[test]
fn everything_pending_at_once_comes_in_the_order_of_juju() {
    let mut snapshot = calm();
    snapshot.leader = true;
    snapshot.boot = 2;
    snapshot.charm = "new".into();
    snapshot.config = "new".into();
    snapshot.relations = vec![relation(3, &[("client/0", 1)], 1)];
    snapshot.secrets = vec![secret(SecretEvent::Expired)];
    snapshot.tasks = vec![7, 8];
    snapshot.storage = vec![storage(true)];
    snapshot.progress.update_status = Some(now());
    let mut order = Vec::new();
    for _ in 0..13 {
        let choice = chosen(&snapshot);
        let progress = &mut snapshot.progress;
        match choice.as_str() {
            "start" => progress.boot = 2,
            "created -" => drop(progress.relations.insert(3, seen(&[], 0))),
            "leader-elected" => progress.leader = true,
            "secret-expired" => snapshot.secrets.clear(),
            "data-storage-attached" => drop(progress.storage.insert("data/0".into())),
            "upgrade" => progress.charm = Some("new".into()),
            "config-changed" => progress.config = Some("new".into()),
            "changed -" => drop(progress.relations.insert(3, seen(&[], 1))),
            "joined client/0" => {
                let joined = RelationProgress {
                    changed_pending: Some("client/0".into()),
                    ..seen(&[("client/0", 1)], 1)
                };
                progress.relations.insert(3, joined);
            }
            "changed client/0" => drop(progress.relations.insert(3, seen(&[("client/0", 1)], 1))),
            "update-status" => progress.update_status = None,
            _ => drop(snapshot.tasks.remove(0)),
        }
        order.push(choice);
    }
    assert_eq!(
        order,
        [
            "start",
            "created -",
            "leader-elected",
            "secret-expired",
            "task 7",
            "task 8",
            "data-storage-attached",
            "upgrade",
            "config-changed",
            "changed -",
            "joined client/0",
            "changed client/0",
            "update-status"
        ]
    );
    assert_eq!(chosen(&snapshot), "wait");
}

#[test]
fn a_new_unit_installs_after_its_storage_and_runs_no_action_before() {
    let mut snapshot = fresh();
    snapshot.tasks = vec![7];
    snapshot.leader = true;
    snapshot.relations = vec![relation(3, &[], 0)];
    snapshot.storage = vec![storage(true)];
    assert_eq!(chosen(&snapshot), "data-storage-attached");
    snapshot.progress.storage.insert("data/0".into());
    assert_eq!(chosen(&snapshot), "install");
    snapshot.progress.charm = None;
    assert_eq!(chosen(&snapshot), "unpack");
}

#[test]
fn start_follows_the_first_config_changed_before_any_action() {
    let mut snapshot = calm();
    snapshot.progress.started = false;
    snapshot.progress.queue(Hook::Start);
    snapshot.tasks = vec![7];
    snapshot.secrets = vec![secret(SecretEvent::Changed)];
    assert_eq!(chosen(&snapshot), "start");
}

#[test]
fn in_error_only_actions_run_until_the_hook_is_retried() {
    let mut snapshot = failing(calm(), Hook::ConfigChanged, 30);
    snapshot.relations = vec![relation(3, &[("client/0", 1)], 1)];
    snapshot.secrets = vec![secret(SecretEvent::Changed)];
    snapshot.storage = vec![storage(true)];
    snapshot.leader = true;
    snapshot.boot = 2;
    snapshot.charm = "new".into();
    snapshot.progress.update_status = Some(now());
    assert_eq!(chosen(&snapshot), "wait 30s");
    snapshot.tasks = vec![7];
    assert_eq!(chosen(&snapshot), "task 7");
    snapshot.tasks.clear();
    snapshot.resolved = Some(Resolution::Retry);
    assert_eq!(chosen(&snapshot), "config-changed");
    snapshot.resolved = Some(Resolution::NoRetry);
    assert_eq!(chosen(&snapshot), "skip");
    snapshot.resolved = None;
    snapshot.force_upgrade = true;
    assert_eq!(chosen(&snapshot), "upgrade");
    assert_eq!(
        chosen(&failing(calm(), Hook::ConfigChanged, 0)),
        "config-changed"
    );
}

#[test]
fn a_dying_unit_in_error_stays_until_it_is_resolved() {
    let snapshot = Snapshot {
        life: Life::Dying,
        ..failing(calm(), Hook::Start, 30)
    };
    assert_eq!(chosen(&snapshot), "wait 30s");
}

#[test]
fn a_dying_unit_leaves_storage_and_relations_then_stops_and_is_removed() {
    let mut snapshot = Snapshot {
        life: Life::Dying,
        ..calm()
    };
    snapshot.leader = true;
    snapshot.secrets = vec![secret(SecretEvent::Rotate)];
    snapshot.storage = vec![storage(true)];
    snapshot.progress.storage.insert("data/0".into());
    snapshot.relations = vec![relation(
        3,
        &[("client/0", 5), ("client/10", 1), ("client/9", 1)],
        4,
    )];
    snapshot
        .progress
        .relations
        .insert(3, seen(&[("client/0", 1), ("client/10", 1)], 1));
    assert_eq!(chosen(&snapshot), "data-storage-detaching");
    snapshot.progress.storage.clear();
    assert_eq!(chosen(&snapshot), "departed client/0 departing pg/0");
    snapshot
        .progress
        .relations
        .insert(3, seen(&[("client/10", 1)], 1));
    assert_eq!(chosen(&snapshot), "departed client/10 departing pg/0");
    snapshot.progress.relations.insert(3, seen(&[], 1));
    assert_eq!(chosen(&snapshot), "broken -");
    snapshot.progress.relations.clear();
    assert_eq!(chosen(&snapshot), "stop");
    snapshot.progress.stopped = true;
    assert_eq!(chosen(&snapshot), "remove");
    snapshot.progress.removed = true;
    assert_eq!(chosen(&snapshot), "finish");
}

#[test]
fn a_unit_that_dies_before_install_runs_no_hook() {
    assert_eq!(
        chosen(&Snapshot {
            life: Life::Dying,
            ..fresh()
        }),
        "finish"
    );
}

#[test]
fn within_a_relation_departures_come_first_and_news_of_units_last() {
    let mut snapshot = calm();
    snapshot.relations = vec![relation(3, &[("client/1", 9), ("client/2", 1)], 2)];
    snapshot
        .progress
        .relations
        .insert(3, seen(&[("client/0", 1), ("client/1", 1)], 1));
    let mut order = Vec::new();
    for state in [
        seen(&[("client/1", 1)], 1),
        seen(&[("client/1", 1)], 2),
        RelationProgress {
            changed_pending: Some("client/2".into()),
            ..seen(&[("client/1", 1), ("client/2", 1)], 2)
        },
        seen(&[("client/1", 1), ("client/2", 1)], 2),
        seen(&[("client/1", 9), ("client/2", 1)], 2),
    ] {
        order.push(chosen(&snapshot));
        snapshot.progress.relations.insert(3, state);
    }
    assert_eq!(
        order,
        [
            "departed client/0 departing client/0",
            "changed -",
            "joined client/2",
            "changed client/2",
            "changed client/1"
        ]
    );
    assert_eq!(chosen(&snapshot), "wait");
}

#[test]
fn a_seed_gives_joins_another_order_and_each_unit_is_still_told_of_its_bag_after_it_joined() {
    let order = |seed| {
        let mut snapshot = calm();
        let members = [("client/0", 1), ("client/1", 1), ("client/2", 1)];
        snapshot.relations = vec![RelationView {
            order: Some(seed),
            ..relation(3, &members, 1)
        }];
        snapshot.progress.relations = BTreeMap::from([(3, seen(&[], 0))]);
        let mut order = Vec::new();
        while let Operation::Run(Hook::Relation(hook)) = next_operation(&snapshot) {
            order.push(format!(
                "{} {}",
                hook.event.as_str(),
                hook.remote_unit.clone().unwrap_or_default()
            ));
            let seen = snapshot.progress.relations.get_mut(&3).unwrap();
            match (hook.event, hook.remote_unit) {
                (RelationEvent::Joined, Some(unit)) => {
                    seen.members.insert(unit.clone(), 1);
                    seen.changed_pending = Some(unit);
                }
                (_, None) => seen.app_version = 1,
                (_, Some(_)) => seen.changed_pending = None,
            }
        }
        order
    };
    let orders: std::collections::BTreeSet<_> = (0..20).map(order).collect();
    assert!(orders.len() > 5, "{orders:?}");
    for order in &orders {
        assert_eq!(order.len(), 7);
        for unit in ["client/0", "client/1", "client/2"] {
            let joined = order
                .iter()
                .position(|it| *it == format!("joined {unit}"))
                .unwrap();
            assert_eq!(order[joined + 1], format!("changed {unit}"));
        }
    }
    assert_eq!(order(4), order(4));
}

#[test]
fn a_dying_relation_departs_and_breaks_and_a_peer_relation_never_breaks() {
    let mut snapshot = calm();
    snapshot.relations = vec![RelationView {
        alive: false,
        ..relation(3, &[("client/0", 1)], 0)
    }];
    snapshot.progress.relations = BTreeMap::from([(3, seen(&[("client/0", 1)], 0))]);
    assert_eq!(chosen(&snapshot), "departed client/0 departing client/0");
    snapshot.progress.relations.insert(3, seen(&[], 0));
    assert_eq!(chosen(&snapshot), "broken -");
    snapshot.relations[0].peer = true;
    assert_eq!(chosen(&snapshot), "wait");
}

#[test]
fn a_relation_that_was_never_created_ends_without_a_hook() {
    let mut snapshot = calm();
    snapshot.relations = vec![RelationView {
        alive: false,
        ..relation(3, &[("client/0", 1)], 0)
    }];
    assert_eq!(chosen(&snapshot), "wait");
}

#[test]
fn an_application_that_never_wrote_is_no_news() {
    let mut snapshot = calm();
    snapshot.relations = vec![relation(3, &[], 0)];
    snapshot.progress.relations.insert(3, seen(&[], 0));
    assert_eq!(chosen(&snapshot), "wait");
}

#[test]
fn losing_leadership_is_silent() {
    let mut snapshot = calm();
    snapshot.progress.leader = true;
    assert_eq!(chosen(&snapshot), "resign");
}

#[test]
fn an_interrupted_upgrade_is_finished_before_anything_else() {
    let mut snapshot = calm();
    snapshot.progress.upgrading = Some("new".into());
    snapshot.tasks = vec![7];
    assert_eq!(chosen(&snapshot), "upgrade");
}

#[test]
fn the_event_of_a_relation_hook_is_told_apart_by_what_it_reports() {
    let mut snapshot = calm();
    snapshot.relations = vec![relation(3, &[("client/0", 4)], 0)];
    snapshot
        .progress
        .relations
        .insert(3, seen(&[("client/0", 3)], 0));
    let Operation::Run(Hook::Relation(hook)) = next_operation(&snapshot) else {
        panic!("no relation hook")
    };
    assert_eq!(
        (hook.event, hook.version, hook.relation),
        (RelationEvent::Changed, 4, 3)
    );
}
