//! `Context::from_env` and `Event::from_context`.

use std::collections::BTreeMap;

use juju_charm::context::ContextError;
use juju_charm::{Context, Event, JujuVersion};

/// What Juju exports for every hook, and some more.
fn context(more: &[(&str, &str)]) -> Result<Context, ContextError> {
    let mut all = BTreeMap::from([
        ("JUJU_CHARM_DIR", "/var/lib/juju/agents/unit-pg-0/charm"),
        ("JUJU_UNIT_NAME", "pg/0"),
        ("JUJU_MODEL_NAME", "dev"),
        ("JUJU_MODEL_UUID", "3f1c"),
        ("JUJU_VERSION", "3.6.11"),
        ("JUJU_PRINCIPAL_UNIT", ""),
        ("JUJU_CHARM_HTTP_PROXY", ""),
    ]);
    all.extend(more.iter().copied());
    Context::from_env(|name| all.get(name).map(|value| (*value).to_owned()))
}

fn event(more: &[(&str, &str)]) -> Event {
    Event::from_context(&context(more).unwrap()).unwrap()
}

#[test]
fn a_variable_set_to_nothing_counts_as_not_set() {
    let context = context(&[]).unwrap();
    assert_eq!(context.principal, None);
    assert_eq!(context.proxies.http, None);
    assert_eq!(context.application(), "pg");
    assert_eq!(context.juju_version, JujuVersion::new(3, 6, 11));
}

#[test]
fn outside_juju_the_missing_variable_is_named() {
    let error = Context::from_env(|_| None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot run outside Juju: JUJU_UNIT_NAME is not set"
    );
}

#[test]
fn a_unit_name_that_is_none_is_refused() {
    let error = context(&[("JUJU_UNIT_NAME", "pg")]).unwrap_err();
    assert_eq!(error.to_string(), "cannot understand JUJU_UNIT_NAME");
}

#[test]
fn every_plain_hook_has_its_event() {
    for (hook, wanted) in [
        ("install", Event::Install),
        ("start", Event::Start),
        ("config-changed", Event::ConfigChanged),
        ("update-status", Event::UpdateStatus),
        ("leader-elected", Event::LeaderElected),
        ("leader-settings-changed", Event::LeaderSettingsChanged),
        ("upgrade-charm", Event::UpgradeCharm),
        ("stop", Event::Stop),
        ("remove", Event::Remove),
        ("pre-series-upgrade", Event::PreSeriesUpgrade),
        ("post-series-upgrade", Event::PostSeriesUpgrade),
        ("collect-metrics", Event::CollectMetrics),
        ("meter-status-changed", Event::MeterStatusChanged),
        ("something-new", Event::Custom("something-new".into())),
    ] {
        let path = format!("hooks/{hook}");
        let got = event(&[("JUJU_HOOK_NAME", hook), ("JUJU_DISPATCH_PATH", &path)]);
        assert_eq!(got, wanted);
        assert_eq!(got.name(), hook);
    }
}

#[test]
fn relation_hooks_carry_their_relation() {
    let about = |hook, unit, departing| {
        event(&[
            ("JUJU_HOOK_NAME", hook),
            ("JUJU_RELATION", "db-admin"),
            ("JUJU_RELATION_ID", "db-admin:5"),
            ("JUJU_REMOTE_APP", "client"),
            ("JUJU_REMOTE_UNIT", unit),
            ("JUJU_DEPARTING_UNIT", departing),
        ])
    };
    let Event::RelationChanged(at) = about("db-admin-relation-changed", "client/3", "") else {
        panic!("not changed")
    };
    assert_eq!((at.id.endpoint(), at.id.number()), ("db-admin", 5));
    assert_eq!(at.app.as_deref(), Some("client"));
    assert_eq!(at.unit.unwrap().number(), 3);
    assert_eq!(at.departing, None);

    let Event::RelationChanged(at) = about("db-admin-relation-changed", "", "") else {
        panic!("not changed")
    };
    assert_eq!(at.unit, None, "an application's bag changed");

    let Event::RelationDeparted(at) = about("db-admin-relation-departed", "client/3", "pg/0")
    else {
        panic!("not departed")
    };
    assert_eq!(at.departing.unwrap().as_str(), "pg/0");
}

#[test]
fn secret_storage_and_container_hooks_carry_what_they_are_about() {
    let secret = event(&[
        ("JUJU_HOOK_NAME", "secret-remove"),
        ("JUJU_SECRET_ID", "secret:d0vdtqnmp25c762e7jug"),
        ("JUJU_SECRET_LABEL", ""),
        ("JUJU_SECRET_REVISION", "3"),
    ]);
    let Event::SecretRemove(at) = secret else {
        panic!("not secret-remove")
    };
    assert_eq!((at.label, at.revision), (None, Some(3)));

    let storage = event(&[
        ("JUJU_HOOK_NAME", "pgdata-storage-attached"),
        ("JUJU_STORAGE_ID", "pgdata/7"),
        ("JUJU_STORAGE_LOCATION", "/var/lib/pg"),
        ("JUJU_STORAGE_KIND", "filesystem"),
    ]);
    let Event::StorageAttached(at) = storage else {
        panic!("not storage-attached")
    };
    assert_eq!(at.location.unwrap().to_str(), Some("/var/lib/pg"));

    let notice = event(&[
        ("JUJU_HOOK_NAME", "pg-pebble-custom-notice"),
        ("JUJU_WORKLOAD_NAME", "pg"),
        ("JUJU_NOTICE_ID", "7"),
        ("JUJU_NOTICE_TYPE", "custom"),
        ("JUJU_NOTICE_KEY", "example.com/done"),
    ]);
    let Event::PebbleCustomNotice(at, notice) = notice else {
        panic!("not a notice")
    };
    assert_eq!(
        (at.container.as_str(), notice.key.as_str()),
        ("pg", "example.com/done")
    );

    let check = event(&[
        ("JUJU_HOOK_NAME", "pg-pebble-check-failed"),
        ("JUJU_WORKLOAD_NAME", "pg"),
        ("JUJU_PEBBLE_CHECK_NAME", "up"),
    ]);
    let Event::PebbleCheckFailed(at) = check else {
        panic!("not a check")
    };
    assert_eq!(at.check.as_deref(), Some("up"));
}

#[test]
fn an_action_is_told_by_its_path_and_has_no_hook_name() {
    let got = event(&[
        ("JUJU_HOOK_NAME", ""),
        ("JUJU_DISPATCH_PATH", "actions/backup"),
        ("JUJU_ACTION_NAME", "backup"),
        ("JUJU_ACTION_UUID", "12"),
    ]);
    let action = got.action().unwrap();
    assert_eq!(
        (action.name.as_str(), action.task.as_str()),
        ("backup", "12")
    );
}

#[test]
fn juju_exec_dispatches_a_hook_of_any_name_by_its_path() {
    let exec = [
        ("JUJU_HOOK_NAME", ""),
        ("JUJU_ACTION_NAME", "juju-exec"),
        ("JUJU_ACTION_UUID", "4"),
    ];
    let with_path = |path| event(&[exec[0], exec[1], exec[2], ("JUJU_DISPATCH_PATH", path)]);
    assert_eq!(
        with_path("hooks/cluster-changed"),
        Event::Custom("cluster-changed".into())
    );
    assert_eq!(with_path("hooks/update-status"), Event::UpdateStatus);
    assert_eq!(event(&exec).name(), "juju-exec");
}

#[test]
fn a_relation_hook_without_its_relation_is_a_custom_event() {
    let got = event(&[("JUJU_HOOK_NAME", "db-relation-changed")]);
    assert_eq!(got, Event::Custom("db-relation-changed".into()));
    let nothing = context(&[]).unwrap();
    assert!(Event::from_context(&nothing).is_err());
}
