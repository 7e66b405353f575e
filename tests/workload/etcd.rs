//! etcd: members, health, authentication and keys.

use postgresql_charm::adapters::Unanswered;
use postgresql_charm::adapters::etcd::{Etcd, EtcdError, Login, PatroniAccess};

use crate::machine::{Machine, Running, address, eventually, need, soon};

/// One member of etcd.
pub(crate) fn start(machine: &Machine) -> Running {
    need("etcd", "etcd-server");
    let data = machine.path("etcd");
    let url = |port: u16| format!("http://{}:{port}", machine.address);
    let (client, peer) = (url(2379), url(2380));
    let cluster = format!("first={peer}");
    let args = [
        "--name=first",
        &format!("--data-dir={}", data.display()),
        &format!("--listen-client-urls={client}"),
        &format!("--advertise-client-urls={client}"),
        &format!("--listen-peer-urls={peer}"),
        &format!("--initial-advertise-peer-urls={peer}"),
        &format!("--initial-cluster={cluster}"),
    ];
    let running = machine.start("etcd", "etcd".as_ref(), &args);
    let etcd = anybody(machine);
    eventually("etcd has a leader", || {
        etcd.health(soon()).ok().and_then(|health| health.leader)
    });
    running
}

pub(crate) fn anybody(machine: &Machine) -> Etcd {
    Etcd::at(&machine.address, 2379, None)
}

pub(crate) fn login(user: &str, password: &str) -> Login {
    Login {
        user: user.to_owned(),
        password: password.into(),
    }
}

pub(crate) fn access(password: &str) -> PatroniAccess {
    PatroniAccess {
        login: login("patroni", password),
        prefix: "/service/pg/".to_owned(),
    }
}

#[test]
fn keys_come_and_go() {
    let machine = Machine::new();
    let _running = start(&machine);
    let etcd = anybody(&machine);
    assert_eq!(etcd.get("/service/pg/leader", soon()).unwrap(), None);
    for key in [
        "/service/pg/leader",
        "/service/pg/members/a",
        "/service/pg/members/b",
        "/service/pg2/x",
    ] {
        etcd.put(key, b"value", soon()).unwrap();
    }
    assert_eq!(
        etcd.get("/service/pg/leader", soon()).unwrap().unwrap(),
        b"value"
    );
    let members = etcd.get_prefix("/service/pg/members/", soon()).unwrap();
    let names: Vec<_> = members.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(names, ["/service/pg/members/a", "/service/pg/members/b"]);
    assert!(etcd.delete("/service/pg/leader", soon()).unwrap());
    assert!(!etcd.delete("/service/pg/leader", soon()).unwrap());
    assert_eq!(etcd.delete_prefix("/service/pg/", soon()).unwrap(), 2);
    assert_eq!(
        etcd.get_prefix("/", soon()).unwrap().len(),
        1,
        "another cluster's keys stay"
    );
}

#[test]
fn a_lock_is_held_by_one_owner_who_finds_it_again_and_passes_on_when_it_is_released_or_over() {
    let machine = Machine::new();
    let _running = start(&machine);
    let etcd = anybody(&machine);
    let take = |owner: &str, seconds| etcd.lock("/lock", owner, seconds, soon()).unwrap();

    let first = take("a", 60).expect("nobody has it");
    assert!(take("b", 60).is_none());
    let again = take("a", 60).expect("its owner died and is back");
    etcd.renew(&first, soon()).unwrap();
    etcd.unlock(&again, soon()).unwrap();
    assert_eq!(etcd.get("/lock", soon()).unwrap(), None);

    let brief = take("b", 1).expect("it was released");
    assert!(take("a", 60).is_none());
    let taken = eventually("the time of the lock is over", || take("a", 60));
    assert!(take("b", 60).is_none());
    assert!(etcd.unlock(&brief, soon()).is_err(), "it is over");
    assert!(take("b", 60).is_none(), "another's lock stays");
    etcd.unlock(&taken, soon()).unwrap();
}

#[test]
fn authentication_is_set_up_once_and_again_and_keeps_patroni_to_its_own_keys() {
    let machine = Machine::new();
    let _running = start(&machine);
    let etcd = anybody(&machine);
    assert!(!etcd.authentication_enabled(soon()).unwrap());
    let root = login("root", "root password");
    // What a hook left behind that was killed on its way.
    etcd.put("/service/pg/config", b"{}", soon()).unwrap();
    etcd.set_up_authentication(&root, &access("one"), soon())
        .unwrap();
    assert!(etcd.authentication_enabled(soon()).unwrap());
    etcd.set_up_authentication(&root, &access("one"), soon())
        .unwrap();

    let error = etcd.get("/service/pg/config", soon()).unwrap_err();
    assert!(matches!(error, EtcdError::NotAuthorized { .. }), "{error}");
    let patroni = Etcd::at(&machine.address, 2379, Some(login("patroni", "one")));
    assert_eq!(
        patroni.get("/service/pg/config", soon()).unwrap().unwrap(),
        b"{}"
    );
    patroni.put("/service/pg/leader", b"a", soon()).unwrap();
    for key in ["/service/pg", "/service/pg0", "/service/other/leader", "/"] {
        let error = patroni.put(key, b"a", soon()).unwrap_err();
        assert!(
            matches!(error, EtcdError::NotAuthorized { .. }),
            "{key}: {error}"
        );
    }
    let error = patroni
        .change_password(&login("root", "mine"), soon())
        .unwrap_err();
    assert!(matches!(error, EtcdError::NotAuthorized { .. }), "{error}");

    etcd.set_up_authentication(&root, &access("two"), soon())
        .unwrap();
    etcd.authenticate(&login("patroni", "two"), soon()).unwrap();
    let error = etcd
        .authenticate(&login("patroni", "one"), soon())
        .unwrap_err();
    assert!(matches!(error, EtcdError::NotAuthorized { .. }), "{error}");
    let wrong = login("root", "wrong");
    let error = etcd
        .set_up_authentication(&wrong, &access("two"), soon())
        .unwrap_err();
    assert!(matches!(error, EtcdError::NotAuthorized { .. }), "{error}");

    let moved = PatroniAccess {
        prefix: "/service/new/".to_owned(),
        ..access("two")
    };
    etcd.set_up_authentication(&root, &moved, soon()).unwrap();
    let patroni = Etcd::at(&machine.address, 2379, Some(login("patroni", "two")));
    patroni.put("/service/new/leader", b"a", soon()).unwrap();
    assert!(
        patroni.put("/service/pg/leader", b"a", soon()).is_err(),
        "the old keys are closed"
    );

    let root = Etcd::at(&machine.address, 2379, Some(root));
    root.change_password(&login("root", "another"), soon())
        .unwrap();
    etcd.authenticate(&login("root", "another"), soon())
        .unwrap();
}

#[test]
fn members_are_listed_added_and_removed() {
    let machine = Machine::new();
    let running = start(&machine);
    let etcd = anybody(&machine);
    let members = etcd.member_list(soon()).unwrap();
    assert_eq!(members.len(), 1);
    let first = &members[0];
    assert_eq!((first.name.as_str(), first.is_learner), ("first", false));
    assert_eq!(
        first.client_urls,
        [format!("http://{}:2379", machine.address)]
    );
    let health = etcd.health(soon()).unwrap();
    assert_eq!((health.member, health.leader), (first.id, Some(first.id)));
    assert!(health.version.starts_with("3.") && health.store_bytes > 0);
    assert!(health.errors.is_empty());

    let added = etcd
        .member_add(&format!("http://{}:2380", address()), soon())
        .unwrap();
    assert_eq!((added.name.as_str(), added.client_urls.len()), ("", 0));
    assert_eq!(etcd.member_list(soon()).unwrap().len(), 2);
    // Two are members and one runs: there is no quorum, and nothing is known any more.
    let error = etcd.get("a", soon()).unwrap_err();
    assert!(matches!(error, EtcdError::NoLeader { .. }), "{error}");
    assert!(error.is_unreachable());
    assert_eq!(etcd.health(soon()).unwrap().leader, None);

    drop(running);
    let error = etcd.get("a", soon()).unwrap_err();
    let refused = |error: &EtcdError| {
        matches!(
            error,
            EtcdError::Unanswered {
                why: Unanswered::Refused { .. },
                ..
            }
        )
    };
    assert!(refused(&error), "{error}");
}

#[test]
fn removing_a_member_that_is_none_is_no_error() {
    let machine = Machine::new();
    let _running = start(&machine);
    let etcd = anybody(&machine);
    let stranger = postgresql_charm::adapters::etcd::MemberId(7);
    assert!(!etcd.member_remove(stranger, soon()).unwrap());
}
