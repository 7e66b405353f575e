//! Reading costs one call, however often it is done.

use juju_charm::testing::{Fault, Relation};
use juju_charm::{Bag, Event, Port, RelationId, Status, ToolError, ToolErrorKind, UnitName};

use crate::{in_hook, leader, scenario};

#[test]
fn what_was_read_is_remembered_for_the_hook() {
    let state = leader()
        .with_config("memory", 7)
        .with_storage("pgdata/3", "/var/lib/pg")
        .with_relation(Relation::new("database:5", "client").with_unit(0, [("k", "v")]));
    let outcome = in_hook(&state, |juju| {
        for _ in 0..3 {
            assert!(juju.is_leader()?);
            assert_eq!(juju.config()?.integer("memory"), Some(7));
            let database = juju.relation_ids("database")?.remove(0);
            let unit = juju.relation_list(&database)?.remove(0);
            assert_eq!(
                juju.relation_get(&database, &Bag::RemoteUnit(unit))?["k"],
                "v"
            );
            assert_eq!(juju.relation_app(&database)?.as_deref(), Some("client"));
            assert_eq!(
                juju.network_get("database")?.bind_address(),
                Some("10.0.0.10")
            );
            let storage = juju.storage_list("pgdata")?.remove(0);
            assert_eq!(
                juju.storage_get(&storage)?.location.to_str(),
                Some("/var/lib/pg")
            );
            assert_eq!(juju.state_get("nothing")?, None);
            assert!(juju.opened_ports()?.is_empty());
        }
        Ok(())
    });
    assert_eq!(
        outcome.tools(),
        [
            "is-leader",
            "config-get",
            "relation-ids",
            "relation-list",
            "relation-get",
            "network-get",
            "storage-list",
            "storage-get",
            "state-get",
            "opened-ports",
        ]
    );
}

#[test]
fn options_are_read_by_their_type() {
    let state = leader()
        .with_config("plugin", true)
        .with_config("users", "secret:d0vd");
    in_hook(&state, |juju| {
        let config = juju.config()?;
        assert_eq!(config.string("profile"), Some("production"));
        assert_eq!(config.boolean("plugin"), Some(true));
        assert_eq!(config.float("ratio"), Some(0.5));
        assert_eq!(config.integer("memory"), None);
        assert_eq!(config.secret("users").unwrap().bare(), "d0vd");
        Ok(())
    });
}

#[test]
fn relations_come_in_the_order_they_were_made_and_without_a_broken_one() {
    let broken = Relation::new("database:7", "gone");
    let state = leader()
        .with_relation(Relation::new("database:10", "b"))
        .with_relation(Relation::new("database:2", "a"))
        .with_relation(broken.clone());
    let ids = |event: &Event| {
        let mut seen = Vec::new();
        let outcome = scenario().run(&state, event, |_, juju| {
            seen = juju.relation_ids("database")?;
            Ok::<(), ToolError>(())
        });
        assert!(outcome.succeeded);
        seen.iter().map(RelationId::number).collect::<Vec<_>>()
    };
    assert_eq!(ids(&Event::ConfigChanged), [2, 7, 10]);
    assert_eq!(ids(&broken.broken()), [2, 10]);
}

#[test]
fn the_application_on_the_other_side_is_asked_for_only_if_nothing_names_it() {
    let relation = Relation::new("database:5", "client").with_remote_data([("k", "v")]);
    let state = leader().with_relation(relation.clone());
    let read = |event: &Event| {
        let outcome = scenario().run(&state, event, |_, juju| {
            assert_eq!(
                juju.relation_get(&relation.id(), &Bag::RemoteApp)?["k"],
                "v"
            );
            Ok::<(), ToolError>(())
        });
        outcome.tools().join(" ")
    };
    assert_eq!(read(&relation.app_changed()), "relation-get");
    assert_eq!(read(&Event::UpdateStatus), "relation-list relation-get");
}

#[test]
fn peers_are_listed_without_this_unit_and_in_natural_order() {
    let peers = Relation::new("peers:1", "pg")
        .with_unit(10, [])
        .with_unit(2, []);
    in_hook(&leader().with_relation(peers.clone()), |juju| {
        assert_eq!(
            juju.relation_list(&peers.id())?,
            [UnitName::new("pg", 2), UnitName::new("pg", 10)]
        );
        Ok(())
    });
}

#[test]
fn a_tool_that_fails_is_an_error_with_its_kind_and_words() {
    let scenario = scenario().with_fault(Fault::always("relation-get", "permission denied"));
    let relation = Relation::new("database:5", "client");
    let state = leader().with_relation(relation.clone());
    let outcome = scenario.run(&state, &Event::UpdateStatus, |_, juju| {
        let error = juju
            .relation_get(&relation.id(), &Bag::RemoteApp)
            .unwrap_err();
        assert_eq!(error.kind(), ToolErrorKind::PermissionDenied);
        assert_eq!(error.to_string(), "relation-get failed: permission denied");
        Ok::<(), ToolError>(())
    });
    assert!(outcome.succeeded);
}

#[test]
fn resources_goal_state_and_statuses_are_read() {
    let mut state = leader().with_relation(Relation::new("peers:1", "pg").with_unit(1, []));
    state
        .resources
        .insert("tools".into(), "/resources/tools.tar.gz".into());
    state.status = Some(Status::waiting("for a primary"));
    in_hook(&state, |juju| {
        assert_eq!(
            juju.resource_get("tools")?.unwrap().to_str(),
            Some("/resources/tools.tar.gz")
        );
        assert_eq!(juju.resource_get("nothing")?, None);
        assert_eq!(
            juju.goal_state()?.units.keys().collect::<Vec<_>>(),
            ["pg/0", "pg/1"]
        );
        assert_eq!(juju.status_get()?.status, "waiting");
        assert_eq!(juju.unit_statuses()?["pg/0"].message, "for a primary");
        Ok(())
    });
}

#[test]
fn ports_become_exactly_those_wanted() {
    let mut state = leader();
    state.opened_ports = [Port::tcp(5432), Port::udp(53)].into();
    let wanted = [Port::tcp(5432), Port::tcp(8008)];
    let outcome = in_hook(&state, |juju| {
        juju.set_ports(wanted);
        Ok(())
    });
    assert_eq!(outcome.tools(), ["opened-ports", "close-port", "open-port"]);
    assert_eq!(outcome.state.opened_ports, wanted.into());

    let again = in_hook(&outcome.state, |juju| {
        juju.set_ports(wanted);
        Ok(())
    });
    assert_eq!(again.tools(), ["opened-ports"]);
}

#[test]
fn statuses_and_versions_are_set_at_once_and_not_twice() {
    let outcome = in_hook(&leader(), |juju| {
        juju.status_set(&Status::maintenance("installing"))?;
        juju.status_set(&Status::maintenance("installing"))?;
        juju.status_set(&Status::active("-not a flag"))?;
        juju.app_status_set(&Status::active(""))?;
        juju.application_version_set("16.4")?;
        juju.application_version_set("16.4")
    });
    assert_eq!(
        outcome.tools(),
        [
            "status-set",
            "status-set",
            "status-set",
            "application-version-set"
        ]
    );
    assert_eq!(outcome.state.status, Some(Status::active("-not a flag")));
    assert_eq!(outcome.statuses.len(), 2);
    assert_eq!(outcome.state.version.as_deref(), Some("16.4"));
}
