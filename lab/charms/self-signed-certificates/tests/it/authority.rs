//! The life of the authority.

use juju_charm::Event;
use juju_charm::testing::Relation;
use serde_json::json;
use time::Duration;

use crate::{asking, ca_of, certificates, csr, leader, run, run_at, settled, text};

const LABELS: [&str; 2] = ["active-ca-certificates", "expiring-ca-certificates"];

#[test]
fn the_key_is_kept_in_a_secret_and_shown_nowhere() {
    let state = leader().with_relation(asking(&[&csr("pg.lab")]));
    let outcome = run(&state, &Event::Start);
    let secret = outcome.state.secret_by_label(LABELS[0]).unwrap();
    assert_eq!(secret.expire.as_deref(), Some("23760000s"));
    let content = secret.newest_content();
    let key = content.get("private-key").unwrap().expose();
    assert!(key.contains("PRIVATE KEY"));
    let arguments: Vec<&String> = outcome.calls.iter().flat_map(|call| &call.args).collect();
    let shown = format!(
        "{:?} {arguments:?} {:?}",
        outcome.log,
        outcome.state.relation(3)
    );
    for line in key.lines().filter(|line| !line.starts_with("---")) {
        assert!(!shown.contains(line));
    }
}

#[test]
fn another_name_makes_another_authority_and_revokes_before_it_issues_again() {
    let state = leader().with_relation(asking(&[&csr("pg.lab")]));
    let mut state = run(&state, &Event::UpdateStatus).state;
    let before = ca_of(&state);
    for (option, value) in [
        ("ca-organization", "Lab"),
        ("ca-email-address", "ca@lab"),
        ("ca-country-name", "DE"),
    ] {
        state.config.insert(option.to_owned(), json!(value));
    }
    let revoked = run(&state, &Event::ConfigChanged);
    assert_ne!(ca_of(&revoked.state), before);
    let [item] = certificates(&revoked).try_into().unwrap();
    assert_eq!(
        (&item["revoked"], text(&item, "ca")),
        (&json!(true), before.as_str())
    );

    let again = run(&revoked.state, &Event::UpdateStatus);
    let [item] = certificates(&again).try_into().unwrap();
    assert_eq!(text(&item, "ca"), ca_of(&revoked.state));
    assert!(item.get("revoked").is_none());
    assert_eq!(run(&again.state, &Event::UpdateStatus).state, again.state);
}

#[test]
fn an_authority_that_would_not_outlive_what_it_signs_is_renewed() {
    let state = leader()
        .with_config("root-ca-validity", "60s")
        .with_config("certificate-validity", "20s")
        .with_relation(asking(&[&csr("pg.lab")]));
    let first = settled(&settled(&state));
    let still = run_at(&first, &Event::UpdateStatus, Duration::seconds(39));
    assert_eq!(still.state, first);
    let renewed = run_at(&first, &Event::UpdateStatus, Duration::seconds(40));
    assert_ne!(ca_of(&renewed.state), ca_of(&first));
    let before = renewed.state.secret_by_label(LABELS[1]).unwrap();
    assert_eq!(
        before
            .newest_content()
            .get("ca-certificate")
            .unwrap()
            .expose(),
        ca_of(&first)
    );
    assert_eq!(before.expire.as_deref(), Some("20s"));
    // What is in force stays in force.
    assert_eq!(
        renewed.state.relation(3).local_app,
        first.relation(3).local_app
    );
}

#[test]
fn a_secret_that_expired_brings_the_next_authority_and_its_revision_goes() {
    let trust = Relation::new("send-ca-cert:4", "postgresql").with_remote_data([("version", "1")]);
    let state = run(&leader().with_relation(trust), &Event::UpdateStatus).state;
    let (before, secret) = (ca_of(&state), state.secret_by_label(LABELS[0]).unwrap());
    let outcome = run(&state, &secret.expired(1));
    let secret = outcome.state.secret_by_label(LABELS[0]).unwrap();
    assert_eq!(secret.revisions.keys().collect::<Vec<_>>(), [&2]);
    assert_eq!(secret.expire.as_deref(), Some("23760000s"));
    let trusted = &outcome.state.relation(4).local_app["certificates"];
    assert_eq!(*trusted, json!([ca_of(&outcome.state), before]).to_string());

    let old = outcome.state.secret_by_label(LABELS[1]).unwrap();
    let gone = run(&outcome.state, &old.expired(1));
    assert!(gone.state.secret_by_label(LABELS[1]).is_none());
    let trusted = &gone.state.relation(4).local_app["certificates"];
    assert_eq!(*trusted, json!([ca_of(&outcome.state)]).to_string());
}

#[test]
fn a_hook_that_is_killed_anywhere_leaves_the_next_one_to_do_the_work() {
    let state = leader().with_relation(asking(&[&csr("pg.lab")]));
    let whole = run(&state, &Event::UpdateStatus);
    for call in 1..=whole.calls.len() {
        let cut =
            crate::scenario()
                .killed_at(call)
                .run(&state, &Event::UpdateStatus, |event, juju| {
                    self_signed_certificates::charm_at(event, juju, crate::start())
                });
        assert!(!cut.succeeded);
        let next = run(&cut.state, &Event::UpdateStatus);
        assert_eq!(certificates(&next).len(), 1, "killed at call {call}");
        assert_eq!(next.state.secrets.len(), 1, "killed at call {call}");
    }
}
