//! Secrets: reading, adding, changing, granting, and what never shows.

use juju_charm::testing::{Fault, Relation, Secret, SecretHolder};
use juju_charm::{Event, NewSecret, Own, SecretContent, SecretId, SecretRevision, ToolError};

use crate::{in_hook, leader, scenario};

fn password(text: &str) -> SecretContent {
    SecretContent::new().with("password", text)
}

fn ours() -> Secret {
    Secret::new("secret:ours", SecretHolder::Application, password("one")).labelled("admin")
}

#[test]
fn a_secret_is_added_granted_and_published_in_one_hook() {
    let relation = Relation::new("database:5", "client");
    let state = leader().with_relation(relation.clone());
    let outcome = in_hook(&state, |juju| {
        let id = juju.secret_add(&NewSecret {
            description: Some("for a client".into()),
            ..NewSecret::labelled("client", password("hunter2"))
        })?;
        juju.secret_grant(&id, &relation.id());
        juju.secret_grant(&id, &relation.id());
        juju.relation_set(&relation.id(), Own::App, "secret-user", id.uri());
        assert_eq!(
            juju.secret_get(&id, SecretRevision::Tracked)?,
            password("hunter2")
        );
        Ok(())
    });
    assert_eq!(
        outcome.tools(),
        [
            "secret-add",
            "secret-grant",
            "is-leader",
            "relation-get",
            "relation-set"
        ]
    );
    let secret = outcome.state.secret_by_label("client").unwrap();
    assert_eq!(secret.newest_content(), password("hunter2"));
    assert_eq!(secret.granted_to, [5].into());
    assert_eq!(
        outcome.state.relation(5).local_app["secret-user"],
        secret.id.uri()
    );
}

#[test]
fn no_content_is_ever_in_an_argument_or_left_in_a_file() {
    let outcome = in_hook(&leader().with_secret(ours()), |juju| {
        juju.secret_add(&NewSecret::labelled("x", password("hunter2")))?;
        juju.secret_set(&"ours".parse().unwrap(), password("hunter2"));
        Ok(())
    });
    assert_eq!(outcome.count("secret-set"), 1);
    for call in &outcome.calls {
        assert!(!format!("{call:?}").contains("hunter2"), "{call:?}");
        let file = call.args.iter().skip_while(|arg| *arg != "--file").nth(1);
        assert!(
            file.is_none_or(|path| !std::path::Path::new(path).exists()),
            "{call:?}"
        );
    }
}

#[test]
fn a_secret_gets_a_new_revision_only_if_its_newest_differs() {
    let id: SecretId = "ours".parse().unwrap();
    let set = |text: &'static str, read_first: bool| {
        in_hook(&leader().with_secret(ours().tracking(1)), |juju| {
            if read_first {
                juju.secret_get(&id, SecretRevision::Peek)?;
            }
            juju.secret_set(&id, password("overwritten"));
            juju.secret_set(&id, password(text));
            Ok(())
        })
    };
    let same = set("one", false);
    assert_eq!(same.tools(), ["secret-get"]);
    let other = set("two", true);
    assert_eq!(other.tools(), ["secret-get", "secret-set"]);
    let secret = other.state.secret(&id).unwrap();
    assert_eq!(
        (secret.newest(), secret.newest_content()),
        (2, password("two"))
    );
}

#[test]
fn a_new_revision_can_come_with_its_expiry() {
    let id: SecretId = "ours".parse().unwrap();
    let state = leader().with_secret(ours().tracking(1));
    let outcome = in_hook(&state, |juju| {
        juju.secret_set_expiring(&id, password("two"), "36h");
        Ok(())
    });
    let secret = outcome.state.secret(&id).unwrap();
    assert_eq!(
        (secret.newest(), secret.expire.as_deref()),
        (2, Some("36h"))
    );

    let same = in_hook(&outcome.state, |juju| {
        juju.secret_set_expiring(&id, password("two"), "1h");
        Ok(())
    });
    assert_eq!(same.count("secret-set"), 0);
}

#[test]
fn owners_too_are_held_to_the_revision_they_read() {
    let state = leader().with_secret(ours().with_revision(password("two")).tracking(1));
    let outcome = in_hook(&state, |juju| {
        let read = |revision| juju.secret_by_label("admin", revision);
        assert_eq!(read(SecretRevision::Tracked)?, Some(password("one")));
        assert_eq!(read(SecretRevision::Peek)?, Some(password("two")));
        assert_eq!(read(SecretRevision::Refresh)?, Some(password("two")));
        Ok(())
    });
    assert_eq!(
        outcome.state.secret_by_label("admin").unwrap().tracked,
        Some(2)
    );
}

#[test]
fn refreshing_takes_effect_even_if_the_hook_fails() {
    let state = leader().with_secret(ours().with_revision(password("two")).tracking(1));
    let outcome = scenario().run(&state, &Event::ConfigChanged, |_, juju| {
        juju.secret_by_label("admin", SecretRevision::Refresh)?;
        juju.secret_set(&"ours".parse()?, password("three"));
        Err("no disk left".into()) as Result<(), juju_charm::dispatch::CharmError>
    });
    assert!(!outcome.succeeded);
    let secret = outcome.state.secret_by_label("admin").unwrap();
    assert_eq!((secret.tracked, secret.newest()), (Some(2), 2));
}

#[test]
fn a_secret_that_is_not_there_is_none_and_one_that_may_not_be_read_is_an_error() {
    let hidden = Secret::new("secret:hidden", SecretHolder::NotGranted, password("x"));
    in_hook(&leader().with_secret(hidden), |juju| {
        assert_eq!(
            juju.secret_by_label("nothing", SecretRevision::Tracked)?,
            None
        );
        let missing = juju.secret_get(&"nothing".parse().unwrap(), SecretRevision::Tracked);
        assert!(missing.unwrap_err().is_not_found());
        let hidden = juju.secret_get(&"hidden".parse().unwrap(), SecretRevision::Tracked);
        assert!(hidden.unwrap_err().is_permission_denied());
        Ok(())
    });
    let scenario = scenario().with_fault(Fault::always("secret-get", "permission denied"));
    let outcome = scenario.run(&leader(), &Event::ConfigChanged, |_, juju| {
        assert!(
            juju.secret_by_label("x", SecretRevision::Peek)
                .unwrap_err()
                .is_permission_denied()
        );
        Ok::<(), ToolError>(())
    });
    assert!(outcome.succeeded);
}

#[test]
fn a_secret_of_another_gets_a_label_by_which_events_name_it() {
    let theirs = Secret::new("secret:theirs", SecretHolder::Granted, password("x"));
    let outcome = in_hook(&leader().with_secret(theirs), |juju| {
        let id = "secret://3f1c/theirs".parse().unwrap();
        juju.secret_get_and_label(&id, "s3", SecretRevision::Refresh)?;
        assert_eq!(
            juju.secret_by_label("s3", SecretRevision::Refresh)?,
            Some(password("x"))
        );
        Ok(())
    });
    assert_eq!(outcome.tools(), ["secret-get"]);
    assert_eq!(
        outcome.state.secret_by_label("s3").unwrap().tracked,
        Some(1)
    );
}

#[test]
fn an_owner_sees_revision_label_and_grants() {
    let relation = Relation::new("database:5", "client");
    let mut secret = ours().with_revision(password("two"));
    secret.granted_to.insert(5);
    in_hook(
        &leader().with_relation(relation).with_secret(secret),
        |juju| {
            let info = juju.secret_info_by_label("admin")?.unwrap();
            assert_eq!(
                (info.id.bare(), info.revision, info.owner.as_str()),
                ("ours", 2, "application")
            );
            assert_eq!(info.access[0].target, "application-client");
            assert_eq!(juju.secret_ids()?, [info.id]);
            assert_eq!(juju.secret_info(&"nothing".parse().unwrap())?, None);
            Ok(())
        },
    );
}

#[test]
fn grants_are_taken_back_and_revisions_removed_when_the_hook_ends() {
    let relation = Relation::new("database:5", "client");
    let mut secret = ours().with_revision(password("two"));
    secret.granted_to.insert(5);
    let state = leader()
        .with_relation(relation.clone())
        .with_secret(secret.clone());
    let outcome = scenario().run(&state, &secret.remove(1), |event, juju| {
        let at = event.secret().unwrap();
        juju.secret_remove(&at.id, at.revision);
        juju.secret_revoke(&at.id, &relation.id());
        Ok::<(), ToolError>(())
    });
    assert!(outcome.succeeded);
    assert_eq!(outcome.tools(), ["secret-revoke", "secret-remove"]);
    let secret = outcome.state.secret_by_label("admin").unwrap();
    assert!(secret.granted_to.is_empty());
    assert_eq!(secret.revisions.keys().collect::<Vec<_>>(), [&2]);
}

#[test]
fn only_the_leader_adds_secrets_of_the_application() {
    let mut state = leader();
    state.leader = false;
    in_hook(&state, |juju| {
        let refused = juju
            .secret_add(&NewSecret::labelled("x", password("p")))
            .unwrap_err();
        assert!(refused.is_not_leader());
        juju.secret_add(&NewSecret::labelled("x", password("p")).owned_by_unit())
            .map(drop)
    });
}

#[test]
fn changing_a_secret_of_another_is_refused_at_the_commit() {
    let theirs = Secret::new("secret:theirs", SecretHolder::Granted, password("x"));
    let state = leader().with_secret(theirs);
    let outcome = scenario().run(&state, &Event::ConfigChanged, |_, juju| {
        juju.secret_set(&"theirs".parse()?, password("mine"));
        Ok::<(), juju_charm::dispatch::CharmError>(())
    });
    assert!(!outcome.succeeded);
    assert_eq!(outcome.commit_errors, ["permission denied"]);
}

#[test]
fn keys_juju_would_not_take_are_refused_before_a_process_is_started() {
    let outcome = in_hook(&leader(), |juju| {
        let content = SecretContent::new().with("ca", "x");
        let error = juju
            .secret_add(&NewSecret::labelled("x", content))
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("secret-add failed: cannot use \"ca\" as a key")
        );
        let nothing = juju.secret_add(&NewSecret::labelled("x", SecretContent::new()));
        assert!(nothing.is_err());
        Ok(())
    });
    assert_eq!(outcome.tools(), [""; 0]);
}
