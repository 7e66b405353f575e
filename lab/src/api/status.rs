//! What is going on in a model: `juju status` and `juju show-unit`.

use super::Endpoint;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusInfo {
    /// `active`, `idle`, `started`…
    pub current: String,
    /// May be empty.
    #[serde(default)]
    pub message: String,
    pub since: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// `ubuntu`
    pub name: String,
    /// `22.04`
    pub channel: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FullStatus {
    pub model: super::ModelInfo,
    pub controller: String,
    pub model_status: StatusInfo,
    /// Keyed by machine number.
    pub machines: BTreeMap<String, MachineStatus>,
    pub applications: BTreeMap<String, ApplicationStatus>,
    /// Non-peer and peer relations.
    pub relations: Vec<RelationStatus>,
    /// Keyed by storage id.
    pub storage: BTreeMap<String, StorageStatus>,
    pub offers: Vec<super::Offer>,
    /// Offers of other models consumed here, by the names they have here.
    pub remote_applications: BTreeMap<String, RemoteApplicationStatus>,
    pub timestamp: Timestamp,
}

/// A consumed offer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoteApplicationStatus {
    /// `admin/other.pg`
    pub url: String,
    pub endpoints: BTreeMap<String, super::OfferedEndpoint>,
    /// `alive` or `dying`
    pub life: String,
    /// That of the application behind the offer; `terminated` once the offer is gone.
    pub status: StatusInfo,
    /// Endpoint -> the relations on it.
    pub relations: BTreeMap<String, Vec<RelatedApplication>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MachineStatus {
    pub agent: StatusInfo,
    pub instance: StatusInfo,
    pub hostname: String,
    pub address: String,
    pub instance_id: String,
    pub base: Base,
    /// `arch=amd64 cores=2 mem=8192M`
    pub hardware: String,
    pub constraints: String,
    pub mac_address: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApplicationStatus {
    /// `local:postgresql-3`
    pub charm: String,
    pub charm_name: String,
    pub charm_revision: u32,
    pub charm_version: String,
    pub base: Base,
    pub exposed: bool,
    /// `alive`, `dying` or `dead`
    pub life: String,
    pub status: StatusInfo,
    /// Set by `application-version-set`; may be empty.
    pub workload_version: String,
    /// Endpoint -> the relations on it.
    pub relations: BTreeMap<String, Vec<RelatedApplication>>,
    pub endpoint_bindings: BTreeMap<String, String>,
    pub subordinate_to: Vec<String>,
    /// Keyed by unit name. Subordinate units are under their principal's `subordinates`.
    pub units: BTreeMap<String, UnitStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedApplication {
    pub application: String,
    pub interface: String,
    pub scope: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnitStatus {
    pub workload: StatusInfo,
    pub agent: StatusInfo,
    pub life: String,
    pub leader: bool,
    /// Machine number; empty for subordinates.
    pub machine: String,
    pub address: String,
    /// `5432/tcp`
    pub open_ports: Vec<String>,
    pub charm_upgrading_from: Option<String>,
    pub subordinates: BTreeMap<String, UnitStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationStatus {
    pub id: u64,
    /// For peers both ends are the same.
    pub provider: Endpoint,
    pub requirer: Endpoint,
    pub interface: String,
    /// `regular`, `peer` or `subordinate`
    pub kind: String,
    /// `joining`, `joined`, `suspending`, `suspended` or `broken`
    pub status: String,
    /// Why it is suspended; may be empty.
    #[serde(default)]
    pub message: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StorageStatus {
    /// `filesystem` or `block`
    pub kind: String,
    pub life: String,
    pub status: StatusInfo,
    pub persistent: bool,
    pub pool: String,
    /// MiB
    pub size: u64,
    /// Unit that has it attached.
    pub unit: Option<String>,
    pub machine: Option<String>,
    pub location: String,
    pub read_only: bool,
}

/// `juju show-unit`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnitView {
    pub unit: String,
    pub charm: String,
    pub workload_version: String,
    pub machine: String,
    pub opened_ports: Vec<String>,
    pub address: String,
    pub leader: bool,
    pub life: String,
    pub relations: Vec<RelationView>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RelationView {
    pub relation_id: u64,
    pub endpoint: String,
    pub related_endpoint: String,
    pub related_application: String,
    /// Whether the other end is in another model.
    #[serde(default)]
    pub cross_model: bool,
    /// The remote application's bag; the own one for peers.
    pub application_data: BTreeMap<String, String>,
    pub local_unit: UnitBag,
    pub related_units: BTreeMap<String, UnitBag>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnitBag {
    pub in_scope: bool,
    pub data: BTreeMap<String, String>,
}

/// One entry of `juju show-status-log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusEntry {
    pub time: Timestamp,
    /// `juju-unit` (agent) or `workload`
    pub kind: String,
    pub status: String,
    pub message: String,
}
