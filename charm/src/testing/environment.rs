//! The environment Juju would run the charm with.

use std::collections::BTreeMap;

use super::State;
use crate::Event;

/// All variables that start with `JUJU_`, those that Juju exports empty included.
pub(super) fn variables(state: &State, event: &Event) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        all.insert(name.to_owned(), value.to_owned());
    };
    let name = event.name();
    let is_action = event.action().is_some();

    set("JUJU_CHARM_DIR", "/var/lib/juju/agents/unit/charm");
    set("JUJU_UNIT_NAME", state.unit.as_str());
    set("JUJU_MODEL_NAME", &state.model_name);
    set("JUJU_MODEL_UUID", &state.model_uuid);
    set("JUJU_VERSION", &state.juju_version.to_string());
    set(
        "JUJU_CONTEXT_ID",
        &format!("{}-{name}-{}", state.unit, "0".repeat(32)),
    );
    set("JUJU_MACHINE_ID", &state.unit.number().to_string());
    for empty in [
        "JUJU_PRINCIPAL_UNIT",
        "JUJU_AVAILABILITY_ZONE",
        "JUJU_CHARM_HTTP_PROXY",
        "JUJU_CHARM_HTTPS_PROXY",
        "JUJU_CHARM_FTP_PROXY",
        "JUJU_CHARM_NO_PROXY",
    ] {
        set(empty, "");
    }
    set("JUJU_HOOK_NAME", if is_action { "" } else { &name });
    set(
        "JUJU_DISPATCH_PATH",
        &format!("{}/{name}", if is_action { "actions" } else { "hooks" }),
    );

    if let Some(action) = event.action() {
        set("JUJU_ACTION_NAME", &action.name);
        set("JUJU_ACTION_UUID", &action.task);
        set("JUJU_ACTION_TAG", &format!("action-{}", action.task));
    }
    if let Some(at) = event.relation() {
        set("JUJU_RELATION", at.id.endpoint());
        set("JUJU_RELATION_ID", at.id.as_str());
        set("JUJU_REMOTE_APP", at.app.as_deref().unwrap_or_default());
        set(
            "JUJU_REMOTE_UNIT",
            at.unit
                .as_ref()
                .map(crate::UnitName::as_str)
                .unwrap_or_default(),
        );
        if let Some(departing) = &at.departing {
            set("JUJU_DEPARTING_UNIT", departing.as_str());
        }
    }
    if let Some(at) = event.secret() {
        set("JUJU_SECRET_ID", at.id.uri());
        set("JUJU_SECRET_LABEL", at.label.as_deref().unwrap_or_default());
        if let Some(revision) = at.revision {
            set("JUJU_SECRET_REVISION", &revision.to_string());
        }
    }
    if let Event::StorageAttached(at) | Event::StorageDetaching(at) = event {
        set("JUJU_STORAGE_ID", at.id.as_str());
        let location = at.location.as_ref().map(|path| path.to_string_lossy());
        set("JUJU_STORAGE_LOCATION", &location.unwrap_or_default());
        set("JUJU_STORAGE_KIND", at.kind.as_deref().unwrap_or_default());
    }
    if let Event::PebbleReady(at)
    | Event::PebbleCustomNotice(at, _)
    | Event::PebbleCheckFailed(at)
    | Event::PebbleCheckRecovered(at) = event
    {
        set("JUJU_WORKLOAD_NAME", &at.container);
        if let Some(notice) = &at.notice {
            set("JUJU_NOTICE_ID", &notice.id);
            set("JUJU_NOTICE_TYPE", &notice.kind);
            set("JUJU_NOTICE_KEY", &notice.key);
        }
        if let Some(check) = &at.check {
            set("JUJU_PEBBLE_CHECK_NAME", check);
        }
    }
    all
}
