//! Actions at Juju's boundary: a described world and an event in, a world out. No program runs.

use juju_charm::SecretContent;
use juju_charm::testing::{Outcome, Relation, Scenario, Secret, SecretHolder, State};
use postgresql_charm::juju::routes;

fn file(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

pub(crate) fn scenario() -> Scenario {
    Scenario::parse(
        &file("metadata.yaml"),
        &file("config.yaml"),
        &file("actions.yaml"),
    )
}

/// The peer relation, and the secret with a password for everybody.
pub(crate) fn world() -> State {
    let mut content = SecretContent::new();
    let users = [
        "operator",
        "replication",
        "rewind",
        "monitoring",
        "backup",
        "patroni",
        "etcd",
    ];
    for user in users {
        content.insert(format!("{user}-password"), format!("pw-of-{user}"));
    }
    let secret = Secret::new("d0vdtqnmp25c762e7jug", SecretHolder::Application, content)
        .labelled("database-peers.postgresql.app");
    State::new("postgresql/0")
        .leader()
        .with_relation(Relation::new("database-peers:0", "postgresql"))
        .with_secret(secret)
}

fn action(name: &str, params: &[(&str, &str)], state: &State) -> Outcome {
    let params: serde_json::Map<String, serde_json::Value> = params
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).into()))
        .collect();
    scenario().action(state, name, params.into(), routes::follow)
}

/// What a refused action leaves: its message, no results, and the world as it was.
fn refused(outcome: &Outcome, before: &State) -> String {
    assert!(outcome.succeeded, "a refusal is no crash");
    let contents = |state: &State| -> Vec<_> {
        state
            .secrets
            .iter()
            .map(|secret| secret.revisions.clone())
            .collect()
    };
    assert_eq!(contents(&outcome.state), contents(before));
    assert_eq!(outcome.state.relations, before.relations);
    assert!(outcome.results.is_empty(), "{:?}", outcome.results);
    outcome.failure.clone().expect("the action failed")
}

#[test]
fn get_password_takes_three_hook_tools() {
    let outcome = action("get-password", &[("username", "rewind")], &world());
    assert_eq!(outcome.results["password"], "pw-of-rewind");
    assert_eq!(outcome.tools(), ["action-get", "secret-get", "action-set"]);
}

#[test]
fn get_password_gives_the_operators_when_nobody_is_named() {
    let outcome = action("get-password", &[], &world());
    assert_eq!(outcome.results["password"], "pw-of-operator");
}

#[test]
fn invariant_10_a_refused_action_changes_nothing() {
    type Case = (
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    );
    let cases: [Case; 5] = [
        (
            "get-password",
            &[("username", "root")],
            "there is no system user `root`",
        ),
        (
            "create-backup",
            &[("type", "huge")],
            "`huge` is not a type of backup",
        ),
        ("list-backups", &[], "there is no object store"),
        (
            "get-password",
            &[("username", "etcd")],
            "there is no system user `etcd`",
        ),
        (
            "set-tls-private-key",
            &[("private-key", "hello")],
            "the private key is not in PEM form",
        ),
    ];
    for (name, params, message) in cases {
        let before = world();
        let said = refused(&action(name, params, &before), &before);
        assert!(said.starts_with(message), "{name}: {said}");
        assert!(said.contains("\nhint: "), "{name} says no way out: {said}");
    }
}

#[test]
fn no_log_line_of_an_action_holds_a_password() {
    let outcome = action("get-password", &[("username", "operator")], &world());
    for (_, line) in &outcome.log {
        assert!(!line.contains("pw-of-"), "{line}");
    }
}
