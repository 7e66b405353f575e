//! Secrets of the operator.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{AddSecret, Request, SecretView, ShowSecret, UpdateSecret};
use std::collections::BTreeMap;

fn content(password: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("password".to_owned(), password.to_owned())])
}

fn lab() -> (Lab, String) {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let request = AddSecret {
        model: MODEL.into(),
        name: "login".into(),
        info: None,
        content: content("one"),
    };
    let uri = lab.call(&Request::AddSecret(request));
    (lab, uri)
}

fn grant(lab: &Lab) {
    let applications = vec!["probe".to_owned()];
    lab.call::<()>(&Request::GrantSecret {
        model: MODEL.into(),
        secret: "login".into(),
        applications,
    });
}

#[test]
fn an_application_reads_a_user_secret_once_it_is_granted() {
    let (lab, uri) = lab();
    let read = || lab.exec("probe/0", &format!("secret-get {uri} password"));
    assert_eq!(read().unwrap_err(), "ERROR permission denied");
    lab.settle();
    grant(&lab);
    lab.settle();
    assert_eq!(
        lab.events("probe/0").last().unwrap(),
        "start",
        "a grant fires nothing"
    );
    assert_eq!(read().unwrap(), "one");
}

#[test]
fn an_update_tells_readers_and_prunes_old_revisions_if_asked() {
    let (lab, uri) = lab();
    grant(&lab);
    lab.exec("probe/0", &format!("secret-get {uri}")).unwrap();
    let request = UpdateSecret {
        model: MODEL.into(),
        secret: "login".into(),
        name: Some("access".into()),
        info: None,
        auto_prune: Some(true),
        content: Some(content("two")),
    };
    lab.call::<()>(&Request::UpdateSecret(request));
    lab.until_event("probe/0", "secret-changed");
    assert_eq!(
        lab.exec("probe/0", &format!("secret-get {uri} --refresh password"))
            .unwrap(),
        "two"
    );
    let view: SecretView = lab.call(&Request::ShowSecret(ShowSecret {
        model: MODEL.into(),
        secret: "access".into(),
        reveal: false,
        revision: None,
    }));
    assert_eq!(
        (view.owner.as_str(), view.revision, view.content),
        ("<model>", 2, None)
    );
    assert_eq!(view.revisions.len(), 1);
}

#[test]
fn names_are_unique_and_keys_are_checked() {
    let (lab, _) = lab();
    let add = |name: &str, key: &str| {
        let content = BTreeMap::from([(key.to_owned(), "x".to_owned())]);
        let request = AddSecret {
            model: MODEL.into(),
            name: name.into(),
            info: None,
            content,
        };
        lab.try_call::<String>(&Request::AddSecret(request))
            .unwrap_err()
            .message
    };
    assert_eq!(
        add("login", "password"),
        "secret with name \"login\" already exists"
    );
    assert_eq!(add("other", "pass_word"), "key \"pass_word\" not valid");
}
