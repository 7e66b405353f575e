//! Which event leads where: all that can wake the charm, on one page.

use juju_charm::{Event, Juju};

use super::{actions, publish};
use crate::adapters::host::files;
use crate::domain::decide::leave;
use crate::domain::decision::Wake;
use crate::error::StepError;
use crate::reconcile::{World as _, carry_out, reconcile};
use crate::unit::{Unit, because};

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
    if is_disabled(event, juju)? {
        return Ok(());
    }
    if departs(event, juju)? {
        return leave(juju, leave::Stage::Departing);
    }
    match route(event) {
        Route::Ignore => {
            forget_old_revisions(event, juju);
            Ok(())
        }
        Route::Action(name) => actions::run(&name, juju),
        Route::Leave => leave(juju, leave::Stage::Stopping),
        Route::Reconcile => {
            let mut unit = Unit::new(juju)?;
            let outcome = reconcile(&mut unit)?;
            publish::outcome(juju, &outcome)
        }
    }
}

/// A file named `disable` in the charm's directory keeps the charm's hands off everything, for people who repair a unit by
/// hand. Whether it is there; the status tells so.
///
/// # Errors
///
/// When the directory cannot be read, or Juju cannot be told.
fn is_disabled(event: &Event, juju: &Juju) -> Result<bool, StepError> {
    let file = juju.context().charm_dir.join("disable");
    if !files::exists(&file).map_err(because)? {
        return Ok(false);
    }
    let hint = "remove the file to go on";
    tracing::warn!("{} is there: nothing is done; {hint}", file.display());
    if let Event::Action(_) = event {
        juju.action_fail(format!(
            "the charm is disabled on this unit\nhint: {hint} ({})",
            file.display()
        ));
    }
    publish::disabled(juju)?;
    Ok(true)
}

/// Revisions of our own secret that nobody reads any more would pile up.
fn forget_old_revisions(event: &Event, juju: &Juju) {
    if let Event::SecretRemove(secret) = event {
        juju.secret_remove(&secret.id, secret.revision);
    }
}

/// Whether this unit is removed: it leaves its peers, or its volume is about to go while Juju calls it dying.
///
/// Which of the two hooks comes first differs. After the second the data is out of reach, so that all has to be done in
/// the first.
///
/// # Errors
///
/// When Juju cannot be asked.
fn departs(event: &Event, juju: &Juju) -> Result<bool, StepError> {
    let unit = &juju.context().unit;
    match event {
        Event::RelationDeparted(relation) => {
            Ok(relation.id.endpoint() == super::PEERS && relation.departing.as_ref() == Some(unit))
        }
        Event::StorageDetaching(_) => {
            let staying = super::view::staying(juju)?;
            Ok(!staying.iter().any(|name| name.unit() == unit.as_str()))
        }
        _ => Ok(false),
    }
}

/// The unit goes. Its data stays on the storage, which Juju may attach elsewhere.
///
/// What fails while its peers are still known is tried again by the hooks that follow. The last hook stops the programs
/// in any case: a unit that cannot be removed helps nobody, and the leader takes out what it has left in etcd. Only one that
/// the others rely on stays, and Juju shows its hook as failed and tries it again: a primary that nobody takes the lead from
/// may have what no other has, and the volume of a voter must not go while it votes.
fn leave(juju: &Juju, stage: leave::Stage) -> Result<(), StepError> {
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let me = &seen.juju.member;
    let (mut leaving, mut staying) = super::view::units_by_goal(juju)?;
    leaving.retain(|name| name != me);
    staying.retain(|name| name != me);
    let plan = leave::plan(&seen, stage, &staying, &leaving);
    unit.announce(&plan);
    publish::working(juju, "leaving the cluster")?;
    let Err(error) = carry_out(&mut unit, &plan) else {
        return Ok(());
    };
    if stage == leave::Stage::Departing && leave::is_relied_on(&unit.observe()?, &staying) {
        return Err(error);
    }
    tracing::error!("{error}");
    Ok(())
}
