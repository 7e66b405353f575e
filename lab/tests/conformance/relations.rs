//! Relating applications: endpoints, order of hooks, subordinates.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{CharmSource, Endpoint, Integrate, Integrated, Request, TaskStatus};

fn try_integrate(lab: &Lab, first: &str, second: &str) -> Result<Integrated, String> {
    let request = Integrate {
        model: MODEL.into(),
        first: Endpoint::parse(first),
        second: Endpoint::parse(second),
    };
    lab.try_call(&Request::Integrate(request))
        .map_err(|failure| failure.message)
}

#[test]
fn a_relation_is_created_then_each_unit_joins_and_changes() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("server", "provides: {db: sql}\n", ""), 1);
    lab.deploy(
        &Charm::recorder("client", "requires: {store: sql}\n", ""),
        2,
    );
    lab.forget_events("server/0");
    lab.integrate("server", "client");
    lab.settle();
    let events = lab.events("server/0");
    assert_eq!(events[0], "db-relation-created");
    let mut pairs: Vec<&[String]> = events[1..].chunks(2).collect();
    pairs.sort();
    assert_eq!(
        pairs,
        [
            [
                "db-relation-joined client/0".to_owned(),
                "db-relation-changed client/0".to_owned()
            ],
            [
                "db-relation-joined client/1".to_owned(),
                "db-relation-changed client/1".to_owned()
            ],
        ]
    );
}

#[test]
fn endpoints_are_inferred_and_an_ambiguous_name_is_refused() {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder("server", "provides: {db: sql, admin: sql, cache: kv}\n", ""),
        0,
    );
    lab.deploy(
        &Charm::recorder(
            "client",
            "requires: {store: sql, fast: {interface: kv, limit: 1}}\n",
            "",
        ),
        0,
    );
    lab.deploy_as(
        &Charm::recorder("server", "provides: {cache: kv}\n", ""),
        "other",
        0,
    );
    assert_eq!(
        try_integrate(&lab, "server", "client:store").unwrap_err(),
        "ambiguous relation: \"server client:store\" could refer to \"client:store server:admin\"; \"client:store server:db\""
    );
    let integrated = try_integrate(&lab, "server", "client:fast").unwrap();
    assert_eq!(
        (
            integrated.provider.to_string(),
            integrated.requirer.to_string()
        ),
        ("server:cache".into(), "client:fast".into())
    );
    assert_eq!(
        try_integrate(&lab, "client:fast", "server:cache").unwrap_err(),
        "cannot add relation \"client:fast server:cache\": relation client:fast server:cache already exists"
    );
    assert_eq!(
        try_integrate(&lab, "client:fast", "other").unwrap_err(),
        "cannot add relation \"client:fast other:cache\": establishing a new relation for client:fast would exceed its \
         maximum relation limit of 1"
    );
    assert!(
        try_integrate(&lab, "server", "other")
            .unwrap_err()
            .starts_with("no relations found")
    );
    assert_eq!(
        try_integrate(&lab, "server:nothing", "client").unwrap_err(),
        "application \"server\" has no \"nothing\" relation"
    );
}

#[test]
fn a_subordinate_lives_beside_each_principal_unit_and_sees_only_its_own() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("server", "", "sleep 0.05"), 2);
    lab.deploy(
        &Charm::recorder(
            "watcher",
            "subordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n",
            "echo \"$JUJU_PRINCIPAL_UNIT\" > $shared/principal-of-$(echo $JUJU_UNIT_NAME | tr / -)",
        ),
        1,
    );
    assert!(lab.status().applications["watcher"].units.is_empty());
    lab.integrate("watcher", "server");
    lab.until("both principals have a subordinate", || {
        ["server/0", "server/1"].iter().all(|unit| {
            let unit = lab.unit(unit);
            unit.subordinates.len() == 1
                && unit
                    .subordinates
                    .values()
                    .all(|it| it.agent.current == "idle")
        })
    });
    lab.settle();
    let subordinate = lab
        .unit("server/1")
        .subordinates
        .keys()
        .next()
        .unwrap()
        .clone();
    let principal = std::fs::read_to_string(
        lab.shared(&format!("principal-of-{}", subordinate.replace('/', "-"))),
    )
    .unwrap();
    assert_eq!(principal, "server/1\n");
    assert_eq!(
        lab.exec(&subordinate, "relation-list -r host:0").unwrap(),
        "server/1"
    );
    assert_eq!(
        lab.machine_of(&subordinate).root,
        lab.machine_of("server/1").root
    );
    lab.remove_unit("server/1");
    lab.until_gone("server/1");
    lab.until("the subordinate goes with its principal", || {
        !lab.status().machines.contains_key("1")
    });
    assert_eq!(lab.events(&subordinate).last().unwrap(), "remove");
}

#[test]
fn hooks_of_units_on_one_machine_never_overlap() {
    let lab = Lab::start();
    let script =
        "mkdir $shared/busy || echo overlap >> $shared/overlaps; sleep 0.03; rmdir $shared/busy";
    lab.deploy(&Charm::recorder("first", "", script), 1);
    let charm = Charm::recorder("second", "", script);
    let CharmSource::Path(path) = lab.charm(&charm) else {
        panic!()
    };
    let request = juju_lab::api::Deploy {
        to: vec!["0".into()],
        ..crate::lab::deploy_request(&path)
    };
    lab.set_model("update-status-hook-interval", "20ms");
    lab.call::<serde_json::Value>(&Request::Deploy(request));
    lab.until_event("second/0", "update-status");
    lab.until("the first unit had many hooks", || {
        lab.events("first/0").len() > 20
    });
    assert!(!lab.shared("overlaps").exists());
}

#[test]
fn relation_ids_sort_as_text() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("server", "provides: {db: sql}\n", ""), 1);
    let client = Charm::recorder("client", "requires: {store: sql}\n", "");
    for number in 0..11 {
        let name = format!("client{}", char::from(b'a' + number));
        lab.deploy_unsettled(&client, &name, 0);
        lab.integrate("server", &name);
    }
    lab.settle();
    let ids = lab.exec("server/0", "relation-ids db").unwrap();
    let ids: Vec<&str> = ids.lines().collect();
    assert_eq!((ids.len(), ids[1], ids[2]), (11, "db:1", "db:10"));
}

#[test]
fn a_subordinate_goes_with_its_relation_and_its_principal_stays() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("server", "", ""), 1);
    let watcher = "subordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n";
    lab.deploy(&Charm::recorder("watcher", watcher, ""), 1);
    lab.integrate("watcher", "server");
    let subordinates = || lab.unit("server/0").subordinates;
    lab.until("it is there", || {
        subordinates().values().any(|it| it.agent.current == "idle")
    });
    lab.settle();
    assert_eq!(
        lab.exec("watcher/0", "echo $JUJU_PRINCIPAL_UNIT $JUJU_MACHINE_ID")
            .unwrap(),
        "server/0 0"
    );
    lab.call::<()>(&Request::RemoveRelation(juju_lab::api::RelationEnds {
        model: MODEL.into(),
        id: None,
        first: Some(Endpoint::parse("watcher")),
        second: Some(Endpoint::parse("server")),
        force: false,
    }));
    lab.until("it is gone", || subordinates().is_empty());
    let events = lab.events("watcher/0");
    assert_eq!(events[events.len() - 2..], ["stop", "remove"]);
    assert!(events.contains(&"host-relation-broken".to_owned()));
    lab.settle();
    assert_eq!(lab.unit("server/0").life, "alive");
    lab.integrate("watcher", "server");
    lab.until("the next one has the next number", || {
        subordinates().contains_key("watcher/1")
    });
}

#[test]
fn a_charm_that_assumes_what_is_not_there_is_deployed_by_force_only() {
    let lab = Lab::start();
    let charm = Charm::recorder(
        "picky",
        "assumes: [juju >= 3.4, {any-of: [juju >= 9.0, k8s-api]}]\n",
        "",
    );
    let CharmSource::Path(path) = lab.charm(&charm) else {
        panic!()
    };
    let refused = lab
        .try_call::<serde_json::Value>(&Request::Deploy(crate::lab::deploy_request(&path)))
        .unwrap_err();
    assert!(
        refused
            .message
            .contains("charm feature requirements not met: "),
        "{refused}"
    );
    assert!(lab.status().applications.is_empty());
    let forced = juju_lab::api::Deploy {
        force: true,
        ..crate::lab::deploy_request(&path)
    };
    lab.call::<serde_json::Value>(&Request::Deploy(forced));
    lab.settle();
    assert!(lab.status().applications.contains_key("picky"));
}

#[test]
fn only_parallel_actions_do_not_wait_for_the_other_units_of_their_machine() {
    let lab = Lab::start();
    let script = "if [ $name = hold ]; then touch $shared/held; \
                  while [ -e $shared/held ]; do sleep 0.02; done; fi; true";
    let actions = "hold: {description: d}\nplain: {description: d}\n\
                   grouped: {description: d, execution-group: other}\n\
                   parallel: {description: d, parallel: true}\n";
    let charm = Charm::recorder("probe", "", script).file("actions.yaml", actions);
    lab.deploy(&charm, 1);
    let CharmSource::Path(path) = lab.charm(&charm) else {
        panic!()
    };
    let beside = juju_lab::api::Deploy {
        application: Some("beside".into()),
        num_units: 2,
        to: vec!["0".into(), "0".into()],
        ..crate::lab::deploy_request(&path)
    };
    lab.call::<serde_json::Value>(&Request::Deploy(beside));
    lab.settle();

    let none = serde_json::json!({});
    let hold = lab.enqueue("probe/0", "hold", &none).tasks[0]
        .id
        .clone()
        .unwrap();
    lab.until("the action runs", || lab.shared("held").exists());
    let plain = lab.enqueue("beside/1", "plain", &none).tasks[0]
        .id
        .clone()
        .unwrap();
    let parallel = lab.run("beside/0", "parallel", &none);
    let grouped = lab.run("beside/0", "grouped", &none);
    assert_eq!(parallel.status, TaskStatus::Completed);
    assert_eq!(grouped.status, TaskStatus::Completed);
    assert_eq!(lab.task(&plain).status, TaskStatus::Pending);
    std::fs::remove_file(lab.shared("held")).unwrap();
    assert_eq!(lab.finished(&hold).status, TaskStatus::Completed);
    assert_eq!(lab.finished(&plain).status, TaskStatus::Completed);
}
