//! Hooks: what an agent may run, with all that the hook's environment tells the charm.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    Install,
    Start,
    ConfigChanged,
    UpgradeCharm,
    Stop,
    Remove,
    UpdateStatus,
    LeaderElected,
    LeaderSettingsChanged,
    Relation(RelationHook),
    Storage(StorageHook),
    Secret(SecretHook),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationEvent {
    Created,
    Joined,
    Changed,
    Departed,
    Broken,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationHook {
    pub event: RelationEvent,
    pub endpoint: String,
    pub relation: u64,
    pub remote_app: String,
    /// None for created, broken, and changes of the application's bag.
    pub remote_unit: Option<String>,
    /// Version of the bag that this hook reports.
    pub version: u64,
    /// Only for departed.
    pub departing: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageHook {
    pub attached: bool,
    /// `pgdata/0`
    pub id: String,
    pub kind: String,
    pub location: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretEvent {
    Changed,
    Rotate,
    Expired,
    Remove,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretHook {
    pub event: SecretEvent,
    /// Bare id.
    pub id: String,
    /// UUID of the model whose secret it is, if that is another one.
    #[serde(default)]
    pub source: Option<String>,
    pub label: String,
    /// The revision the event is about. Exported for expired and remove only.
    pub revision: u64,
}

impl Hook {
    /// `database-relation-changed`
    pub fn name(&self) -> String {
        match self {
            Self::Install => "install".into(),
            Self::Start => "start".into(),
            Self::ConfigChanged => "config-changed".into(),
            Self::UpgradeCharm => "upgrade-charm".into(),
            Self::Stop => "stop".into(),
            Self::Remove => "remove".into(),
            Self::UpdateStatus => "update-status".into(),
            Self::LeaderElected => "leader-elected".into(),
            Self::LeaderSettingsChanged => "leader-settings-changed".into(),
            Self::Relation(hook) => format!("{}-relation-{}", hook.endpoint, hook.event.as_str()),
            Self::Storage(hook) => format!(
                "{}-storage-{}",
                hook.id.split('/').next().unwrap_or_default(),
                if hook.attached {
                    "attached"
                } else {
                    "detaching"
                }
            ),
            Self::Secret(hook) => format!("secret-{}", hook.event.as_str()),
        }
    }

    /// The agent's status message while it runs.
    pub fn running_message(&self) -> String {
        let name = self.name();
        match self {
            Self::Relation(RelationHook {
                remote_unit: Some(unit),
                ..
            }) => format!("running {name} hook for {unit}"),
            Self::Secret(secret) => match secret.event {
                SecretEvent::Expired | SecretEvent::Remove => {
                    format!(
                        "running {name} hook for {}/{}",
                        secret.uri(),
                        secret.revision
                    )
                }
                _ => format!("running {name} hook for {}", secret.uri()),
            },
            _ => format!("running {name} hook"),
        }
    }
}

impl SecretHook {
    /// `secret:<id>`, or `secret://<model>/<id>` for a secret of another model.
    pub fn uri(&self) -> String {
        match &self.source {
            Some(model) => format!("secret://{model}/{}", self.id),
            None => format!("secret:{}", self.id),
        }
    }
}

impl RelationEvent {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Joined => "joined",
            Self::Changed => "changed",
            Self::Departed => "departed",
            Self::Broken => "broken",
        }
    }
}

impl SecretEvent {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Rotate => "rotate",
            Self::Expired => "expired",
            Self::Remove => "remove",
        }
    }
}
