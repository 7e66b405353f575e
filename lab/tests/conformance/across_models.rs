//! Relations between models: what each side sees of the other.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{
    AddUnits, Consume, Endpoint, Failure, Integrate, Integrated, ModelInfo, Offer, RelationEnds,
    RemoveApplications, Request,
};
use std::collections::BTreeMap;

/// The model that consumes what [`MODEL`] offers.
pub(super) const OTHER: &str = "other";

const RECORD: &str = "case $name in \
     *-relation-*) echo \"$name remote=$JUJU_REMOTE_APP departing=${JUJU_DEPARTING_UNIT-}\" \
     >> $shared/remote-$(echo $JUJU_UNIT_NAME | tr / -);; \
     secret-*) echo \"$name $JUJU_SECRET_ID\" >> $shared/secrets-$(echo $JUJU_UNIT_NAME | tr / -);; esac";

/// A server offered as `sql` in [`MODEL`], a client in [`OTHER`], which is in focus.
fn models() -> Lab {
    let lab = Lab::start();
    let server = Charm::recorder(
        "server",
        "provides: {db: sql}\npeers: {all: servers}\n",
        RECORD,
    );
    lab.deploy(&server, 1);
    offer(&lab).unwrap();
    lab.add_model(OTHER);
    lab.focus(OTHER);
    lab.deploy(
        &Charm::recorder("client", "requires: {store: sql, spare: sql}\n", RECORD),
        1,
    );
    lab
}

fn offer(lab: &Lab) -> Result<(), Failure> {
    lab.try_call(&Request::CreateOffer(Offer {
        model: MODEL.into(),
        name: "sql".into(),
        application: "server".into(),
        endpoints: vec!["db".into()],
        ..Offer::default()
    }))
}

fn try_integrate(lab: &Lab, first: &str, second: &str) -> Result<Integrated, String> {
    let request = Integrate {
        model: lab.model(),
        first: Endpoint::parse(first),
        second: Endpoint::parse(second),
    };
    lab.try_call(&Request::Integrate(request))
        .map_err(|failure| failure.message)
}

fn consume(lab: &Lab, url: &str, alias: Option<&str>) -> Result<String, String> {
    let request = Consume {
        model: lab.model(),
        url: url.into(),
        alias: alias.map(str::to_owned),
    };
    lab.try_call(&Request::Consume(request))
        .map_err(|failure| failure.message)
}

pub(super) fn both_settle(lab: &Lab) {
    lab.focus(MODEL).settle();
    lab.focus(OTHER).settle();
    lab.focus(MODEL).settle();
    lab.focus(OTHER);
}

/// [`models`] with the client's `store` related to the offer, and the client's name in the offering model.
pub(super) fn related() -> (Lab, String) {
    let lab = models();
    try_integrate(&lab, "client:store", "admin/dev.sql").unwrap();
    both_settle(&lab);
    lab.focus(MODEL);
    let remote = lab.exec("server/0", "relation-list --app -r db:1").unwrap();
    lab.focus(OTHER);
    (lab, remote)
}

pub(super) fn add_client(lab: &Lab) {
    lab.call::<Vec<String>>(&Request::AddUnits(AddUnits {
        model: OTHER.into(),
        application: "client".into(),
        count: 1,
        to: Vec::new(),
        attach_storage: Vec::new(),
    }));
}

pub(super) fn recorded(lab: &Lab, file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(lab.shared(file)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

pub(super) fn uuid(lab: &Lab, model: &str) -> String {
    let info: ModelInfo = lab.call(&Request::ShowModel {
        model: model.into(),
    });
    info.uuid
}

#[test]
fn the_consumer_sees_the_offers_name_and_the_offerer_an_invented_one() {
    let (lab, remote) = related();
    let hex = remote.strip_prefix("remote-").unwrap();
    assert!(
        hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{remote}"
    );
    assert_eq!(
        lab.exec(
            "client/0",
            "relation-list -r store:0; relation-list --app -r store:0"
        )
        .unwrap(),
        "sql/0\nsql"
    );
    let events = |unit: &str| -> Vec<String> {
        let all = lab.events(unit).into_iter();
        all.filter(|it| it.contains("store-") || it.contains("db-"))
            .collect()
    };
    assert_eq!(
        events("client/0"),
        [
            "store-relation-created",
            "store-relation-joined sql/0",
            "store-relation-changed sql/0"
        ]
    );
    assert_eq!(
        events("server/0"),
        [
            "db-relation-created".to_owned(),
            format!("db-relation-joined {remote}/0"),
            format!("db-relation-changed {remote}/0")
        ]
    );
    let first = |file: &str| {
        let lines = recorded(&lab, file);
        lines.into_iter().find(|it| {
            it.starts_with("db-relation-created") || it.starts_with("store-relation-created")
        })
    };
    assert_eq!(
        first("remote-client-0").unwrap(),
        "store-relation-created remote=sql departing="
    );
    assert_eq!(
        first("remote-server-0").unwrap(),
        format!("db-relation-created remote={remote} departing=")
    );
    assert_eq!(
        lab.exec("client/0", "relation-model-get -r store:0")
            .unwrap(),
        format!("uuid: {}", uuid(&lab, MODEL))
    );
}

#[test]
fn bags_reach_the_other_model_as_changes() {
    let (lab, remote) = related();
    lab.forget_events("client/0");
    lab.focus(MODEL);
    lab.exec(
        "server/0",
        "relation-set -r db:1 mine=1; relation-set --app -r db:1 ours=2",
    )
    .unwrap();
    lab.focus(OTHER).settle();
    let mut events = lab.events("client/0");
    events.sort();
    assert_eq!(
        events,
        [
            "store-relation-changed app sql",
            "store-relation-changed sql/0"
        ]
    );
    let get = "relation-get -r store:0 mine sql/0; relation-get -r store:0 --app ours sql; \
               relation-get -r store:0 ingress-address sql/0";
    let server = lab
        .focus(MODEL)
        .exec("server/0", "unit-get private-address");
    assert_eq!(
        lab.focus(OTHER).exec("client/0", get).unwrap(),
        format!("1\n2\n{}", server.unwrap())
    );
    lab.exec("client/0", "relation-set --app -r store:0 database=orders")
        .unwrap();
    lab.focus(MODEL).settle();
    assert_eq!(
        lab.exec(
            "server/0",
            &format!("relation-get -r db:1 --app database {remote}")
        )
        .unwrap(),
        "orders"
    );
    assert_eq!(
        lab.exec("server/0", "relation-get -r db:1 --app ours server")
            .unwrap(),
        "2"
    );
}

#[test]
fn units_that_come_and_go_are_told_to_the_other_model() {
    let (lab, remote) = related();
    add_client(&lab);
    lab.until_event("server/0", &format!("db-relation-changed {remote}/1"));
    lab.settle();
    lab.remove_unit("client/1");
    lab.until_gone("client/1");
    lab.until_event("server/0", &format!("db-relation-departed {remote}/1"));
    assert_eq!(
        recorded(&lab, "remote-server-0").pop().unwrap(),
        format!("db-relation-departed remote={remote} departing={remote}/1")
    );
    assert_eq!(
        recorded(&lab, "remote-client-1").pop().unwrap(),
        "store-relation-broken remote=sql departing="
    );
}

#[test]
fn a_removed_relation_breaks_on_both_sides_and_is_gone() {
    let (lab, remote) = related();
    lab.call::<()>(&Request::RemoveRelation(RelationEnds {
        model: OTHER.into(),
        id: None,
        first: Some(Endpoint::parse("client")),
        second: Some(Endpoint::parse("sql")),
        force: false,
    }));
    lab.until_event("server/0", "db-relation-broken");
    lab.until_event("client/0", "store-relation-broken");
    lab.until("both copies are gone", || {
        let gone = |model, unit, endpoint| {
            let ids = lab
                .focus(model)
                .exec(unit, &format!("relation-ids {endpoint}"));
            ids.unwrap().is_empty()
        };
        gone(MODEL, "server/0", "db") && gone(OTHER, "client/0", "store")
    });
    let tail = |unit: &str| {
        let lines = recorded(&lab, unit);
        lines[lines.len() - 2..].to_vec()
    };
    assert_eq!(
        tail("remote-server-0"),
        [
            format!("db-relation-departed remote={remote} departing={remote}/0"),
            format!("db-relation-broken remote={remote} departing=")
        ]
    );
    assert_eq!(
        tail("remote-client-0"),
        [
            "store-relation-departed remote=sql departing=sql/0",
            "store-relation-broken remote=sql departing="
        ]
    );
    assert!(lab.status().remote_applications["sql"].relations.is_empty());
    try_integrate(&lab, "client:store", "sql").unwrap();
    lab.focus(MODEL).until("they are related anew", || {
        lab.exec("server/0", "relation-ids db").unwrap() == "db:2"
    });
}

#[test]
fn a_secret_is_granted_across_models_and_read_by_its_full_uri() {
    let (lab, _) = related();
    lab.focus(MODEL);
    let uri = lab.exec("server/0", "secret-add password=one").unwrap();
    let id = uri.strip_prefix("secret:").unwrap().to_owned();
    let full = format!("secret://{}/{id}", uuid(&lab, MODEL));
    let get = |flags: &str| {
        lab.focus(OTHER);
        let got = lab.exec("client/0", &format!("secret-get {flags} password"));
        lab.focus(MODEL);
        got
    };
    assert_eq!(get(&full).unwrap_err(), "ERROR permission denied");
    lab.exec("server/0", &format!("secret-grant {uri} -r db:1"))
        .unwrap();
    assert_eq!(
        get(&uri).unwrap_err(),
        format!("ERROR secret \"{id}\" not found"),
        "a bare id names a secret of the reader's own model"
    );
    assert_eq!(get(&format!("{full} --label login")).unwrap(), "one");
    lab.exec("server/0", &format!("secret-set {uri} password=two"))
        .unwrap();
    lab.until("the client is told", || {
        recorded(&lab, "secrets-client-0") == [format!("secret-changed {full}")]
    });
    assert_eq!(get(&full).unwrap(), "one");
    assert_eq!(get(&format!("{full} --peek")).unwrap(), "two");
    assert_eq!(get("--label login --refresh").unwrap(), "two");
    lab.until("the owner is told that revision 1 is obsolete", || {
        recorded(&lab, "secrets-server-0") == [format!("secret-remove {uri}")]
    });
    lab.exec("server/0", &format!("secret-revoke {uri} -r db:1"))
        .unwrap();
    assert_eq!(get(&full).unwrap_err(), "ERROR permission denied");
}

#[test]
fn both_copies_survive_a_crash_of_the_controller() {
    let (lab, remote) = related();
    lab.crash_and_restart();
    lab.focus(MODEL);
    lab.exec("server/0", "relation-set -r db:1 after=crash")
        .unwrap();
    lab.focus(OTHER);
    lab.until("the change arrives", || {
        lab.exec("client/0", "relation-get -r store:0 after sql/0")
            .unwrap()
            == "crash"
    });
    lab.focus(MODEL);
    assert_eq!(
        lab.exec("server/0", "relation-list -r db:1").unwrap(),
        format!("{remote}/0")
    );
}

#[test]
fn status_counts_the_connections_of_an_offer_and_shows_what_is_consumed() {
    let (lab, _) = related();
    let status = lab.status();
    let saas = &status.remote_applications["sql"];
    assert_eq!(
        (saas.url.as_str(), saas.life.as_str()),
        ("admin/dev.sql", "alive")
    );
    assert_eq!(saas.status.current, "unknown", "that of the server");
    assert_eq!(saas.relations["db"][0].application, "client");
    let related: BTreeMap<_, _> = status.applications["client"]
        .relations
        .iter()
        .map(|(endpoint, related)| (endpoint.as_str(), related[0].application.as_str()))
        .collect();
    assert_eq!(related, BTreeMap::from([("store", "sql")]));
    let offering = lab.focus(MODEL).status();
    assert_eq!(
        (offering.offers[0].active, offering.offers[0].connected),
        (1, 1)
    );
    assert_eq!(
        offering.offers[0].connections[0].source_model,
        uuid(&lab, OTHER)
    );
    assert_eq!(
        offering.applications["server"]
            .relations
            .keys()
            .collect::<Vec<_>>(),
        ["all"],
        "who uses an offer is counted there"
    );
}

#[test]
fn two_relations_of_one_application_have_one_name_on_the_other_side() {
    let (lab, remote) = related();
    consume(&lab, "dev.sql", Some("second")).unwrap();
    try_integrate(&lab, "client:spare", "second:db").unwrap();
    both_settle(&lab);
    lab.focus(MODEL);
    assert_eq!(
        lab.exec("server/0", "relation-list --app -r db:2").unwrap(),
        remote
    );
    let offers: Vec<Offer> = lab.call(&Request::Offers {
        model: MODEL.into(),
    });
    assert_eq!(offers[0].connected, 2);
}

#[test]
fn an_offer_in_use_stays_unless_forced() {
    let (lab, _) = related();
    let remove = |force: bool| {
        let request = Request::RemoveOffer {
            model: MODEL.into(),
            name: "sql".into(),
            force,
        };
        lab.try_call::<()>(&request).map_err(|it| it.message)
    };
    assert_eq!(
        remove(false).unwrap_err(),
        "cannot delete application offer \"sql\": offer has 1 relation"
    );
    let removal = |force| RemoveApplications {
        model: MODEL.into(),
        applications: vec!["server".into()],
        destroy_storage: false,
        force,
        dry_run: false,
    };
    let refused = lab
        .try_call::<serde_json::Value>(&Request::RemoveApplications(removal(false)))
        .unwrap_err();
    assert!(
        refused
            .message
            .starts_with("cannot destroy application \"server\": application is used by 1 offer\n"),
        "{refused}"
    );
    remove(true).unwrap();
    lab.until_event("client/0", "store-relation-broken");
    lab.until("the client knows that the offer is gone", || {
        lab.status().remote_applications["sql"].status.current == "terminated"
    });
    lab.call::<()>(&Request::RemoveSaas {
        model: OTHER.into(),
        names: vec!["sql".into()],
    });
    lab.until("the consumed offer is forgotten", || {
        lab.status().remote_applications.is_empty()
    });
}

#[test]
fn the_relation_ends_when_a_model_is_destroyed() {
    let (lab, _) = related();
    lab.call::<()>(&Request::DestroyModel(juju_lab::api::DestroyModel {
        model: OTHER.into(),
        destroy_storage: true,
        force: true,
    }));
    lab.until_event("server/0", "db-relation-broken");
    lab.focus(MODEL);
    lab.until("nobody uses the offer", || {
        lab.status().offers[0].connected == 0
    });
}

#[test]
fn what_cannot_be_consumed_or_offered_is_refused() {
    let lab = models();
    let refused = |url: &str, alias| consume(&lab, url, alias).unwrap_err();
    assert_eq!(
        refused("admin/dev.nothing", None),
        "application offer \"admin/dev.nothing\" not found"
    );
    assert_eq!(
        refused("nowhere.sql", None),
        "application offer \"admin/nowhere.sql\" not found"
    );
    assert!(refused("sql", None).starts_with("offer URL \"sql\" not valid\n"));
    assert_eq!(
        refused("dev.sql", Some("client")),
        "cannot add saas application \"client\": local application with same name already exists"
    );
    assert_eq!(consume(&lab, "lab:admin/dev.sql", None).unwrap(), "sql");
    assert_eq!(
        consume(&lab, "dev.sql", None).unwrap(),
        "sql",
        "again is no change"
    );
    assert_eq!(
        try_integrate(&lab, "client:store", "sql:nothing").unwrap_err(),
        "saas application \"sql\" has no \"nothing\" relation"
    );
    assert!(
        try_integrate(&lab, "client", "dev.sql")
            .unwrap_err()
            .starts_with("ambiguous relation")
    );
    lab.focus(MODEL);
    assert!(
        refused("dev.sql", None)
            .starts_with("cannot consume \"admin/dev.sql\" in the model that offers it\n")
    );
    let peers = Offer {
        model: MODEL.into(),
        name: "peers".into(),
        application: "server".into(),
        endpoints: vec!["all".into()],
        ..Offer::default()
    };
    let refused = lab
        .try_call::<()>(&Request::CreateOffer(peers))
        .unwrap_err();
    assert_eq!(
        refused.message,
        "cannot offer \"server:all\": a peer relation stays within its application"
    );
}
