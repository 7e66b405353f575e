//! The types of the document that `juju status --format json` prints; field order is output order.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::storage::StorageDocument;

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Document {
    pub(super) model: Model,
    pub(super) machines: BTreeMap<String, Machine>,
    pub(super) applications: BTreeMap<String, Application>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) application_endpoints: BTreeMap<String, RemoteApplication>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) offers: BTreeMap<String, OfferEntry>,
    pub(super) storage: StorageDocument,
    pub(super) controller: Controller,
}

impl Document {
    /// What `machines` and `show-machine` print.
    pub(crate) fn only_machines(self) -> Machines {
        Machines {
            machines: self.machines,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Machines {
    machines: BTreeMap<String, Machine>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Model {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) controller: String,
    pub(super) cloud: String,
    pub(super) region: String,
    pub(super) version: String,
    pub(super) model_status: Status,
    pub(super) sla: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Controller {
    pub(super) timestamp: String,
}

/// A status word with its message and time; agents and machines add their version.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    pub(super) current: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) message: String,
    pub(super) since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) life: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Machine {
    pub(super) juju_status: Status,
    pub(super) hostname: String,
    pub(super) dns_name: String,
    pub(super) ip_addresses: Vec<String>,
    pub(super) instance_id: String,
    pub(super) machine_status: Status,
    pub(super) modification_status: Status,
    pub(super) base: BaseEntry,
    pub(super) network_interfaces: BTreeMap<String, Interface>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) constraints: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) hardware: String,
}

#[derive(Debug, Serialize)]
pub(super) struct BaseEntry {
    pub(super) name: String,
    pub(super) channel: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Interface {
    pub(super) ip_addresses: Vec<String>,
    pub(super) mac_address: String,
    pub(super) space: &'static str,
    pub(super) is_up: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Application {
    pub(super) charm: String,
    pub(super) base: BaseEntry,
    pub(super) charm_origin: &'static str,
    pub(super) charm_name: String,
    pub(super) charm_rev: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) charm_version: String,
    pub(super) exposed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) life: Option<String>,
    pub(super) application_status: Status,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) relations: BTreeMap<String, Vec<Related>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) subordinate_to: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) units: BTreeMap<String, Unit>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) version: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) endpoint_bindings: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Related {
    pub(super) related_application: String,
    pub(super) interface: String,
    pub(super) scope: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Unit {
    pub(super) workload_status: Status,
    pub(super) juju_status: Status,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) leader: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) upgrading_from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) machine: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) open_ports: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) public_address: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) subordinates: BTreeMap<String, Unit>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RemoteApplication {
    pub(super) url: String,
    pub(super) endpoints: BTreeMap<String, OfferedEndpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) life: Option<String>,
    pub(super) application_status: Status,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) relations: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OfferEntry {
    pub(super) application: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) charm: String,
    pub(super) active_connected_count: usize,
    pub(super) total_connected_count: usize,
    pub(super) endpoints: BTreeMap<String, OfferedEndpoint>,
}

#[derive(Debug, Serialize)]
pub(super) struct OfferedEndpoint {
    pub(super) interface: String,
    pub(super) role: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}
