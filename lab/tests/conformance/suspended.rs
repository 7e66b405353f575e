//! Relations between models that are suspended and resumed.

use crate::across_models::{OTHER, add_client, both_settle, recorded, related, uuid};
use crate::lab::{Lab, MODEL};
use juju_lab::api::{RelationEnds, Request, SuspendRelations};

/// Suspends or resumes relations of [`MODEL`].
fn set_suspended(lab: &Lab, ids: &[u64], suspended: bool) -> Result<(), String> {
    let request = SuspendRelations {
        model: MODEL.into(),
        ids: ids.to_vec(),
        suspended,
        reason: "maintenance".into(),
    };
    lab.try_call(&Request::SuspendRelations(request))
        .map_err(|failure| failure.message)
}

#[test]
fn a_suspended_relation_breaks_on_both_sides_and_comes_anew_when_it_is_resumed() {
    let (lab, remote) = related();
    let client = lab.exec(
        "client/0",
        "relation-set -r store:0 mine=1; relation-set --app -r store:0 ours=2",
    );
    client.unwrap();
    both_settle(&lab);
    for (model, unit) in [(MODEL, "server/0"), (OTHER, "client/0")] {
        lab.focus(model).forget_events(unit);
    }
    set_suspended(&lab, &[1], true).unwrap();
    lab.until_event("client/0", "store-relation-broken");
    lab.focus(MODEL)
        .until_event("server/0", "db-relation-broken");
    both_settle(&lab);
    let events = |unit: &str| {
        let events = lab.events(unit);
        lab.forget_events(unit);
        events
    };
    assert_eq!(
        events("client/0"),
        ["store-relation-departed sql/0", "store-relation-broken"]
    );
    assert_eq!(
        events("server/0"),
        [
            format!("db-relation-departed {remote}/0"),
            "db-relation-broken".to_owned()
        ]
    );
    assert_eq!(
        recorded(&lab, "remote-client-0")
            .iter()
            .rev()
            .nth(1)
            .unwrap(),
        "store-relation-departed remote=sql departing=sql/0"
    );
    for (model, unit, endpoint, id) in [
        (MODEL, "server/0", "db", 1),
        (OTHER, "client/0", "store", 0),
    ] {
        let ids = format!("relation-ids {endpoint}");
        assert_eq!(lab.focus(model).exec(unit, &ids).unwrap(), "");
        let read = format!("relation-get -r {endpoint}:{id} - {unit}");
        let unknown =
            format!("ERROR invalid value \"{endpoint}:{id}\" for option -r: relation not found");
        assert_eq!(lab.exec(unit, &read).unwrap_err(), unknown);
    }
    let relations = lab.status().relations;
    assert_eq!(
        (relations[0].status.as_str(), relations[0].message.as_str()),
        ("suspended", "maintenance")
    );
    let offer = &lab.focus(MODEL).status().offers[0];
    assert_eq!((offer.active, offer.connected), (0, 1));
    assert_eq!(
        (
            offer.connections[0].status.as_str(),
            offer.connections[0].message.as_str()
        ),
        ("suspended", "maintenance")
    );

    set_suspended(&lab, &[1], false).unwrap();
    lab.until_event("server/0", &format!("db-relation-changed {remote}/0"));
    lab.focus(OTHER)
        .until_event("client/0", "store-relation-changed sql/0");
    both_settle(&lab);
    assert_eq!(
        events("client/0"),
        [
            "store-relation-created",
            "store-relation-joined sql/0",
            "store-relation-changed sql/0"
        ]
    );
    let mut heard = events("server/0");
    assert_eq!(heard.remove(0), "db-relation-created");
    heard.sort();
    assert_eq!(
        heard,
        [
            format!("db-relation-changed app {remote}"),
            format!("db-relation-changed {remote}/0"),
            format!("db-relation-joined {remote}/0")
        ]
    );
    assert_eq!(lab.status().relations[0].status, "joined");
    let read =
        format!("relation-get -r db:1 mine {remote}/0; relation-get -r db:1 --app ours {remote}");
    assert_eq!(
        lab.focus(MODEL).exec("server/0", &read).unwrap(),
        "2",
        "a unit enters with a new bag, its application's is as it was"
    );
}

#[test]
fn a_secret_cannot_be_read_while_the_relation_it_was_granted_to_is_suspended() {
    let (lab, _) = related();
    lab.focus(MODEL);
    let uri = lab.exec("server/0", "secret-add password=one").unwrap();
    lab.exec("server/0", &format!("secret-grant {uri} -r db:1"))
        .unwrap();
    let id = uri.strip_prefix("secret:").unwrap();
    let get = format!("secret-get secret://{}/{id} password", uuid(&lab, MODEL));
    let got = || lab.focus(OTHER).exec("client/0", &get);
    assert_eq!(got().unwrap(), "one");
    set_suspended(&lab, &[1], true).unwrap();
    assert_eq!(got().unwrap_err(), "ERROR permission denied");
    set_suspended(&lab, &[1], false).unwrap();
    assert_eq!(got().unwrap(), "one");
}

#[test]
fn a_suspended_relation_can_be_removed_and_a_new_unit_does_not_enter_it() {
    let (lab, _) = related();
    set_suspended(&lab, &[1], true).unwrap();
    lab.until_event("client/0", "store-relation-broken");
    add_client(&lab);
    lab.until_event("client/1", "start");
    both_settle(&lab);
    assert_eq!(
        lab.exec("client/1", "relation-ids store").unwrap(),
        "",
        "{:?}",
        lab.events("client/1")
    );
    lab.call::<()>(&Request::RemoveRelation(RelationEnds {
        model: OTHER.into(),
        id: Some(0),
        first: None,
        second: None,
        force: false,
    }));
    assert!(lab.status().relations.is_empty());
    assert_eq!(lab.focus(MODEL).status().offers[0].connected, 0);
}

#[test]
fn only_the_model_that_offers_suspends_and_all_or_nothing() {
    let (lab, remote) = related();
    assert_eq!(
        set_suspended(&lab, &[1, 99], true).unwrap_err(),
        "relation 99 not found"
    );
    assert_eq!(
        set_suspended(&lab, &[0], true).unwrap_err(),
        "cannot set suspend status for \"server:all\" which is not associated with an offer"
    );
    let consumer = SuspendRelations {
        model: OTHER.into(),
        ids: vec![0],
        suspended: true,
        reason: String::new(),
    };
    let refused = lab.try_call::<()>(&Request::SuspendRelations(consumer));
    assert_eq!(
        refused.unwrap_err().message,
        "cannot set suspend status for \"client:store sql:db\" which is not associated with an offer"
    );
    lab.focus(MODEL).settle();
    assert_eq!(
        lab.exec("server/0", "relation-list -r db:1").unwrap(),
        format!("{remote}/0")
    );
}
