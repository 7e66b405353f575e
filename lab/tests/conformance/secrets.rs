//! Secrets of charms.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{Endpoint, Fault, RelationEnds, Request, SecretClock, SecretView, ShowSecret};

/// A server and a client in relation 0, and a secret of the server with the label `login`.
fn pair() -> (Lab, String) {
    let lab = Lab::start();
    let record = "case $name in secret-*) echo \"$JUJU_SECRET_LABEL ${JUJU_SECRET_REVISION-none}\" >> $shared/$name-$(echo $JUJU_UNIT_NAME | tr / -);; esac";
    lab.deploy(
        &Charm::recorder(
            "server",
            "provides: {db: sql}\npeers: {cluster: servers}\n",
            record,
        ),
        1,
    );
    lab.deploy(
        &Charm::recorder("client", "requires: {store: sql}\n", record),
        1,
    );
    lab.integrate("client", "server");
    lab.settle();
    let uri = lab
        .exec("server/0", "secret-add --label login password=one")
        .unwrap();
    lab.settle();
    (lab, uri)
}

fn relation() -> u64 {
    // The peer relation of the server is number 0.
    1
}

fn granted() -> (Lab, String) {
    let (lab, uri) = pair();
    lab.exec("server/0", &format!("secret-grant {uri} -r {}", relation()))
        .unwrap();
    (lab, uri)
}

#[test]
fn a_secret_is_named_by_an_id_of_twenty_characters() {
    let (_, uri) = pair();
    let id = uri.strip_prefix("secret:").unwrap();
    assert!(
        id.len() == 20
            && id
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v')),
        "{id}"
    );
}

#[test]
fn reading_without_a_grant_is_denied_and_an_unknown_secret_is_not_found() {
    let (lab, uri) = pair();
    let read = |what: &str| {
        lab.exec("client/0", &format!("secret-get {what}"))
            .unwrap_err()
    };
    assert_eq!(read(&uri), "ERROR permission denied");
    assert_eq!(
        read("secret:00000000000000000000"),
        "ERROR secret \"00000000000000000000\" not found"
    );
    assert_eq!(
        read("--label nothing"),
        "ERROR secret \"nothing\" not found"
    );
}

#[test]
fn a_consumer_stays_at_its_revision_until_it_refreshes() {
    let (lab, uri) = granted();
    let get = |flags: &str| {
        lab.exec("client/0", &format!("secret-get {uri} {flags} password"))
            .unwrap()
    };
    assert_eq!(get("--label mine"), "one");
    lab.exec("server/0", &format!("secret-set {uri} password=two"))
        .unwrap();
    lab.until_event("client/0", "secret-changed");
    lab.settle();
    assert_eq!(
        std::fs::read_to_string(lab.shared("secret-changed-client-0")).unwrap(),
        "mine none\n"
    );
    assert_eq!(
        (get("").as_str(), get("--peek").as_str(), get("").as_str()),
        ("one", "two", "one")
    );
    assert_eq!(
        (get("--refresh").as_str(), get("").as_str()),
        ("two", "two")
    );
    assert_eq!(
        lab.exec("client/0", "secret-get --label mine --format json")
            .unwrap(),
        r#"{"password":"two"}"#
    );
}

#[test]
fn the_owner_is_told_of_revisions_that_nobody_tracks_and_prunes_them() {
    let (lab, uri) = granted();
    lab.exec("client/0", &format!("secret-get {uri}")).unwrap();
    lab.exec("server/0", &format!("secret-set {uri} password=two"))
        .unwrap();
    lab.settle();
    assert!(
        !lab.events("server/0").contains(&"secret-remove".to_owned()),
        "the client still tracks revision 1"
    );
    lab.exec("client/0", &format!("secret-get {uri} --refresh"))
        .unwrap();
    lab.until_event("server/0", "secret-remove");
    lab.settle();
    assert_eq!(
        std::fs::read_to_string(lab.shared("secret-remove-server-0")).unwrap(),
        "login 1\n"
    );
    lab.exec("server/0", &format!("secret-remove {uri} --revision 1"))
        .unwrap();
    let view: SecretView = lab.call(&Request::ShowSecret(ShowSecret {
        model: MODEL.into(),
        secret: uri,
        reveal: true,
        revision: None,
    }));
    assert_eq!(
        view.revisions
            .iter()
            .map(|it| it.revision)
            .collect::<Vec<_>>(),
        [2]
    );
    assert_eq!(view.content.unwrap()["password"], "two");
}

#[test]
fn a_unit_that_never_read_a_secret_hears_of_no_change() {
    let (lab, uri) = granted();
    lab.exec("server/0", &format!("secret-set {uri} password=two"))
        .unwrap();
    lab.settle();
    assert!(
        !lab.events("client/0")
            .contains(&"secret-changed".to_owned())
    );
}

#[test]
fn a_grant_ends_with_its_relation() {
    let (lab, uri) = granted();
    lab.exec("client/0", &format!("secret-get {uri}")).unwrap();
    let info = lab
        .exec("server/0", &format!("secret-info-get {uri} --format json"))
        .unwrap();
    assert!(info.contains(r#""access":[{"role":"view","scope":"relation-client.store#server.db","target":"application-client"}]"#), "{info}");
    lab.call::<()>(&Request::RemoveRelation(RelationEnds {
        model: MODEL.into(),
        id: None,
        first: Some(Endpoint::parse("server:db")),
        second: Some(Endpoint::parse("client:store")),
        force: false,
    }));
    lab.until("the relation is gone", || lab.status().relations.len() == 1);
    assert_eq!(
        lab.exec("client/0", &format!("secret-get {uri}"))
            .unwrap_err(),
        "ERROR permission denied"
    );
}

#[test]
fn revoking_takes_the_right_away() {
    let (lab, uri) = granted();
    lab.exec(
        "server/0",
        &format!("secret-revoke {uri} -r {}", relation()),
    )
    .unwrap();
    assert_eq!(
        lab.exec("client/0", &format!("secret-get {uri}"))
            .unwrap_err(),
        "ERROR permission denied"
    );
}

#[test]
fn changing_a_secret_of_others_is_accepted_by_the_tool_and_fails_at_the_commit() {
    let (lab, uri) = granted();
    let task = lab.exec_task("client/0", &format!("secret-set {uri} password=stolen"));
    assert_eq!(task.results.return_code, Some(0));
    assert_eq!(
        task.message.as_deref(),
        Some("committing requested changes failed")
    );
    assert_eq!(
        lab.exec("client/0", &format!("secret-get {uri} password"))
            .unwrap(),
        "one"
    );
}

#[test]
fn an_owners_label_is_unique_at_the_commit() {
    let (lab, _) = pair();
    let task = lab.exec_task("server/0", "secret-add --label login password=again");
    assert_eq!(
        task.results.stderr,
        "secret with label \"login\" already exists\n"
    );
}

#[test]
fn several_sets_in_one_hook_make_one_revision_and_equal_content_makes_none() {
    let (lab, uri) = pair();
    lab.exec(
        "server/0",
        &format!("secret-set {uri} password=two; secret-set {uri} password=three user=admin"),
    )
    .unwrap();
    let revision = || {
        lab.exec(
            "server/0",
            &format!("secret-info-get {uri} --format json | grep -o '\"revision\":[0-9]*'"),
        )
        .unwrap()
    };
    assert_eq!(revision(), "\"revision\":2");
    lab.exec(
        "server/0",
        &format!("secret-set {uri} password=three user=admin --description same"),
    )
    .unwrap();
    assert_eq!(revision(), "\"revision\":2");
}

#[test]
fn a_rotation_that_is_due_asks_the_owner_and_nobody_else() {
    let (lab, uri) = granted();
    lab.exec("client/0", &format!("secret-get {uri}")).unwrap();
    let due = |what| {
        lab.try_call::<Option<String>>(&Request::Fault(Fault::SecretDue {
            model: lab.model(),
            secret: "login".to_owned(),
            what,
        }))
    };
    for what in [SecretClock::Rotation, SecretClock::Expiry] {
        let refused = due(what).unwrap_err().message;
        assert!(
            refused.contains("\nhint: its charm says when, with "),
            "{refused}"
        );
    }
    let hourly = format!("secret-set {uri} --rotate hourly");
    lab.exec("server/0", &hourly).unwrap();
    due(SecretClock::Rotation).unwrap();
    lab.until_event("server/0", "secret-rotate");
    lab.settle();
    assert_eq!(
        std::fs::read_to_string(lab.shared("secret-rotate-server-0")).unwrap(),
        "login none\n"
    );
    let heard = lab.events("client/0");
    assert!(
        !heard.iter().any(|it| it.starts_with("secret-")),
        "{heard:?}"
    );
}

#[test]
fn a_secret_that_expires_asks_the_owner_with_its_revision() {
    let (lab, uri) = pair();
    lab.exec(
        "server/0",
        &format!("secret-set {uri} --rotate hourly --expire 1ms"),
    )
    .unwrap();
    lab.until_event("server/0", "secret-expired");
    lab.settle();
    assert_eq!(
        std::fs::read_to_string(lab.shared("secret-expired-server-0")).unwrap(),
        "login 1\n"
    );
    let info = lab
        .exec("server/0", &format!("secret-info-get {uri} --format json"))
        .unwrap();
    assert!(info.contains(r#""rotation":"hourly""#), "{info}");
}

#[test]
fn only_a_unit_itself_reads_its_own_secret() {
    let (lab, _) = pair();
    let uri = lab
        .exec("client/0", "secret-add --owner unit password=private")
        .unwrap();
    assert_eq!(
        lab.exec("client/0", &format!("secret-get {uri} password"))
            .unwrap(),
        "private"
    );
    assert_eq!(
        lab.exec("server/0", &format!("secret-get {uri}"))
            .unwrap_err(),
        "ERROR permission denied"
    );
    assert_eq!(
        lab.exec("client/0", "secret-ids --format json").unwrap(),
        format!("[\"{}\"]", &uri[7..])
    );
}

#[test]
fn content_never_reaches_the_debug_log_by_the_lab_itself() {
    let (lab, uri) = pair();
    lab.exec("server/0", &format!("secret-set {uri} password=hunter22"))
        .unwrap();
    lab.exec_task(
        "server/0",
        &format!("secret-set {uri} Password=hunter22; secret-set {uri} hunter22; true"),
    );
    // The commands themselves are not logged either: `juju exec` may carry them.
    assert!(!lab.log_text().contains("hunter22"), "{}", lab.log_text());
}
