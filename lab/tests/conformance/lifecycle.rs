//! The order of a unit's life.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{Endpoint, RelationEnds, Request};

const METADATA: &str = "peers: {cluster: probe_peers}\n\
                        storage: {data: {type: filesystem, location: /var/lib/probe}}\n";

#[test]
fn a_leader_starts_with_storage_then_install_and_start_follows_config_changed() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", METADATA, ""), 1);
    assert_eq!(
        lab.events("probe/0"),
        [
            "data-storage-attached",
            "install",
            "cluster-relation-created",
            "leader-elected",
            "config-changed",
            "start"
        ]
    );
}

#[test]
fn a_unit_that_does_not_lead_hears_of_leader_settings_instead() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", METADATA, ""), 2);
    let follower = lab.follower("probe");
    let leader = lab.leader("probe");
    assert_eq!(
        lab.events(&follower),
        [
            "data-storage-attached".to_owned(),
            "install".into(),
            "cluster-relation-created".into(),
            "leader-settings-changed".into(),
            "config-changed".into(),
            "start".into(),
            format!("cluster-relation-joined {leader}"),
            format!("cluster-relation-changed {leader}"),
        ]
    );
}

#[test]
fn a_departing_unit_detaches_storage_leaves_relations_stops_and_is_removed() {
    let lab = Lab::start();
    let charm = Charm::recorder(
        "probe",
        METADATA,
        "[ -n \"$JUJU_DEPARTING_UNIT\" ] && echo \"departing $JUJU_DEPARTING_UNIT\" >> $shared/$(echo $JUJU_UNIT_NAME | tr / -); true",
    );
    lab.deploy(&charm, 2);
    let (stays, goes) = ("probe/0", "probe/1");
    lab.forget_events(stays);
    lab.forget_events(goes);
    lab.remove_unit(goes);
    lab.until_gone(goes);
    lab.settle();
    assert_eq!(
        lab.events(goes),
        [
            "data-storage-detaching",
            "cluster-relation-departed probe/0",
            "departing probe/1",
            "stop",
            "remove"
        ]
    );
    assert_eq!(
        lab.events(stays)[..2],
        ["cluster-relation-departed probe/1", "departing probe/1"]
    );
    assert!(
        !lab.status().machines.contains_key("1"),
        "the machine goes with its last unit"
    );
}

#[test]
fn removing_a_relation_names_the_remote_unit_as_departing_on_both_sides() {
    let lab = Lab::start();
    let record = "[ -n \"$JUJU_DEPARTING_UNIT\" ] && echo \"departing $JUJU_DEPARTING_UNIT\" >> $shared/$(echo $JUJU_UNIT_NAME | tr / -); true";
    lab.deploy(
        &Charm::recorder("server", "provides: {db: sql}\n", record),
        1,
    );
    lab.deploy(
        &Charm::recorder("client", "requires: {store: sql}\n", record),
        1,
    );
    lab.integrate("client", "server");
    lab.settle();
    lab.forget_events("server/0");
    lab.forget_events("client/0");
    lab.call::<()>(&Request::RemoveRelation(RelationEnds {
        model: MODEL.into(),
        id: None,
        first: Some(Endpoint::parse("server")),
        second: Some(Endpoint::parse("client")),
        force: false,
    }));
    lab.until("the relation is gone", || lab.status().relations.is_empty());
    assert_eq!(
        lab.events("server/0"),
        [
            "db-relation-departed client/0",
            "departing client/0",
            "db-relation-broken"
        ]
    );
    assert_eq!(
        lab.events("client/0"),
        [
            "store-relation-departed server/0",
            "departing server/0",
            "store-relation-broken"
        ]
    );
}

#[test]
fn unit_numbers_and_relation_ids_are_not_used_again() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    lab.remove_unit("probe/0");
    lab.until_gone("probe/0");
    let request = juju_lab::api::AddUnits {
        model: MODEL.into(),
        application: "probe".into(),
        count: 1,
        to: Vec::new(),
        attach_storage: Vec::new(),
    };
    assert_eq!(
        lab.call::<Vec<String>>(&Request::AddUnits(request)),
        ["probe/1"]
    );
    lab.settle();
    assert_eq!(lab.unit("probe/1").machine, "1");
}

#[test]
fn agent_and_workload_statuses_follow_the_unit() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let unit = lab.unit("probe/0");
    assert_eq!(
        (unit.workload.current.as_str(), unit.agent.current.as_str()),
        ("unknown", "idle")
    );
    let history: Vec<juju_lab::api::StatusEntry> = lab.call(&Request::StatusLog {
        model: MODEL.into(),
        unit: "probe/0".into(),
        limit: 100,
    });
    let messages: Vec<&str> = history
        .iter()
        .filter(|entry| entry.kind == "juju-unit")
        .map(|entry| entry.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "",
            "running install hook",
            "running leader-elected hook",
            "running config-changed hook",
            "running start hook",
            ""
        ]
    );
    assert!(
        history
            .iter()
            .any(|entry| entry.message == "installing charm software")
    );
}
