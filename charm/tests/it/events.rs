//! Every event goes through the environment and comes back as it was.

use juju_charm::context::{Notice, WorkloadContext};
use juju_charm::testing::{Relation, Secret, SecretHolder, State};
use juju_charm::{Event, SecretContent, ToolError};

use crate::{leader, scenario};

fn check(state: &State, event: &Event) {
    let mut got = None;
    let outcome = scenario().run(state, event, |event, _| {
        got = Some(event.clone());
        Ok::<(), ToolError>(())
    });
    assert!(outcome.succeeded);
    assert_eq!(outcome.tools(), [""; 0], "an event alone costs no call");
    assert_eq!(got.as_ref(), Some(event));
}

#[test]
fn relation_events_survive_the_environment() {
    let mut relation = Relation::new("database:5", "client").with_unit(3, []);
    relation.departed_units.insert(4, [].into());
    let state = leader().with_relation(relation.clone());
    check(&state, &relation.created());
    check(&state, &relation.joined(3));
    check(&state, &relation.changed(3));
    check(&state, &relation.app_changed());
    check(&state, &relation.departed(4));
    check(&state, &relation.departed_by(4, &state.unit));

    let over = Relation::new("database:5", "client");
    check(&leader().with_relation(over.clone()), &over.broken());
}

#[test]
fn secret_events_survive_the_environment() {
    let content = || SecretContent::new().with("password", "x");
    let ours = Secret::new("secret:ours", SecretHolder::Application, content()).labelled("admin");
    let theirs = Secret::new("secret:theirs", SecretHolder::Granted, content())
        .with_revision(content())
        .tracking(1);
    let state = leader()
        .with_secret(ours.clone())
        .with_secret(theirs.clone());
    check(&state, &theirs.changed());
    check(&state, &ours.rotate());
    check(&state, &ours.expired(1));
    check(&state, &ours.remove(1));
}

#[test]
fn storage_container_and_plain_events_survive_the_environment() {
    let state = leader().with_storage("pgdata/7", "/var/lib/pg");
    check(&state, &state.storage[0].attached());
    check(&state, &state.storage[0].detaching());

    let workload = |notice: Option<Notice>, check: Option<&str>| WorkloadContext {
        container: "workload".into(),
        notice,
        check: check.map(str::to_owned),
    };
    let notice = Notice {
        id: "1".into(),
        kind: "custom".into(),
        key: "example.com/x".into(),
    };
    check(&state, &Event::PebbleReady(workload(None, None)));
    check(
        &state,
        &Event::PebbleCustomNotice(workload(Some(notice.clone()), None), notice),
    );
    check(
        &state,
        &Event::PebbleCheckFailed(workload(None, Some("up"))),
    );
    check(
        &state,
        &Event::PebbleCheckRecovered(workload(None, Some("up"))),
    );

    check(&state, &Event::Install);
    check(&state, &Event::LeaderElected);
    check(&state, &Event::Custom("cluster-changed".into()));
}
