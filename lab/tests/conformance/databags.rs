//! Who may write and read which bag, and who hears of it.

use crate::lab::{Charm, Lab};

fn cluster() -> Lab {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", ""),
        2,
    );
    lab
}

fn pair() -> Lab {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("server", "provides: {db: sql}\n", ""), 2);
    lab.deploy(
        &Charm::recorder("client", "requires: {store: sql}\n", ""),
        1,
    );
    let id = lab.integrate("client", "server");
    assert_eq!(id, 0);
    lab.settle();
    for unit in ["server/0", "server/1", "client/0"] {
        lab.forget_events(unit);
    }
    lab
}

#[test]
fn a_unit_enters_with_its_addresses_in_its_bag() {
    let lab = pair();
    let address = lab.machine_of("client/0").address;
    assert_eq!(
        lab.exec("server/0", "relation-get -r db:0 - client/0 --format json")
            .unwrap(),
        format!(
            r#"{{"egress-subnets":"{address}/32","ingress-address":"{address}","private-address":"{address}"}}"#
        )
    );
}

#[test]
fn a_units_write_is_one_change_for_every_remote_unit_and_none_for_the_writer() {
    let lab = pair();
    lab.exec(
        "client/0",
        "relation-set -r store:0 a=1; relation-set -r store:0 b=2",
    )
    .unwrap();
    for unit in ["server/0", "server/1"] {
        lab.until_event(unit, "db-relation-changed client/0");
    }
    lab.settle();
    assert_eq!(lab.events("server/0"), ["db-relation-changed client/0"]);
    assert_eq!(lab.events("client/0"), Vec::<String>::new());
}

#[test]
fn writing_the_same_again_is_no_news_and_an_empty_value_deletes() {
    let lab = pair();
    lab.exec("client/0", "relation-set -r store:0 a=1").unwrap();
    lab.settle();
    lab.forget_events("server/0");
    lab.exec("client/0", "relation-set -r store:0 a=1").unwrap();
    lab.settle();
    assert_eq!(lab.events("server/0"), Vec::<String>::new());
    lab.exec("client/0", "relation-set -r store:0 a=").unwrap();
    lab.until_event("server/0", "db-relation-changed client/0");
    assert_eq!(
        lab.exec("server/0", "relation-get -r db:0 a client/0 --format json")
            .unwrap(),
        "null"
    );
}

#[test]
fn an_applications_news_come_without_a_remote_unit() {
    let lab = pair();
    let leader = lab.leader("server");
    lab.exec(&leader, "relation-set -r db:0 --app endpoint=here")
        .unwrap();
    lab.until_event("client/0", "store-relation-changed app server");
    assert_eq!(
        lab.exec("client/0", "relation-get -r store:0 --app endpoint server")
            .unwrap(),
        "here"
    );
    lab.settle();
    assert_eq!(
        lab.events("client/0"),
        ["store-relation-changed app server"]
    );
    assert_eq!(
        (lab.events("server/0"), lab.events("server/1")),
        (Vec::new(), Vec::new())
    );
}

#[test]
fn only_the_leader_writes_or_reads_its_own_applications_bag() {
    let lab = pair();
    let (leader, follower) = (lab.leader("server"), lab.follower("server"));
    assert_eq!(
        lab.exec(&follower, "relation-set -r db:0 --app a=1")
            .unwrap_err(),
        "ERROR cannot write relation settings"
    );
    lab.exec(
        &leader,
        "relation-set -r db:0 --app a=1; relation-get -r db:0 --app a server",
    )
    .unwrap();
    assert_eq!(
        lab.exec(&follower, "relation-get -r db:0 --app - server")
            .unwrap_err(),
        "ERROR permission denied"
    );
}

#[test]
fn in_a_peer_relation_every_unit_reads_the_applications_bag_and_the_writer_hears_nothing() {
    let lab = cluster();
    let (leader, follower) = (lab.leader("probe"), lab.follower("probe"));
    lab.forget_events(&leader);
    lab.exec(&leader, "relation-set -r cluster:0 --app a=1")
        .unwrap();
    lab.until_event(&follower, "cluster-relation-changed app probe");
    assert_eq!(
        lab.exec(&follower, "relation-get -r cluster:0 --app a probe")
            .unwrap(),
        "1"
    );
    lab.settle();
    assert_eq!(lab.events(&leader), Vec::<String>::new());
}

#[test]
fn a_remote_units_bag_stays_as_it_was_until_that_units_own_hook_runs() {
    let lab = Lab::start();
    let script = "if [ $name = store-relation-changed ] && [ -e $shared/hold ] && [ \"$JUJU_REMOTE_UNIT\" = server/0 ]; then \
                  relation-get -r store:0 a server/1 > $shared/before; touch $shared/held; \
                  while [ -e $shared/hold ]; do sleep 0.02; done; \
                  relation-get -r store:0 a server/1 > $shared/after; fi; true";
    lab.deploy(&Charm::recorder("server", "provides: {db: sql}\n", ""), 2);
    lab.deploy(
        &Charm::recorder("client", "requires: {store: sql}\n", script),
        1,
    );
    lab.integrate("client", "server");
    lab.settle();
    lab.exec("server/1", "relation-set -r db:0 a=old").unwrap();
    lab.settle();
    std::fs::write(lab.shared("hold"), "").unwrap();
    lab.exec("server/0", "relation-set -r db:0 wake=up")
        .unwrap();
    lab.until("the client's hook runs", || lab.shared("held").exists());
    lab.exec("server/1", "relation-set -r db:0 a=new").unwrap();
    std::fs::remove_file(lab.shared("hold")).unwrap();
    lab.until_event("client/0", "store-relation-changed server/1");
    lab.settle();
    let read = |file: &str| std::fs::read_to_string(lab.shared(file)).unwrap();
    assert_eq!(
        (read("before").as_str(), read("after").as_str()),
        ("old\n", "old\n")
    );
    assert_eq!(
        lab.exec("client/0", "relation-get -r store:0 a server/1")
            .unwrap(),
        "new"
    );
}

#[test]
fn a_departed_units_settings_stay_readable_and_it_is_no_longer_listed() {
    let lab = cluster();
    lab.exec("probe/1", "relation-set -r cluster:0 a=1")
        .unwrap();
    lab.settle();
    assert_eq!(
        lab.exec("probe/0", "relation-list -r cluster:0").unwrap(),
        "probe/1"
    );
    lab.remove_unit("probe/1");
    lab.until_gone("probe/1");
    lab.settle();
    assert_eq!(
        lab.exec("probe/0", "relation-list -r cluster:0 --format json")
            .unwrap(),
        "[]"
    );
    assert_eq!(
        lab.exec("probe/0", "relation-get -r cluster:0 a probe/1")
            .unwrap(),
        "1"
    );
}

#[test]
fn values_from_a_file_are_overridden_by_arguments() {
    let lab = cluster();
    lab.exec(
        "probe/0",
        "echo '{a: file, n: 5, b: file}' | relation-set -r cluster:0 --file - b=arg",
    )
    .unwrap();
    assert_eq!(
        lab.exec(
            "probe/0",
            "for key in a b n; do relation-get -r cluster:0 $key probe/0; done"
        )
        .unwrap(),
        "file\narg\n5"
    );
}

#[test]
fn an_applications_bag_is_read_once_in_a_hook() {
    let lab = Lab::start();
    let script = "if [ $name = store-relation-changed ] && [ -e $shared/hold ]; then \
                  relation-get -r store:0 --app a server > $shared/before; touch $shared/held; \
                  while [ -e $shared/hold ]; do sleep 0.02; done; \
                  relation-get -r store:0 --app a server > $shared/after; fi; true";
    lab.deploy(&Charm::recorder("server", "provides: {db: sql}\n", ""), 1);
    lab.deploy(
        &Charm::recorder("client", "requires: {store: sql}\n", script),
        1,
    );
    lab.integrate("client", "server");
    lab.settle();
    lab.exec("server/0", "relation-set -r db:0 --app a=old")
        .unwrap();
    lab.settle();
    std::fs::write(lab.shared("hold"), "").unwrap();
    lab.exec("server/0", "relation-set -r db:0 wake=up")
        .unwrap();
    lab.until("the client's hook runs", || lab.shared("held").exists());
    lab.exec("server/0", "relation-set -r db:0 --app a=new")
        .unwrap();
    lab.forget_events("client/0");
    std::fs::remove_file(lab.shared("hold")).unwrap();
    lab.until_event("client/0", "store-relation-changed app server");
    lab.settle();
    let read = |file: &str| std::fs::read_to_string(lab.shared(file)).unwrap();
    assert_eq!(
        (read("before").as_str(), read("after").as_str()),
        ("old\n", "old\n")
    );
}
