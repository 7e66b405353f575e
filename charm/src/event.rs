//! Why Juju runs the charm this time: a closed set.

use crate::context::{
    ActionContext, Context, Notice, RelationContext, SecretContext, StorageContext, WorkloadContext,
};

/// Why the charm is run.
///
/// The set is closed so that a charm's `match` can be complete. A hook this crate does not know,
/// such as one that a charm dispatches to itself through `juju-exec`, is [`Event::Custom`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Once, before anything else (on machines only storage comes earlier).
    Install,
    /// After the first `ConfigChanged`, and again after the machine was rebooted.
    Start,
    /// Configuration, trust or the unit's address may have changed.
    ConfigChanged,
    /// From time to time, when nothing else is to be done. Not a clock: errors and work stop it.
    UpdateStatus,
    /// This unit became the leader. There is no event for ceasing to be it.
    LeaderElected,
    /// Deprecated; on units of Juju 3 that are not the leader.
    LeaderSettingsChanged,
    /// The charm's files were replaced. `ConfigChanged` follows.
    UpgradeCharm,
    /// The unit is about to go.
    Stop,
    /// Last of all.
    Remove,
    /// Juju 3 only.
    PreSeriesUpgrade,
    /// Juju 3 only.
    PostSeriesUpgrade,
    /// Not sent since Juju 3.6.11.
    CollectMetrics,
    /// Legacy.
    MeterStatusChanged,
    /// The relation exists; no remote unit is in it yet.
    RelationCreated(RelationContext),
    /// A remote unit entered; its bag holds only what Juju puts there.
    RelationJoined(RelationContext),
    /// A bag of the other side changed: the unit's, or without a unit the application's.
    RelationChanged(RelationContext),
    /// A remote unit left, or this one is leaving.
    RelationDeparted(RelationContext),
    /// The relation is over for this unit. Never on peer relations.
    RelationBroken(RelationContext),
    /// Storage is there.
    StorageAttached(StorageContext),
    /// Storage is about to go.
    StorageDetaching(StorageContext),
    /// A secret that this unit reads has a newer revision.
    SecretChanged(SecretContext),
    /// It is time to renew a secret of ours.
    SecretRotate(SecretContext),
    /// A revision of a secret of ours expired. Sent again until the revision is removed.
    SecretExpired(SecretContext),
    /// Nobody reads a revision of a secret of ours any more.
    SecretRemove(SecretContext),
    /// An operator runs an action.
    Action(ActionContext),
    /// The container's Pebble answers; whatever ran in the container before is gone.
    PebbleReady(WorkloadContext),
    /// Something in the container called `pebble notify`.
    PebbleCustomNotice(WorkloadContext, Notice),
    /// A health check of Pebble's, named in `check`, reached its threshold.
    PebbleCheckFailed(WorkloadContext),
    /// It passes again.
    PebbleCheckRecovered(WorkloadContext),
    /// A hook of any other name.
    Custom(String),
}

/// The environment does not say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot tell which hook or action to run: JUJU_DISPATCH_PATH and JUJU_HOOK_NAME are empty")]
pub struct NoEvent;

impl Event {
    /// What the context asks for.
    ///
    /// The dispatch path comes before the hook's name, because `juju exec` leaves the name empty
    /// and scripts that dispatch a hook through it set only the path.
    pub fn from_context(context: &Context) -> Result<Self, NoEvent> {
        let path = context.dispatch_path.as_deref().unwrap_or_default();
        if let Some(name) = path.strip_prefix("actions/") {
            let task = context
                .action
                .as_ref()
                .map(|action| action.task.clone())
                .unwrap_or_default();
            return Ok(Self::Action(ActionContext {
                name: name.to_owned(),
                task,
            }));
        }
        let hook = path.strip_prefix("hooks/").or(context.hook_name.as_deref());
        match (hook, &context.action) {
            (Some(hook), _) => Ok(Self::hook(hook, context)),
            (None, Some(action)) => Ok(Self::Action(action.clone())),
            (None, None) => Err(NoEvent),
        }
    }

    fn hook(name: &str, context: &Context) -> Self {
        match name {
            "install" => Self::Install,
            "start" => Self::Start,
            "config-changed" => Self::ConfigChanged,
            "update-status" => Self::UpdateStatus,
            "leader-elected" => Self::LeaderElected,
            "leader-settings-changed" => Self::LeaderSettingsChanged,
            "upgrade-charm" => Self::UpgradeCharm,
            "stop" => Self::Stop,
            "remove" => Self::Remove,
            "pre-series-upgrade" => Self::PreSeriesUpgrade,
            "post-series-upgrade" => Self::PostSeriesUpgrade,
            "collect-metrics" => Self::CollectMetrics,
            "meter-status-changed" => Self::MeterStatusChanged,
            _ => Self::about_something(name, context)
                .unwrap_or_else(|| Self::Custom(name.to_owned())),
        }
    }

    /// A hook that is about a relation, a storage, a secret or a container: only if the
    /// environment names that thing too, and it is the one in the hook's name.
    fn about_something(name: &str, context: &Context) -> Option<Self> {
        if let Some(relation) = &context.relation {
            let rest = name
                .strip_prefix(relation.id.endpoint())?
                .strip_prefix("-relation-")?;
            let event = match rest {
                "created" => Self::RelationCreated,
                "joined" => Self::RelationJoined,
                "changed" => Self::RelationChanged,
                "departed" => Self::RelationDeparted,
                "broken" => Self::RelationBroken,
                _ => return None,
            };
            return Some(event(relation.clone()));
        }
        if let Some(storage) = &context.storage {
            let rest = name
                .strip_prefix(storage.id.name())?
                .strip_prefix("-storage-")?;
            return match rest {
                "attached" => Some(Self::StorageAttached(storage.clone())),
                "detaching" => Some(Self::StorageDetaching(storage.clone())),
                _ => None,
            };
        }
        if let Some(secret) = &context.secret {
            let event = match name {
                "secret-changed" => Self::SecretChanged,
                "secret-rotate" => Self::SecretRotate,
                "secret-expired" => Self::SecretExpired,
                "secret-remove" => Self::SecretRemove,
                _ => return None,
            };
            return Some(event(secret.clone()));
        }
        let workload = context.workload.as_ref()?;
        let rest = name
            .strip_prefix(workload.container.as_str())?
            .strip_prefix("-pebble-")?;
        match rest {
            "ready" => Some(Self::PebbleReady(workload.clone())),
            "custom-notice" => {
                let notice = workload.notice.clone()?;
                Some(Self::PebbleCustomNotice(workload.clone(), notice))
            }
            "check-failed" => Some(Self::PebbleCheckFailed(workload.clone())),
            "check-recovered" => Some(Self::PebbleCheckRecovered(workload.clone())),
            _ => None,
        }
    }

    /// Juju's name for the hook, or the name of the action.
    pub fn name(&self) -> String {
        let fixed = match self {
            Self::Install => "install",
            Self::Start => "start",
            Self::ConfigChanged => "config-changed",
            Self::UpdateStatus => "update-status",
            Self::LeaderElected => "leader-elected",
            Self::LeaderSettingsChanged => "leader-settings-changed",
            Self::UpgradeCharm => "upgrade-charm",
            Self::Stop => "stop",
            Self::Remove => "remove",
            Self::PreSeriesUpgrade => "pre-series-upgrade",
            Self::PostSeriesUpgrade => "post-series-upgrade",
            Self::CollectMetrics => "collect-metrics",
            Self::MeterStatusChanged => "meter-status-changed",
            Self::SecretChanged(_) => "secret-changed",
            Self::SecretRotate(_) => "secret-rotate",
            Self::SecretExpired(_) => "secret-expired",
            Self::SecretRemove(_) => "secret-remove",
            Self::RelationCreated(at) => return format!("{}-relation-created", at.id.endpoint()),
            Self::RelationJoined(at) => return format!("{}-relation-joined", at.id.endpoint()),
            Self::RelationChanged(at) => return format!("{}-relation-changed", at.id.endpoint()),
            Self::RelationDeparted(at) => return format!("{}-relation-departed", at.id.endpoint()),
            Self::RelationBroken(at) => return format!("{}-relation-broken", at.id.endpoint()),
            Self::StorageAttached(at) => return format!("{}-storage-attached", at.id.name()),
            Self::StorageDetaching(at) => return format!("{}-storage-detaching", at.id.name()),
            Self::PebbleReady(at) => return format!("{}-pebble-ready", at.container),
            Self::PebbleCustomNotice(at, _) => {
                return format!("{}-pebble-custom-notice", at.container);
            }
            Self::PebbleCheckFailed(at) => return format!("{}-pebble-check-failed", at.container),
            Self::PebbleCheckRecovered(at) => {
                return format!("{}-pebble-check-recovered", at.container);
            }
            Self::Action(action) => return action.name.clone(),
            Self::Custom(name) => return name.clone(),
        };
        fixed.to_owned()
    }

    /// The relation, for the five relation events.
    pub fn relation(&self) -> Option<&RelationContext> {
        match self {
            Self::RelationCreated(at)
            | Self::RelationJoined(at)
            | Self::RelationChanged(at)
            | Self::RelationDeparted(at)
            | Self::RelationBroken(at) => Some(at),
            _ => None,
        }
    }

    /// The secret, for the four secret events.
    pub fn secret(&self) -> Option<&SecretContext> {
        match self {
            Self::SecretChanged(at)
            | Self::SecretRotate(at)
            | Self::SecretExpired(at)
            | Self::SecretRemove(at) => Some(at),
            _ => None,
        }
    }

    /// The action, if it is one.
    pub fn action(&self) -> Option<&ActionContext> {
        if let Self::Action(action) = self {
            Some(action)
        } else {
            None
        }
    }
}
