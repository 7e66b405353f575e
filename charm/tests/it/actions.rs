//! Actions: parameters, results, failure.

use juju_charm::testing::{Outcome, Relation, State};
use juju_charm::tools::LARGEST_ARGUMENT;
use juju_charm::{Juju, NewSecret, Own, SecretContent, ToolError, ToolErrorKind};
use serde_json::json;

use crate::{leader, scenario};

fn backup(state: &State, charm: impl FnOnce(&Juju) -> Result<(), ToolError>) -> Outcome {
    scenario().action(state, "backup", json!({}), |_, juju| charm(juju))
}

#[test]
fn parameters_have_their_defaults_and_results_go_in_one_call() {
    let outcome = scenario().action(&leader(), "backup", json!({"keep": 3}), |event, juju| {
        assert_eq!(event.name(), "backup");
        let params = juju.action_params()?;
        assert_eq!(params.string("type"), Some("full"));
        assert_eq!(params.integer("keep"), Some(3));
        juju.action_set("Backup_ID", "20260101-120000F")?;
        juju.action_set("backup.size", "12")?;
        juju.action_set("backup-id", "20260101-130000F")?;
        juju.action_log("taking it")
    });
    assert!(outcome.succeeded);
    assert_eq!(outcome.tools(), ["action-get", "action-log", "action-set"]);
    let results: Vec<_> = outcome
        .results
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(results, ["backup-id=20260101-130000F", "backup.size=12"]);
    assert_eq!(outcome.progress, ["taking it"]);
    assert_eq!(outcome.failure, None);
}

#[test]
fn keys_and_values_juju_would_not_take_are_refused_before_a_process_is_started() {
    let outcome = backup(&leader(), |juju| {
        for key in ["stdout", "my key", "a..b", ""] {
            assert_eq!(
                juju.action_set(key, "x").unwrap_err().kind(),
                ToolErrorKind::Refused
            );
        }
        let error = juju.action_set("list", "x".repeat(200 * 1024)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "action-set failed: cannot pass list as one argument: 200 KiB is more than 100 KiB"
        );
        Ok(())
    });
    assert_eq!(outcome.tools(), [""; 0]);
}

#[test]
fn a_long_result_goes_on_under_further_keys() {
    let long: String = "é|".chars().cycle().take(200_000).collect();
    let outcome = backup(&leader(), |juju| {
        assert_eq!(juju.action_set_large("list", &long)?, 3);
        assert_eq!(juju.action_set_large("short", "x")?, 1);
        assert_eq!(juju.action_set_large("empty", "")?, 1);
        Ok(())
    });
    assert_eq!(outcome.count("action-set"), 1);
    let parts = ["list", "list-2", "list-3"].map(|key| outcome.results[key].as_str());
    assert_eq!(parts.concat(), long);
    assert!(
        outcome.calls[0]
            .args
            .iter()
            .all(|arg| arg.len() <= LARGEST_ARGUMENT)
    );
    assert_eq!(outcome.results["empty"], "");
}

#[test]
fn results_beyond_one_command_line_take_several_calls() {
    let outcome = backup(&leader(), |juju| {
        (0..25).try_for_each(|n| juju.action_set(&format!("key-{n}"), "x".repeat(90 * 1024)))
    });
    assert_eq!(outcome.count("action-set"), 3);
    assert_eq!(outcome.results.len(), 25);
}

#[test]
fn a_refusal_fails_the_action_and_still_ends_well() {
    let outcome = backup(&leader(), |juju| {
        juju.action_set("hint", "run it on a replica")?;
        juju.action_fail("cannot take a backup here\nHINT: run it on pg/1");
        Ok(())
    });
    assert!(outcome.succeeded);
    assert_eq!(outcome.tools(), ["action-set", "action-fail"]);
    assert_eq!(
        outcome.failure.as_deref(),
        Some("cannot take a backup here\nHINT: run it on pg/1")
    );
    assert_eq!(outcome.results["hint"], "run it on a replica");
}

#[test]
fn an_error_fails_the_action_with_its_causes_and_discards_what_was_written() {
    #[derive(Debug, thiserror::Error)]
    #[error("failed to take a backup")]
    struct Failed(#[source] std::io::Error);

    let relation = Relation::new("database:5", "client");
    let state = leader().with_relation(relation.clone());
    let outcome = scenario().action(&state, "backup", json!({}), |_, juju| {
        juju.relation_set(&relation.id(), Own::App, "busy", "true");
        juju.action_set("got-as-far-as", "checking").unwrap();
        Err(Failed(std::io::Error::other("no disk left")))
    });
    assert!(outcome.succeeded, "the message would be lost otherwise");
    assert_eq!(
        outcome.failure.as_deref(),
        Some("failed to take a backup: no disk left")
    );
    assert_eq!(outcome.results["got-as-far-as"], "checking");
    assert_eq!(outcome.state, state);
    assert_eq!(
        outcome.log,
        [(
            "ERROR".to_owned(),
            "action backup failed: failed to take a backup: no disk left".to_owned()
        )]
    );
}

#[test]
fn an_error_after_a_secret_was_added_ends_badly_so_that_juju_takes_the_secret_back() {
    let outcome = scenario().action(&leader(), "backup", json!({}), |_, juju| {
        let content = SecretContent::new().with("password", "x");
        juju.secret_add(&NewSecret::labelled("admin", content))
            .unwrap();
        Err("no disk left")
    });
    assert!(!outcome.succeeded);
    assert!(outcome.state.secrets.is_empty());
}

#[test]
fn a_panic_is_an_error_too() {
    let outcome = scenario().action(
        &leader(),
        "backup",
        json!({}),
        |_, _| -> Result<(), ToolError> { panic!("impossible") },
    );
    assert_eq!(
        outcome.failure.as_deref(),
        Some("the charm panicked: impossible")
    );
}

#[test]
fn getting_a_password_takes_no_more_than_four_calls() {
    let content = SecretContent::new().with("operator-password", "s3cret");
    let secret = juju_charm::testing::Secret::new(
        "secret:d0vd",
        juju_charm::testing::SecretHolder::Application,
        content,
    )
    .labelled("pg.app");
    let outcome = backup(&leader().with_secret(secret), |juju| {
        let params = juju.action_params()?;
        assert_eq!(params.string("nothing"), None);
        let secret = juju
            .secret_by_label("pg.app", juju_charm::SecretRevision::Peek)?
            .unwrap();
        juju.action_set(
            "password",
            secret.get("operator-password").unwrap().expose(),
        )
    });
    assert_eq!(outcome.tools(), ["action-get", "secret-get", "action-set"]);
}
