//! Which event leads where: all that can wake the charm, on one page.

use juju_charm::{Event, Juju};

use super::{actions, publish};
use crate::domain::decision::Wake;
use crate::error::StepError;
use crate::reconcile::{World as _, reconcile};
use crate::unit::Unit;

/// What an event asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Look, decide, act: everything but what follows.
    Reconcile,
    /// An action, by name.
    Action(String),
    /// The unit is going.
    Leave,
    /// Nothing to do with this charm.
    Ignore,
}

/// Where an event leads.
pub fn route(event: &Event) -> Route {
    match event {
        Event::Action(action) => Route::Action(action.name.clone()),
        Event::Stop | Event::Remove => Route::Leave,
        Event::PreSeriesUpgrade
        | Event::PostSeriesUpgrade
        | Event::CollectMetrics
        | Event::MeterStatusChanged
        | Event::StorageDetaching(_)
        | Event::SecretRotate(_)
        | Event::SecretExpired(_)
        | Event::SecretRemove(_)
        | Event::PebbleReady(_)
        | Event::PebbleCustomNotice(..)
        | Event::PebbleCheckFailed(_)
        | Event::PebbleCheckRecovered(_) => Route::Ignore,
        Event::Install
        | Event::Start
        | Event::ConfigChanged
        | Event::UpdateStatus
        | Event::LeaderElected
        | Event::LeaderSettingsChanged
        | Event::UpgradeCharm
        | Event::RelationCreated(_)
        | Event::RelationJoined(_)
        | Event::RelationChanged(_)
        | Event::RelationDeparted(_)
        | Event::RelationBroken(_)
        | Event::StorageAttached(_)
        | Event::SecretChanged(_)
        | Event::Custom(_) => Route::Reconcile,
    }
}

/// Hooks that bring a waiting unit back, by name: for each wake at least one.
pub fn hooks_of(wake: Wake) -> &'static [&'static str] {
    match wake {
        Wake::PeersChanged => &["database-peers-relation-changed", "secret-changed"],
        Wake::PeersCreated => &["database-peers-relation-created"],
        Wake::NextHook => &["config-changed", "start", "update-status"],
        Wake::ObjectStorageChanged => &["s3-parameters-relation-changed", "secret-changed"],
        Wake::ConfigChanged => &["config-changed"],
        Wake::UpdateStatus => &["update-status"],
    }
}

/// Does what an event asks for.
///
/// # Errors
///
/// What a hook cannot recover from by itself; Juju shows it and tries again.
pub fn follow(event: &Event, juju: &Juju) -> Result<(), StepError> {
    match route(event) {
        Route::Ignore => {
            forget_old_revisions(event, juju);
            Ok(())
        }
        Route::Action(name) => actions::run(&name, juju),
        Route::Leave => leave(juju),
        Route::Reconcile => {
            let mut unit = Unit::new(juju)?;
            let outcome = reconcile(&mut unit)?;
            publish::outcome(juju, &outcome)
        }
    }
}

/// Revisions of our own secret that nobody reads any more would pile up.
fn forget_old_revisions(event: &Event, juju: &Juju) {
    if let Event::SecretRemove(secret) = event {
        juju.secret_remove(&secret.id, secret.revision);
    }
}

/// The unit goes: its programs stop. Its data stays on the storage, which Juju may attach elsewhere.
fn leave(juju: &Juju) -> Result<(), StepError> {
    use crate::domain::observed::{Service, ServiceState};
    use crate::domain::plan::Step;
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    for service in [Service::Patroni, Service::Etcd] {
        if seen.host.service(service) != ServiceState::Absent {
            unit.perform(&Step::Stop(service))?;
        }
    }
    Ok(())
}
