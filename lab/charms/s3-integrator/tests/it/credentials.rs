//! Where credentials come from, and what is said when there are none.

use juju_charm::testing::{Relation, Secret, SecretHolder};
use juju_charm::{Event, SecretContent};

use crate::{blocked_with, configured, keys, leader, run};

#[test]
fn without_credentials_the_charm_says_so_in_the_words_of_charmhubs() {
    let outcome = run(&leader(), &Event::Start);
    assert_eq!(
        blocked_with(&outcome),
        "Missing parameters: ['access-key', 'secret-key']"
    );
}

#[test]
fn a_secret_that_is_not_granted_is_named_with_the_command_that_grants_it() {
    let hidden = Secret::new("secret:hidden", SecretHolder::NotGranted, keys("a", "b"));
    let state = leader()
        .with_secret(hidden)
        .with_config("credentials", "secret:hidden");
    assert_eq!(
        blocked_with(&run(&state, &Event::ConfigChanged)),
        "Secret secret:hidden is not granted: run juju grant-secret secret:hidden s3-integrator"
    );
    let state = leader().with_config("credentials", "secret:nothing");
    assert_eq!(
        blocked_with(&run(&state, &Event::ConfigChanged)),
        "Secret secret:nothing does not exist or is not granted"
    );
}

#[test]
fn a_secret_that_lacks_a_key_is_named_with_the_key() {
    let content = SecretContent::new().with("access-key", "AKLAB");
    let half = Secret::new("secret:half", SecretHolder::Granted, content);
    let state = leader()
        .with_secret(half)
        .with_config("credentials", "secret:half");
    let outcome = run(&state, &Event::ConfigChanged);
    assert_eq!(
        blocked_with(&outcome),
        "Secret secret:half has no secret-key"
    );
}

#[test]
fn credentials_that_cannot_be_read_now_are_not_taken_away_from_those_who_have_them() {
    let relation = Relation::new("s3-credentials:7", "postgresql")
        .with_remote_data([("bucket", "relation-7")]);
    let mut state = run(&configured().with_relation(relation), &Event::ConfigChanged).state;
    state.secrets[0].holder = SecretHolder::NotGranted;
    state.secrets[0].tracked = None;
    let outcome = run(&state, &Event::UpdateStatus);
    assert_eq!(outcome.state.relation(7).local_app["secret-key"], "s3cr3t");
    assert!(blocked_with(&outcome).contains("is not granted"));
}

#[test]
fn every_wrong_option_is_named() {
    let state = leader()
        .with_config("tls-ca-chain", "%%%")
        .with_config("s3-uri-style", "hosts")
        .with_config("experimental-delete-older-than-days", 0);
    assert_eq!(
        blocked_with(&run(&state, &Event::ConfigChanged)),
        "Invalid configuration: tls-ca-chain is not base64; \
         experimental-delete-older-than-days is not 1 to 9999999; \
         s3-uri-style is \"hosts\", not host or path"
    );
}
