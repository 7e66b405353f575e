//! Writing to databags and to the unit's state.

use juju_charm::testing::{Fault, Relation, State};
use juju_charm::{Bag, Event, Own, ToolError};

use crate::{in_hook, leader, scenario};

fn related() -> (State, Relation) {
    let relation = Relation::new("database:5", "client")
        .with_unit(0, [])
        .with_app_data([("version", "16"), ("old", "x")]);
    (leader().with_relation(relation.clone()), relation)
}

#[test]
fn writes_are_collected_compared_and_sent_in_one_call_for_each_bag() {
    let (state, relation) = related();
    let outcome = in_hook(&state, |juju| {
        let id = relation.id();
        juju.relation_set(&id, Own::App, "version", "16");
        juju.relation_set(&id, Own::App, "endpoints", "10.0.0.10:5432");
        juju.relation_delete(&id, Own::App, "old");
        juju.relation_delete(&id, Own::App, "never-there");
        juju.relation_set(&id, Own::Unit, "ready", "true");
        Ok(())
    });
    let sent: Vec<_> = outcome
        .calls
        .iter()
        .filter(|call| call.tool == "relation-set")
        .map(|call| {
            (
                call.args.join(" "),
                call.stdin.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        sent,
        [
            ("-r database:5 --file -".to_owned(), r#"{"ready":"true"}"#),
            (
                "-r database:5 --app --file -".to_owned(),
                r#"{"endpoints":"10.0.0.10:5432","old":""}"#
            ),
        ]
    );
    let after = outcome.state.relation(5);
    assert_eq!(
        after.local_app.keys().collect::<Vec<_>>(),
        ["endpoints", "version"]
    );
    assert_eq!(after.local_unit["ready"], "true");
}

#[test]
fn writing_what_is_there_writes_nothing() {
    let (state, relation) = related();
    let outcome = in_hook(&state, |juju| {
        juju.relation_set(&relation.id(), Own::App, "version", "16");
        Ok(())
    });
    assert_eq!(outcome.tools(), ["is-leader", "relation-get"]);
    assert_eq!(outcome.state, state);
}

#[test]
fn a_bag_read_before_is_not_read_again_to_compare() {
    let (state, relation) = related();
    let outcome = in_hook(&state, |juju| {
        assert!(juju.is_leader()?);
        assert_eq!(
            juju.relation_get(&relation.id(), &Bag::OwnApp)?["version"],
            "16"
        );
        juju.relation_set(&relation.id(), Own::App, "version", "17");
        assert_eq!(
            juju.relation_get(&relation.id(), &Bag::OwnApp)?["version"],
            "17"
        );
        juju.relation_delete(&relation.id(), Own::App, "version");
        assert!(
            !juju
                .relation_get(&relation.id(), &Bag::OwnApp)?
                .contains_key("version")
        );
        juju.relation_set(&relation.id(), Own::App, "version", "18");
        Ok(())
    });
    assert_eq!(
        outcome.tools(),
        ["is-leader", "relation-get", "relation-set"]
    );
    assert_eq!(outcome.state.relation(5).local_app["version"], "18");
}

#[test]
fn only_the_leader_writes_the_applications_bag() {
    let (mut state, relation) = related();
    state.leader = false;
    let outcome = scenario().run(&state, &Event::ConfigChanged, |_, juju| {
        juju.relation_set(&relation.id(), Own::App, "version", "17");
        Ok::<(), ToolError>(())
    });
    assert!(!outcome.succeeded);
    assert_eq!(outcome.state, state);
    assert_eq!(
        outcome.log,
        [(
            "ERROR".to_owned(),
            "config-changed failed: relation-set failed: cannot write the application's data of \
             database:5: this unit is not the leader"
                .to_owned()
        )]
    );
}

#[test]
fn nothing_is_written_to_a_relation_that_is_broken() {
    let relation = Relation::new("database:5", "client");
    let state = leader().with_relation(relation.clone());
    let outcome = scenario().run(&state, &relation.broken(), |_, juju| {
        juju.relation_set(&relation.id(), Own::App, "version", "17");
        Ok::<(), ToolError>(())
    });
    assert!(outcome.succeeded);
    assert_eq!(outcome.tools(), [""; 0]);
    assert!(outcome.state.relations.is_empty());
}

#[test]
fn a_hook_that_fails_writes_nothing() {
    let (state, relation) = related();
    let outcome = scenario().run(&state, &Event::ConfigChanged, |_, juju| {
        juju.relation_set(&relation.id(), Own::Unit, "ready", "true");
        juju.state_set("seen", "1");
        Err("no disk left")
    });
    assert!(!outcome.succeeded);
    assert_eq!(outcome.state, state);
    assert_eq!(outcome.tools(), ["juju-log"]);
}

#[test]
fn a_hook_that_fails_while_writing_is_not_committed_either() {
    let (state, relation) = related();
    let scenario = scenario().with_fault(Fault::always("state-set", "max allowed size exceeded"));
    let outcome = scenario.run(&state, &Event::ConfigChanged, |_, juju| {
        juju.relation_set(&relation.id(), Own::Unit, "ready", "true");
        juju.state_set("seen", "1");
        Ok::<(), ToolError>(())
    });
    assert_eq!(outcome.count("relation-set"), 1, "Juju has taken it");
    assert!(!outcome.succeeded);
    assert_eq!(outcome.state, state, "and gives it up");
}

#[test]
fn the_state_of_a_unit_is_kept_in_one_call() {
    let mut state = leader();
    state.stored = [("a", "1"), ("b", "2")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    let outcome = in_hook(&state, |juju| {
        juju.state_set("a", "1");
        juju.state_set("c", "3\nlines");
        juju.state_set("d", "");
        juju.state_delete("b");
        juju.state_delete("never-there");
        assert_eq!(juju.state_get("c")?.as_deref(), Some("3\nlines"));
        assert_eq!(juju.state_get("b")?, None);
        Ok(())
    });
    assert_eq!(outcome.tools(), ["state-get", "state-set", "state-delete"]);
    let stored: Vec<_> = outcome
        .state
        .stored
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(stored, ["a=1", "c=3\nlines", "d="]);
}

#[test]
fn the_other_side_of_a_relation_cannot_be_written_or_read_by_strangers() {
    let (mut state, relation) = related();
    state.leader = false;
    let outcome = scenario().run(&state, &Event::ConfigChanged, |_, juju| {
        let own_app = juju.relation_get(&relation.id(), &Bag::OwnApp).unwrap_err();
        assert!(own_app.is_permission_denied(), "not the leader's own bag");
        let stranger = Bag::RemoteUnit("other/0".parse().unwrap());
        assert!(
            juju.relation_get(&relation.id(), &stranger)
                .unwrap_err()
                .is_permission_denied()
        );
        Ok::<(), ToolError>(())
    });
    assert!(outcome.succeeded);
}

/// A provider with many clients, its peers, and what it tells every client.
mod with_many_relations {
    use super::*;
    use juju_charm::Juju;

    fn many() -> State {
        let peers = Relation::new("peers:1", "pg").with_unit(1, []);
        (100..200).fold(leader().with_relation(peers), |state, number| {
            state.with_relation(Relation::new(&format!("database:{number}"), "client"))
        })
    }

    fn tell_everybody(juju: &Juju, endpoints: &str) -> Result<(), ToolError> {
        juju.remember_app_writes_in(&juju.relation_ids("peers")?[0]);
        for database in juju.relation_ids("database")? {
            juju.relation_set(&database, Own::App, "endpoints", endpoints);
        }
        Ok(())
    }

    fn told(state: &State) -> State {
        in_hook(state, |juju| tell_everybody(juju, "10.0.0.10:5432")).state
    }

    #[test]
    fn what_was_written_to_them_need_not_be_read_again() {
        let told = told(&many());
        assert_eq!(told.relation(150).local_app["endpoints"], "10.0.0.10:5432");
        let again = in_hook(&told, |juju| tell_everybody(juju, "10.0.0.10:5432"));
        assert_eq!(
            again.tools(),
            ["relation-ids", "relation-ids", "relation-get", "is-leader"]
        );
        assert_eq!(again.state, told);
    }

    #[test]
    fn a_change_is_written_to_all_of_them() {
        let moved = in_hook(&told(&many()), |juju| {
            tell_everybody(juju, "10.0.0.11:5432")
        });
        assert_eq!(moved.count("relation-set"), 101);
        assert!(
            moved.state.relations[1..]
                .iter()
                .all(|r| r.local_app["endpoints"] == "10.0.0.11:5432")
        );
    }

    #[test]
    fn a_new_one_costs_two_calls_and_a_note() {
        let state = told(&many()).with_relation(Relation::new("database:300", "new"));
        let outcome = in_hook(&state, |juju| tell_everybody(juju, "10.0.0.10:5432"));
        assert_eq!(outcome.count("relation-get"), 2);
        assert_eq!(outcome.count("relation-set"), 2);
        assert_eq!(
            outcome.state.relation(300).local_app["endpoints"],
            "10.0.0.10:5432"
        );
    }

    #[test]
    fn other_writes_in_between_are_not_mistaken_for_the_same() {
        let state = told(&many());
        let other = in_hook(&state, |juju| {
            tell_everybody(juju, "10.0.0.10:5432")?;
            let database = juju.relation_ids("database")?.remove(0);
            juju.relation_delete(&database, Own::App, "endpoints");
            Ok(())
        });
        assert!(other.state.relation(100).local_app.is_empty());
        assert_eq!(
            told(&other.state).relation(100).local_app["endpoints"],
            "10.0.0.10:5432"
        );
    }

    #[test]
    fn a_failed_hook_remembers_nothing() {
        let scenario = scenario();
        let outcome = scenario.run(&many(), &Event::ConfigChanged, |_, juju| {
            tell_everybody(juju, "10.0.0.10:5432")?;
            juju.flush()?;
            Err("no disk left".into()) as Result<(), juju_charm::dispatch::CharmError>
        });
        assert_eq!(outcome.state, many());
    }

    #[test]
    fn an_upgrade_compares_everything_once() {
        let mut state = told(&many());
        state.relation_mut(100).local_app.clear();
        assert!(
            told(&state).relation(100).local_app.is_empty(),
            "nobody else writes here"
        );
        let upgraded = scenario().run(&state, &Event::UpgradeCharm, |_, juju| {
            tell_everybody(juju, "10.0.0.10:5432")
        });
        assert_eq!(
            upgraded.state.relation(100).local_app["endpoints"],
            "10.0.0.10:5432"
        );
        assert_eq!(upgraded.count("relation-get"), 101);
    }

    #[test]
    fn one_that_is_over_is_forgotten() {
        let state = told(&many());
        let outcome = scenario().run(&state, &state.relation(100).broken(), |_, juju| {
            tell_everybody(juju, "10.0.0.10:5432")
        });
        let memory = &outcome.state.relation(1).local_app["written-databags"];
        assert!(!memory.contains("\"100\"") && memory.contains("\"101\""));
    }
}
