//! Who asks for secrets gets the credentials in one.

use std::cell::RefCell;

use juju_charm::Event;
use juju_charm::testing::{Relation, SecretHolder, State};
use s3_integrator::bucket::Bucket;
use s3_integrator::charm_with;

use crate::{blocked_with, configured, keys, leader, run, scenario};

const LABEL: &str = "s3-credentials.7.extra.secret";

fn requirer() -> Relation {
    Relation::new("s3-credentials:7", "postgresql").with_remote_data([
        ("requested-secrets", r#"["access-key", "secret-key"]"#),
        ("lib-version", "1.0"),
        ("bucket", "asked"),
        ("path", "asked/path"),
    ])
}

fn answered() -> State {
    run(
        &configured().with_relation(requirer()),
        &requirer().app_changed(),
    )
    .state
}

#[test]
fn the_credentials_are_in_a_secret_granted_to_the_relation() {
    let state = answered();
    let bag = &state.relation(7).local_app;
    assert_eq!(bag["lib-version"], "1.0");
    assert_eq!(bag["bucket"], "asked");
    assert_eq!(bag["path"], "asked/path");
    assert!(!bag.contains_key("access-key") && !bag.contains_key("secret-key"));
    let secret = state.secret_by_label(LABEL).unwrap();
    assert_eq!(secret.holder, SecretHolder::Application);
    assert_eq!(secret.newest_content(), keys("AKLAB", "s3cr3t"));
    assert_eq!(secret.granted_to, [7].into());
    assert_eq!(bag["secret-extra"], secret.id.uri());
}

#[test]
fn options_come_before_what_was_asked_for_and_attributes_stay_as_they_are() {
    let state = configured()
        .with_config("bucket", "pgbackups")
        .with_config("path", "clusters/a")
        .with_config("attributes", "x-a:1,x-b:2")
        .with_relation(requirer());
    let state = run(&state, &Event::ConfigChanged).state;
    let bag = &state.relation(7).local_app;
    assert_eq!(
        (bag["bucket"].as_str(), bag["path"].as_str()),
        ("pgbackups", "clusters/a")
    );
    assert_eq!(bag["attributes"], "x-a:1,x-b:2");
}

#[test]
fn new_credentials_are_a_new_revision_of_the_same_secret() {
    let mut state = answered();
    let before = state.relation(7).local_app.clone();
    let operators = &mut state.secrets[0];
    operators.revisions.insert(2, keys("AKLAB", "renewed"));
    let changed = operators.changed();
    let outcome = run(&state, &changed);
    assert_eq!(outcome.state.relation(7).local_app, before);
    let secret = outcome.state.secret_by_label(LABEL).unwrap();
    assert_eq!(
        (secret.newest(), secret.newest_content()),
        (2, keys("AKLAB", "renewed"))
    );

    let swept = run(&outcome.state, &secret.remove(1));
    let secret = swept.state.secret_by_label(LABEL).unwrap();
    assert_eq!(secret.revisions.keys().collect::<Vec<_>>(), [&2]);
}

#[test]
fn twice_is_as_good_as_once_and_writes_nothing() {
    let first = answered();
    let again = run(&first, &Event::UpdateStatus);
    for tool in ["relation-set", "secret-add", "secret-set", "secret-grant"] {
        assert_eq!(again.count(tool), 0, "{tool}");
    }
}

#[test]
fn without_credentials_only_the_version_is_told() {
    let state = leader().with_relation(requirer());
    let state = run(&state, &requirer().app_changed()).state;
    let bag = &state.relation(7).local_app;
    assert_eq!(
        bag.iter().collect::<Vec<_>>(),
        [(&"lib-version".into(), &"1.0".into())]
    );
    assert!(state.secrets.is_empty());
}

#[test]
fn credentials_that_are_taken_away_take_the_secret_with_them() {
    let mut state = answered();
    state.config.remove("credentials");
    let state = run(&state, &Event::ConfigChanged).state;
    assert!(!state.relation(7).local_app.contains_key("secret-extra"));
    assert!(state.secret_by_label(LABEL).is_none());
}

#[test]
fn the_secret_goes_with_the_relation() {
    let state = answered();
    let broken = state.relation(7).broken();
    let outcome = run(&state, &broken);
    assert!(outcome.state.secret_by_label(LABEL).is_none());
    assert!(outcome.state.relations.is_empty());
}

#[test]
fn as_track_1_the_charm_knows_nothing_of_secrets() {
    let state = configured()
        .with_config("protocol", "0")
        .with_relation(requirer());
    let state = run(&state, &requirer().app_changed()).state;
    let bag = &state.relation(7).local_app;
    assert_eq!(bag["secret-key"], "s3cr3t");
    assert!(!bag.contains_key("lib-version") && !bag.contains_key("secret-extra"));
}

#[test]
fn the_bucket_is_there_before_anybody_is_told_of_it() {
    let asked = RefCell::new(Vec::new());
    let ensure = |bucket: &Bucket| {
        asked.borrow_mut().push(bucket.clone());
        Ok(())
    };
    let other = Relation {
        number: 8,
        ..requirer()
    };
    let state = configured()
        .with_config("endpoint", "https://minio.lab:9000")
        .with_config("s3-uri-style", "path")
        .with_relation(requirer())
        .with_relation(other);
    let outcome = scenario().run(&state, &Event::ConfigChanged, |event, juju| {
        charm_with(event, juju, &ensure)
    });
    assert!(outcome.succeeded);
    let asked = asked.into_inner();
    assert_eq!(asked.len(), 1, "once, however many relations share it");
    assert_eq!(
        (asked[0].name.as_str(), asked[0].path_style),
        ("asked", true)
    );
    assert_eq!(asked[0].endpoint.as_deref(), Some("https://minio.lab:9000"));
    assert_eq!(asked[0].keys.secret_key.expose(), "s3cr3t");
}

#[test]
fn without_its_bucket_a_relation_is_not_told_and_the_charm_says_why() {
    let silent = |_: &Bucket| Err("cannot use bucket asked: no answer within 10 s".to_owned());
    let state = configured().with_relation(requirer());
    let outcome = scenario().run(&state, &Event::ConfigChanged, |event, juju| {
        charm_with(event, juju, &silent)
    });
    assert!(outcome.succeeded);
    assert_eq!(
        blocked_with(&outcome),
        "cannot use bucket asked: no answer within 10 s"
    );
    assert!(outcome.state.relation(7).local_app.is_empty());
}
