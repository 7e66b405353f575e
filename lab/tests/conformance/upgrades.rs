//! Replacing an application's charm.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{Deployed, Failure, Refresh, Request, ResourceSource};
use std::collections::BTreeMap;

fn refresh(lab: &Lab, charm: &Charm, force_units: bool) -> Result<Deployed, Failure> {
    lab.try_call(&Request::Refresh(Refresh {
        model: MODEL.into(),
        application: "probe".into(),
        charm: lab.charm(charm),
        config: BTreeMap::new(),
        resources: BTreeMap::new(),
        force_units,
        force: false,
    }))
}

#[test]
fn upgrade_charm_is_followed_by_config_changed_with_the_new_files_in_place() {
    let lab = Lab::start();
    let charm = Charm::recorder("probe", "", "")
        .file("old", "")
        .file("lib/both", "1");
    lab.deploy(&charm, 1);
    lab.forget_events("probe/0");
    std::fs::write(lab.charm_dir("probe/0").join(".state"), "mine").unwrap();
    let new = Charm::recorder("probe", "peers: {cluster: probe_peers}\n", "").file("lib/both", "2");
    assert_eq!(
        refresh(&lab, &new, false).unwrap().charm_url,
        "local:probe-1"
    );
    lab.until_event("probe/0", "config-changed");
    lab.settle();
    let events = lab.events("probe/0");
    let upgrade = events
        .iter()
        .position(|event| event == "upgrade-charm")
        .unwrap();
    assert_eq!(events[upgrade + 1], "config-changed");
    assert!(
        events.contains(&"cluster-relation-created".to_owned()),
        "a new peer relation begins: {events:?}"
    );
    let directory = lab.charm_dir("probe/0");
    assert!(!directory.join("old").exists());
    assert_eq!(
        std::fs::read_to_string(directory.join("lib/both")).unwrap(),
        "2"
    );
    assert_eq!(
        std::fs::read_to_string(directory.join(".state")).unwrap(),
        "mine"
    );
}

#[test]
fn a_unit_in_error_is_upgraded_only_by_force_and_then_retries_its_hook() {
    let lab = Lab::start();
    lab.set_model("lab-hook-retry-delay", "1h");
    let charm = Charm::recorder("probe", "", "[ $name = start ] && exit 1; true");
    lab.deploy_unsettled(&charm, "probe", 1);
    lab.until("the unit is in error", || {
        lab.unit("probe/0").workload.current == "error"
    });
    let mended = charm.script("true").file("mended", "");
    refresh(&lab, &mended, false).unwrap();
    lab.settle();
    assert!(!lab.charm_dir("probe/0").join("mended").exists());
    refresh(&lab, &mended, true).unwrap();
    lab.until("the new files are there", || {
        lab.charm_dir("probe/0").join("mended").exists()
    });
    lab.settle();
    assert_eq!(lab.unit("probe/0").workload.current, "error");
    lab.call::<Vec<String>>(&Request::Resolved {
        model: MODEL.into(),
        units: Vec::new(),
        all: true,
        no_retry: false,
    });
    lab.until("the error is over", || {
        lab.unit("probe/0").workload.current == "unknown"
    });
    assert!(!lab.events("probe/0").contains(&"upgrade-charm".to_owned()));
}

#[test]
fn another_charm_or_one_that_breaks_a_relation_is_refused() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "provides: {db: sql}\n", ""), 0);
    lab.deploy(
        &Charm::recorder("client", "requires: {store: sql}\n", ""),
        0,
    );
    lab.integrate("probe", "client");
    let refused = |charm: &Charm| refresh(&lab, charm, false).unwrap_err().message;
    assert!(
        refused(&Charm::recorder("other", "", "")).contains("it is another charm than \"probe\"")
    );
    assert!(
        refused(&Charm::recorder("probe", "", ""))
            .contains("would break relation \"client:store probe:db\"")
    );
    assert_eq!(lab.status().applications["probe"].charm, "local:probe-0");
}

#[test]
fn a_new_resource_is_an_upgrade_and_the_charm_finds_the_file() {
    let lab = Lab::start();
    let charm = Charm::recorder(
        "probe",
        "resources: {tools: {type: file, filename: tools.txt}}\n",
        "",
    );
    lab.deploy(&charm, 1);
    lab.forget_events("probe/0");
    let file = lab.shared("upload");
    std::fs::write(&file, "hammer").unwrap();
    lab.call::<()>(&Request::AttachResource {
        model: MODEL.into(),
        application: "probe".into(),
        name: "tools".into(),
        source: ResourceSource::File(file),
    });
    lab.until_event("probe/0", "upgrade-charm");
    lab.settle();
    assert_eq!(
        lab.exec("probe/0", "f=$(resource-get tools); basename $f; cat $f")
            .unwrap(),
        "tools.txt\nhammer"
    );
}

#[test]
fn a_new_charms_storage_is_attached_to_units_that_are_there() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let new = Charm::recorder(
        "probe",
        "storage: {data: {type: filesystem, location: /srv/data}}\n",
        "",
    );
    refresh(&lab, &new, false).unwrap();
    lab.until_event("probe/0", "data-storage-attached");
    lab.settle();
    let location = lab.machine_of("probe/0").root.join("srv/data");
    assert_eq!(
        lab.exec("probe/0", "storage-get -s data/0 location")
            .unwrap(),
        location.to_str().unwrap()
    );
}

#[test]
fn values_that_a_new_charm_cannot_read_go_back_to_the_default() {
    let lab = Lab::start();
    let charm = Charm::recorder("probe", "", "");
    lab.deploy(
        &charm.clone().file(
            "config.yaml",
            "options: {a: {type: string}, b: {type: string}}\n",
        ),
        1,
    );
    lab.set_config("probe", "a", "text").unwrap();
    lab.set_config("probe", "b", "text").unwrap();
    refresh(
        &lab,
        &charm.file("config.yaml", "options: {a: {type: int, default: 3}}\n"),
        false,
    )
    .unwrap();
    lab.settle();
    assert_eq!(
        lab.exec("probe/0", "config-get --format json").unwrap(),
        r#"{"a":3}"#
    );
}
