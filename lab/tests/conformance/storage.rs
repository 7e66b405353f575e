//! Storage.

use crate::lab::{Charm, Lab, MODEL, deploy_request};
use juju_lab::api::{AddUnits, CharmSource, Deploy, Request, StorageDirective};
use std::collections::BTreeMap;

const METADATA: &str = "storage:\n  data: {type: filesystem, location: /srv/data}\n  extra: {type: filesystem, multiple: {range: 0-2}}\n";
const RECORD: &str = "case $name in *-storage-*) echo \"$name $JUJU_STORAGE_ID $JUJU_STORAGE_KIND $JUJU_STORAGE_LOCATION\" >> $shared/storage; ls -d $JUJU_STORAGE_LOCATION;; esac";

#[test]
fn an_instance_lies_at_its_location_below_the_machines_root() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", METADATA, RECORD), 1);
    let location = lab.machine_of("probe/0").root.join("srv/data");
    assert_eq!(
        std::fs::read_to_string(lab.shared("storage")).unwrap(),
        format!(
            "data-storage-attached data/0 filesystem {}\n",
            location.display()
        )
    );
    assert!(location.is_dir());
    assert_eq!(
        lab.exec("probe/0", "storage-list; storage-get -s data/0 location")
            .unwrap(),
        format!("data/0\n{}", location.display())
    );
}

#[test]
fn storage_added_later_is_attached_and_numbered_over_the_model() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", METADATA, RECORD), 1);
    let add = Request::AddStorage {
        model: MODEL.into(),
        unit: "probe/0".into(),
        name: "extra".into(),
        count: 1,
    };
    assert_eq!(lab.call::<Vec<String>>(&add), ["extra/1"]);
    lab.until_event("probe/0", "extra-storage-attached");
    lab.settle();
    let root = lab.machine_of("probe/0").root;
    assert_eq!(
        lab.exec(
            "probe/0",
            "storage-list extra; storage-get -s extra/1 location"
        )
        .unwrap(),
        format!(
            "extra/1\n{}",
            root.join("var/lib/juju/storage/extra/1").display()
        )
    );
    lab.exec("probe/0", "storage-add extra").unwrap();
    lab.until("the charm's own request is met", || {
        lab.events("probe/0")
            .iter()
            .filter(|line| *line == "extra-storage-attached")
            .count()
            == 2
    });
    assert!(
        lab.exec("probe/0", "storage-add extra").is_err(),
        "the charm allows two"
    );
}

#[test]
fn persistent_storage_survives_its_unit_and_is_attached_again_with_its_content() {
    let lab = Lab::start();
    let charm = Charm::recorder("probe", METADATA, RECORD);
    let CharmSource::Path(path) = lab.charm(&charm) else {
        panic!()
    };
    let lasting = StorageDirective {
        pool: Some("lasting".into()),
        size: Some("2G".into()),
        count: None,
    };
    let request = Deploy {
        storage: BTreeMap::from([("data".into(), lasting)]),
        ..deploy_request(&path)
    };
    lab.call::<serde_json::Value>(&Request::Deploy(request));
    lab.settle();
    assert_eq!(lab.status().storage["data/0"].size, 2048);
    lab.exec(
        "probe/0",
        "echo precious > $(storage-get -s data/0 location)/file",
    )
    .unwrap();
    lab.remove_unit("probe/0");
    lab.until_gone("probe/0");
    assert_eq!(lab.status().storage["data/0"].status.current, "detached");
    let request = AddUnits {
        model: MODEL.into(),
        application: "probe".into(),
        count: 1,
        to: Vec::new(),
        attach_storage: vec!["data/0".into()],
    };
    lab.call::<Vec<String>>(&Request::AddUnits(request));
    lab.settle();
    assert_eq!(
        lab.exec("probe/1", "cat $(storage-get -s data/0 location)/file")
            .unwrap(),
        "precious"
    );
    assert_eq!(lab.status().storage.keys().collect::<Vec<_>>(), ["data/0"]);
}

#[test]
fn storage_of_the_machine_dies_with_it() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", METADATA, RECORD), 1);
    let root = lab.machine_of("probe/0").root;
    lab.remove_unit("probe/0");
    lab.until_gone("probe/0");
    assert!(lab.status().storage.is_empty());
    assert!(!root.exists());
}

#[test]
fn detaching_from_a_living_unit_runs_its_hook() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", METADATA, RECORD), 1);
    lab.exec("probe/0", "storage-add extra").unwrap();
    lab.until_event("probe/0", "extra-storage-attached");
    lab.settle();
    let detach = Request::DetachStorage {
        model: MODEL.into(),
        storage: vec!["extra/1".into()],
        force: false,
    };
    lab.call::<()>(&detach);
    lab.until_event("probe/0", "extra-storage-detaching");
    lab.settle();
    assert_eq!(lab.exec("probe/0", "storage-list").unwrap(), "data/0");
}
