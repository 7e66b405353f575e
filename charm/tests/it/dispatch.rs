//! How a dispatch ends.

use juju_charm::testing::{Fault, Relation, Scenario, State};
use juju_charm::{Bag, Event, Juju, Own, Status, ToolError};

use crate::{leader, scenario};

#[path = "../../examples/greeter.rs"]
#[expect(dead_code, reason = "its main is for Juju")]
mod greeter;

#[test]
fn a_hook_that_returns_an_error_ends_badly_and_says_why() {
    let outcome = scenario().run(&leader(), &Event::Install, |_, _| Err("no network"));
    assert!(!outcome.succeeded);
    assert_eq!(
        outcome.log,
        [("ERROR".to_owned(), "install failed: no network".to_owned())]
    );
}

#[test]
fn a_status_stays_even_if_the_hook_fails() {
    let outcome = scenario().run(&leader(), &Event::Install, |_, juju| {
        juju.status_set(&Status::maintenance("installing")).unwrap();
        Err("no network")
    });
    assert_eq!(
        outcome.state.status,
        Some(Status::maintenance("installing"))
    );
}

#[test]
fn losing_the_lead_before_the_end_is_an_error_of_its_own() {
    let relation = Relation::new("database:5", "client");
    let state = leader().with_relation(relation.clone());
    let lost = Fault::always("relation-set", "cannot write relation settings");
    let outcome = scenario()
        .with_fault(lost)
        .run(&state, &Event::UpdateStatus, |_, juju| {
            assert!(juju.is_leader()?);
            juju.relation_set(&relation.id(), Own::App, "k", "v");
            let error = juju.flush().unwrap_err();
            assert!(error.is_not_leader());
            Err(error)
        });
    assert!(!outcome.succeeded);
}

#[test]
fn flushing_in_the_middle_sends_nothing_twice() {
    let relation = Relation::new("database:5", "client");
    let state = leader().with_relation(relation.clone());
    let outcome = scenario().run(&state, &Event::UpdateStatus, |_, juju| {
        juju.relation_set(&relation.id(), Own::Unit, "k", "v");
        juju.flush()?;
        juju.relation_set(&relation.id(), Own::Unit, "k", "v");
        Ok::<(), ToolError>(())
    });
    assert_eq!(outcome.tools(), ["relation-get", "relation-set"]);
}

/// What a database charm looks at and says from time to time, as a measure of what that costs.
fn update_status(_: &Event, juju: &Juju) -> Result<(), ToolError> {
    juju.config()?;
    let leads = juju.is_leader()?;
    let peers = juju.relation_ids("peers")?.remove(0);
    for unit in juju.relation_list(&peers)? {
        juju.relation_get(&peers, &Bag::RemoteUnit(unit))?;
    }
    juju.relation_get(&peers, &Bag::OwnApp)?;
    juju.relation_set(
        &peers,
        Own::Unit,
        "address",
        juju.network_get("peers")?.bind_address().unwrap(),
    );
    for database in juju.relation_ids("database")? {
        juju.relation_get(&database, &Bag::RemoteApp)?;
        if leads {
            juju.relation_set(&database, Own::App, "endpoints", "10.0.0.10:5432");
        }
    }
    juju.set_ports([juju_charm::Port::tcp(5432)]);
    tracing::info!("looked around");
    juju.status_set(&Status::active("Primary"))
}

#[test]
fn a_look_around_in_a_cluster_of_three_takes_no_more_than_seventeen_calls() {
    let peers = Relation::new("peers:1", "pg")
        .with_unit(1, [])
        .with_unit(2, []);
    let database = Relation::new("database:5", "client").with_unit(0, []);
    let state = leader().with_relation(peers).with_relation(database);
    let first = scenario().run(&state, &Event::UpdateStatus, update_status);
    assert!(first.succeeded);
    let again = scenario().run(&first.state, &Event::UpdateStatus, update_status);
    assert_eq!(again.state, first.state);
    assert!(again.calls.len() <= 17, "{:?}", again.tools());
    assert_eq!(again.count("relation-set") + again.count("open-port"), 0);
}

#[test]
fn the_example_is_a_charm() {
    let scenario = Scenario::parse(
        "name: greeter\nprovides: {greeting: greeting}",
        "options: {name: {type: string}}",
        "greet: {additionalProperties: false}",
    );
    let unset = State::new("greeter/0").leader();
    let blocked = scenario.run(&unset, &Event::ConfigChanged, greeter::charm);
    assert_eq!(
        blocked.state.status,
        Some(Status::blocked("set the option `name`"))
    );

    let set = unset
        .with_config("name", "Ada")
        .with_relation(Relation::new("greeting:3", "guest"));
    let greeted = scenario.run(&set, &Event::ConfigChanged, greeter::charm);
    assert_eq!(
        greeted.state.relation(3).local_app["greeting"],
        "Hello, Ada!"
    );
    let asked = scenario.action(&set, "greet", serde_json::json!({}), greeter::charm);
    assert_eq!(asked.results["greeting"], "Hello, Ada!");
}

#[test]
fn killed_anywhere_a_hook_leaves_only_what_takes_effect_at_once_and_the_next_one_finishes() {
    let relation = Relation::new("database:5", "client").with_unit(0, []);
    let state = leader()
        .with_relation(Relation::new("peers:1", "pg"))
        .with_relation(relation);
    let whole = scenario().run(&state, &Event::UpdateStatus, update_status);
    for call in 1..=whole.calls.len() {
        let killed = scenario()
            .killed_at(call)
            .run(&state, &Event::UpdateStatus, update_status);
        assert!(!killed.succeeded);
        assert_eq!(killed.calls, whole.calls[..call - 1]);
        assert_eq!(killed.state.relations, state.relations);
        assert_eq!(killed.state.opened_ports, state.opened_ports);
        let next = scenario().run(&killed.state, &Event::UpdateStatus, update_status);
        assert_eq!(next.state, whole.state);
    }
}
