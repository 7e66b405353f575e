//! Models, their configuration, and machines.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The controller, as `juju version`, `juju show-controller` and status headers need it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ControllerInfo {
    /// `lab`
    pub name: String,
    pub uuid: String,
    /// Agent version that units see in `JUJU_VERSION`.
    pub version: String,
    pub cloud: String,
    pub region: String,
    pub user: String,
    pub pid: u32,
    pub started: Timestamp,
    pub home: PathBuf,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddModel {
    pub name: String,
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Bare name, `dev`.
    pub name: String,
    /// `admin`
    pub owner: String,
    pub uuid: String,
    pub controller_uuid: String,
    /// `iaas`
    pub model_type: String,
    pub cloud: String,
    pub region: String,
    /// `alive` or `dying`
    pub life: String,
    pub version: String,
    pub created: Timestamp,
    pub applications: usize,
    pub units: usize,
    pub machines: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DestroyModel {
    pub model: String,
    #[serde(default)]
    pub destroy_storage: bool,
    /// Do not run hooks: kill the machines and forget the model.
    #[serde(default)]
    pub force: bool,
}

/// One model setting.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelConfigEntry {
    pub value: serde_json::Value,
    /// `default` or `model`
    pub source: String,
}

/// What a setting is where nobody says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelDefault {
    /// Juju's.
    pub default: serde_json::Value,
    /// The operator's, for all models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveMachines {
    pub model: String,
    pub machines: Vec<String>,
    /// Also those with units.
    #[serde(default)]
    pub force: bool,
}

/// A machine as `juju machines` shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Machine {
    pub number: String,
    pub hostname: String,
    pub address: String,
    /// `pending`, `started`, `down` or `stopped`
    pub state: String,
    pub units: Vec<String>,
}

/// What `juju ssh` and `juju scp` need of a machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MachineSpecReply {
    pub number: String,
    pub hostname: String,
    pub address: String,
    /// Root directory of the machine; paths on the machine are below it.
    pub root: PathBuf,
    /// The first process of a machine with systemd: a program runs there by entering.
    #[serde(default)]
    pub leader: Option<u32>,
    /// `PATH` of a process on this machine.
    pub path: String,
    /// Charm directory of the unit asked for (of the machine's first unit if a machine was asked for).
    pub charm_dir: Option<PathBuf>,
}
