//! Juju has no requeue: whatever a unit waits for has to reach reconcile.

use juju_charm::{Context, Event};
use postgresql_charm::domain::decision::Wake;
use postgresql_charm::juju::routes::{Route, hooks_of, route};

/// The environment in which Juju runs a hook.
fn event(hook: &str) -> Event {
    let relation = hook
        .split_once("-relation-")
        .map(|(endpoint, _)| endpoint.to_owned());
    let context = Context::from_env(|name| {
        let value = match name {
            "JUJU_UNIT_NAME" => "postgresql/0",
            "JUJU_CHARM_DIR" | "CHARM_DIR" => "/var/lib/juju/agents/unit-postgresql-0/charm",
            "JUJU_MODEL_NAME" => "dev",
            "JUJU_MODEL_UUID" => "5d4c3b2a-0000-4000-8000-000000000000",
            "JUJU_VERSION" => "3.6.11",
            "JUJU_CONTEXT_ID" => "postgresql/0-hook-1",
            "JUJU_HOOK_NAME" => return Some(hook.to_owned()),
            "JUJU_DISPATCH_PATH" => return Some(format!("hooks/{hook}")),
            "JUJU_RELATION" => return relation.clone(),
            "JUJU_RELATION_ID" => return relation.as_ref().map(|endpoint| format!("{endpoint}:1")),
            "JUJU_REMOTE_APP" => "other",
            "JUJU_REMOTE_UNIT" => "other/0",
            "JUJU_SECRET_ID" if hook.starts_with("secret") => "secret:d0vdtqnmp25c762e7jug",
            _ => return None,
        };
        Some(value.to_owned())
    });
    Event::from_context(&context.unwrap()).unwrap()
}

#[test]
fn invariant_2_every_wait_has_a_subscribed_wake() {
    for wake in Wake::ALL {
        assert!(!hooks_of(wake).is_empty(), "{wake:?} is woken by nothing");
        for hook in hooks_of(wake) {
            assert_eq!(route(&event(hook)), Route::Reconcile, "{hook} for {wake:?}");
        }
    }
}

#[test]
fn an_unknown_hook_is_a_reason_to_look() {
    assert_eq!(route(&event("topology-changed")), Route::Reconcile);
}

#[test]
fn a_unit_that_goes_is_not_brought_up_again() {
    assert_eq!(route(&event("stop")), Route::Leave);
    assert_eq!(route(&event("remove")), Route::Leave);
}
