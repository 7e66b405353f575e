//! What Juju says about this run in its environment, read once and never changed.
//!
//! Juju builds the environment of a charm from nothing for each hook and each action: `HOME`,
//! `USER` and the like are not in it. See "Hook context" in Juju's reference.

mod names;
mod version;

use std::path::PathBuf;

pub use names::{NameError, RelationId, SecretId, StorageId, UnitName};
pub use version::JujuVersion;

/// The environment of one dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// `JUJU_UNIT_NAME`: the unit that runs this charm.
    pub unit: UnitName,
    /// `JUJU_CHARM_DIR`: where the charm is unpacked; replaced when the charm is upgraded.
    pub charm_dir: PathBuf,
    /// `JUJU_MODEL_NAME`: short name of the model, without its user.
    pub model_name: String,
    /// `JUJU_MODEL_UUID`
    pub model_uuid: String,
    /// `JUJU_VERSION`: version of the unit's agent. Absent in a few old hooks: then 0.0.0.
    pub juju_version: JujuVersion,
    /// `JUJU_CONTEXT_ID`: names this very run.
    pub context_id: String,
    /// `JUJU_HOOK_NAME`. Juju sets it, but to nothing, for an action and for `juju exec`.
    pub hook_name: Option<String>,
    /// `JUJU_DISPATCH_PATH`: `hooks/NAME` or `actions/NAME`. Not set for `juju exec`.
    pub dispatch_path: Option<String>,
    /// `JUJU_MACHINE_ID`: `0`, `1/lxd/0`; none on Kubernetes.
    pub machine_id: Option<String>,
    /// `JUJU_PRINCIPAL_UNIT`: the unit that a subordinate lives beside.
    pub principal: Option<UnitName>,
    /// `JUJU_AVAILABILITY_ZONE`
    pub availability_zone: Option<String>,
    /// `JUJU_CHARM_{HTTP,HTTPS,FTP,NO}_PROXY`: the model's `juju-*-proxy` settings.
    pub proxies: Proxies,
    /// Set in relation hooks.
    pub relation: Option<RelationContext>,
    /// Set in actions, and by `juju exec` under the name `juju-exec`.
    pub action: Option<ActionContext>,
    /// Set in secret hooks.
    pub secret: Option<SecretContext>,
    /// Set in storage hooks.
    pub storage: Option<StorageContext>,
    /// Set in the hooks of a container.
    pub workload: Option<WorkloadContext>,
}

/// Proxies of the model, for the charm's own use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// `JUJU_CHARM_HTTP_PROXY`
    pub http: Option<String>,
    /// `JUJU_CHARM_HTTPS_PROXY`
    pub https: Option<String>,
    /// `JUJU_CHARM_FTP_PROXY`
    pub ftp: Option<String>,
    /// `JUJU_CHARM_NO_PROXY`: comma separated.
    pub none_for: Option<String>,
}

/// The relation a hook is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationContext {
    /// `JUJU_RELATION_ID`; its endpoint is also `JUJU_RELATION`.
    pub id: RelationId,
    /// `JUJU_REMOTE_APP`: nothing in some `relation-broken` hooks.
    pub app: Option<String>,
    /// `JUJU_REMOTE_UNIT`: nothing in created and broken, and in changed for the application's bag.
    pub unit: Option<UnitName>,
    /// `JUJU_DEPARTING_UNIT`: only in departed. This unit itself when it is the one that leaves.
    pub departing: Option<UnitName>,
}

/// The action being run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionContext {
    /// `JUJU_ACTION_NAME`
    pub name: String,
    /// `JUJU_ACTION_UUID`: in spite of its name, the number of the task.
    pub task: String,
}

/// The secret a hook is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretContext {
    /// `JUJU_SECRET_ID`
    pub id: SecretId,
    /// `JUJU_SECRET_LABEL`: the label on our side.
    pub label: Option<String>,
    /// `JUJU_SECRET_REVISION`: only in expired and remove.
    pub revision: Option<u32>,
}

/// The storage a hook is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageContext {
    /// `JUJU_STORAGE_ID`
    pub id: StorageId,
    /// `JUJU_STORAGE_LOCATION`: where it is mounted, or the block device.
    pub location: Option<PathBuf>,
    /// `JUJU_STORAGE_KIND`: `filesystem` or `block`.
    pub kind: Option<String>,
}

/// The container a hook is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadContext {
    /// `JUJU_WORKLOAD_NAME`: name of the container.
    pub container: String,
    /// `JUJU_NOTICE_ID`, `JUJU_NOTICE_TYPE`, `JUJU_NOTICE_KEY`: only for a notice.
    pub notice: Option<Notice>,
    /// `JUJU_PEBBLE_CHECK_NAME`: only for a check.
    pub check: Option<String>,
}

/// A notice of Pebble's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `JUJU_NOTICE_ID`
    pub id: String,
    /// `JUJU_NOTICE_TYPE`: so far always `custom`.
    pub kind: String,
    /// `JUJU_NOTICE_KEY`, such as `example.com/backup-done`.
    pub key: String,
}

/// The environment is not one that Juju makes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// A variable that Juju always sets is missing.
    #[error("cannot run outside Juju: {0} is not set")]
    Missing(&'static str),
    /// A variable holds something Juju does not write.
    #[error("cannot understand {variable}")]
    Malformed {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        #[source]
        source: NameError,
    },
}

impl Context {
    /// Reads the environment through `variable`, which is `std::env::var(_).ok()` in production.
    ///
    /// A variable that is set to nothing counts as not set: Juju exports many that way.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ContextError> {
        let env = Environment { variable };
        Ok(Self {
            unit: env
                .name("JUJU_UNIT_NAME")?
                .ok_or(ContextError::Missing("JUJU_UNIT_NAME"))?,
            charm_dir: env.required("JUJU_CHARM_DIR")?.into(),
            model_name: env.required("JUJU_MODEL_NAME")?,
            model_uuid: env.required("JUJU_MODEL_UUID")?,
            juju_version: env
                .get("JUJU_VERSION")
                .map_or_else(JujuVersion::default, |text| JujuVersion::parse(&text)),
            context_id: env.get("JUJU_CONTEXT_ID").unwrap_or_default(),
            hook_name: env.get("JUJU_HOOK_NAME"),
            dispatch_path: env.get("JUJU_DISPATCH_PATH"),
            machine_id: env.get("JUJU_MACHINE_ID"),
            principal: env.name("JUJU_PRINCIPAL_UNIT")?,
            availability_zone: env.get("JUJU_AVAILABILITY_ZONE"),
            proxies: Proxies {
                http: env.get("JUJU_CHARM_HTTP_PROXY"),
                https: env.get("JUJU_CHARM_HTTPS_PROXY"),
                ftp: env.get("JUJU_CHARM_FTP_PROXY"),
                none_for: env.get("JUJU_CHARM_NO_PROXY"),
            },
            relation: env.relation()?,
            action: env.get("JUJU_ACTION_NAME").map(|name| ActionContext {
                name,
                task: env.get("JUJU_ACTION_UUID").unwrap_or_default(),
            }),
            secret: env.secret()?,
            storage: env.storage()?,
            workload: env.workload(),
        })
    }

    /// Name of the unit's application.
    pub fn application(&self) -> &str {
        self.unit.application()
    }
}

/// Reads typed values from the variables.
struct Environment<F> {
    variable: F,
}

impl<F: Fn(&str) -> Option<String>> Environment<F> {
    fn get(&self, variable: &str) -> Option<String> {
        (self.variable)(variable).filter(|value| !value.is_empty())
    }

    fn required(&self, variable: &'static str) -> Result<String, ContextError> {
        self.get(variable).ok_or(ContextError::Missing(variable))
    }

    fn name<T>(&self, variable: &'static str) -> Result<Option<T>, ContextError>
    where
        T: std::str::FromStr<Err = NameError>,
    {
        self.get(variable)
            .map(|text| text.parse())
            .transpose()
            .map_err(|source| ContextError::Malformed { variable, source })
    }

    fn relation(&self) -> Result<Option<RelationContext>, ContextError> {
        let Some(id) = self.name("JUJU_RELATION_ID")? else {
            return Ok(None);
        };
        Ok(Some(RelationContext {
            id,
            app: self.get("JUJU_REMOTE_APP"),
            unit: self.name("JUJU_REMOTE_UNIT")?,
            departing: self.name("JUJU_DEPARTING_UNIT")?,
        }))
    }

    fn secret(&self) -> Result<Option<SecretContext>, ContextError> {
        let Some(id) = self.name("JUJU_SECRET_ID")? else {
            return Ok(None);
        };
        Ok(Some(SecretContext {
            id,
            label: self.get("JUJU_SECRET_LABEL"),
            revision: self
                .get("JUJU_SECRET_REVISION")
                .and_then(|text| text.parse().ok()),
        }))
    }

    fn storage(&self) -> Result<Option<StorageContext>, ContextError> {
        let Some(id) = self.name("JUJU_STORAGE_ID")? else {
            return Ok(None);
        };
        Ok(Some(StorageContext {
            id,
            location: self.get("JUJU_STORAGE_LOCATION").map(PathBuf::from),
            kind: self.get("JUJU_STORAGE_KIND"),
        }))
    }

    fn workload(&self) -> Option<WorkloadContext> {
        Some(WorkloadContext {
            container: self.get("JUJU_WORKLOAD_NAME")?,
            notice: self.get("JUJU_NOTICE_ID").map(|id| Notice {
                id,
                kind: self.get("JUJU_NOTICE_TYPE").unwrap_or_default(),
                key: self.get("JUJU_NOTICE_KEY").unwrap_or_default(),
            }),
            check: self.get("JUJU_PEBBLE_CHECK_NAME"),
        })
    }
}
