//! `juju status` for programs: the document of `--format json` and `--format yaml`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::{
    ApplicationStatus, Base, FullStatus, MachineStatus, Offer, RelatedApplication, StatusInfo,
    UnitStatus,
};
use crate::cli::go_time::Clock;
use crate::cli::storage::{self, StorageDocument};

use super::derive;

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Document {
    model: Model,
    machines: BTreeMap<String, Machine>,
    applications: BTreeMap<String, Application>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    application_endpoints: BTreeMap<String, RemoteApplication>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    offers: BTreeMap<String, OfferEntry>,
    storage: StorageDocument,
    controller: Controller,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Model {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    controller: String,
    cloud: String,
    region: String,
    version: String,
    model_status: Status,
    sla: &'static str,
}

#[derive(Debug, Serialize)]
struct Controller {
    timestamp: String,
}

/// A status word with its message and time; agents and machines add their version.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    current: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    life: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Machine {
    juju_status: Status,
    hostname: String,
    dns_name: String,
    ip_addresses: Vec<String>,
    instance_id: String,
    machine_status: Status,
    modification_status: Status,
    base: BaseEntry,
    network_interfaces: BTreeMap<String, Interface>,
    #[serde(skip_serializing_if = "String::is_empty")]
    constraints: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    hardware: String,
}

#[derive(Debug, Serialize)]
struct BaseEntry {
    name: String,
    channel: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Interface {
    ip_addresses: Vec<String>,
    mac_address: String,
    space: &'static str,
    is_up: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Application {
    charm: String,
    base: BaseEntry,
    charm_origin: &'static str,
    charm_name: String,
    charm_rev: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    charm_version: String,
    exposed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    life: Option<String>,
    application_status: Status,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    relations: BTreeMap<String, Vec<Related>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subordinate_to: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    units: BTreeMap<String, Unit>,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    endpoint_bindings: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Related {
    related_application: String,
    interface: String,
    scope: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Unit {
    workload_status: Status,
    juju_status: Status,
    #[serde(skip_serializing_if = "is_false")]
    leader: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    upgrading_from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    machine: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open_ports: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    public_address: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    subordinates: BTreeMap<String, Unit>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct RemoteApplication {
    url: String,
    application_status: Status,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct OfferEntry {
    application: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    charm: String,
    active_connected_count: usize,
    total_connected_count: usize,
    endpoints: BTreeMap<String, OfferedEndpoint>,
}

#[derive(Debug, Serialize)]
struct OfferedEndpoint {
    name: String,
    role: &'static str,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

pub(crate) fn document(status: &FullStatus, clock: &Clock) -> Document {
    let version = &status.model.version;
    let view = View { clock, version };
    Document {
        model: Model {
            name: status.model.name.clone(),
            kind: status.model.model_type.clone(),
            controller: status.controller.clone(),
            cloud: status.model.cloud.clone(),
            region: status.model.region.clone(),
            version: version.clone(),
            model_status: view.status(&status.model_status),
            sla: "unsupported",
        },
        machines: map(&status.machines, |machine| view.machine(machine)),
        applications: map(&status.applications, |application| {
            view.application(application)
        }),
        application_endpoints: map(&status.remote_applications, |url| RemoteApplication {
            url: url.clone(),
            application_status: Status {
                current: "active".to_owned(),
                message: String::new(),
                since: clock.status_layout(status.timestamp),
                version: None,
                life: None,
            },
        }),
        offers: status
            .offers
            .iter()
            .map(|offer| (offer.name.clone(), offered(status, offer)))
            .collect(),
        storage: storage::document(&status.storage, clock),
        controller: Controller {
            timestamp: clock.timestamp(status.timestamp),
        },
    }
}

fn map<V, W>(from: &BTreeMap<String, V>, each: impl Fn(&V) -> W) -> BTreeMap<String, W> {
    from.iter()
        .map(|(name, value)| (name.clone(), each(value)))
        .collect()
}

fn offered(status: &FullStatus, offer: &Offer) -> OfferEntry {
    let charm = status
        .applications
        .get(&offer.application)
        .map(|application| application.charm.clone());
    let endpoint = |name: &String| {
        (
            name.clone(),
            OfferedEndpoint {
                name: name.clone(),
                role: "provider",
            },
        )
    };
    OfferEntry {
        application: offer.application.clone(),
        charm: charm.unwrap_or_default(),
        active_connected_count: offer.connected,
        total_connected_count: offer.connected,
        endpoints: offer.endpoints.iter().map(endpoint).collect(),
    }
}

struct View<'a> {
    clock: &'a Clock,
    version: &'a str,
}

impl View<'_> {
    fn status(&self, info: &StatusInfo) -> Status {
        Status {
            current: info.current.clone(),
            message: info.message.clone(),
            since: self.clock.status_layout(info.since),
            version: None,
            life: None,
        }
    }

    fn agent(&self, info: &StatusInfo) -> Status {
        Status {
            version: Some(self.version.to_owned()),
            ..self.status(info)
        }
    }

    fn machine(&self, machine: &MachineStatus) -> Machine {
        let addresses: Vec<String> = Some(machine.address.clone())
            .filter(|address| !address.is_empty())
            .into_iter()
            .collect();
        Machine {
            juju_status: self.agent(&machine.agent),
            hostname: machine.hostname.clone(),
            dns_name: machine.address.clone(),
            ip_addresses: addresses.clone(),
            instance_id: machine.instance_id.clone(),
            machine_status: self.status(&machine.instance),
            modification_status: Status {
                current: "applied".to_owned(),
                message: String::new(),
                since: self.clock.status_layout(machine.instance.since),
                version: None,
                life: None,
            },
            base: base(&machine.base),
            network_interfaces: BTreeMap::from([(
                "eth0".to_owned(),
                Interface {
                    ip_addresses: addresses,
                    mac_address: machine.mac_address.clone(),
                    space: "alpha",
                    is_up: true,
                },
            )]),
            constraints: machine.constraints.clone(),
            hardware: machine.hardware.clone(),
        }
    }

    fn application(&self, application: &ApplicationStatus) -> Application {
        let related = |related: &RelatedApplication| Related {
            related_application: related.application.clone(),
            interface: related.interface.clone(),
            scope: related.scope.clone(),
        };
        Application {
            charm: application.charm.clone(),
            base: base(&application.base),
            charm_origin: "local",
            charm_name: application.charm_name.clone(),
            charm_rev: application.charm_revision,
            charm_version: application.charm_version.clone(),
            exposed: application.exposed,
            life: ending(&application.life),
            application_status: self.status(&derive::application_status(application)),
            relations: map(&application.relations, |all| {
                all.iter().map(related).collect()
            }),
            subordinate_to: application.subordinate_to.clone(),
            units: map(&application.units, |unit| self.unit(unit)),
            version: application.workload_version.clone(),
            endpoint_bindings: application.endpoint_bindings.clone(),
        }
    }

    fn unit(&self, unit: &UnitStatus) -> Unit {
        let juju_status = Status {
            life: ending(&unit.life),
            ..self.agent(&unit.agent)
        };
        Unit {
            workload_status: self.status(&unit.workload),
            juju_status,
            leader: unit.leader,
            upgrading_from: unit.charm_upgrading_from.clone().unwrap_or_default(),
            machine: unit.machine.clone(),
            open_ports: unit.open_ports.clone(),
            public_address: unit.address.clone(),
            subordinates: map(&unit.subordinates, |unit| self.unit(unit)),
        }
    }
}

/// Only the life of what goes away is shown.
fn ending(life: &str) -> Option<String> {
    Some(life.to_owned()).filter(|life| life != "alive" && !life.is_empty())
}

fn base(base: &Base) -> BaseEntry {
    BaseEntry {
        name: base.name.clone(),
        channel: base.channel.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_model_becomes_the_document_programs_know() {
        let document = document(&samples::model(), &Clock::utc());
        let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
        assert_eq!(text, include_str!("../../../tests/golden/cli/status.json"));
    }

    #[test]
    fn the_life_of_something_that_goes_away_is_shown() {
        let mut status = samples::model();
        let application = status.applications.get_mut("postgresql").unwrap();
        application.life = "dying".to_owned();
        application.units.get_mut("postgresql/0").unwrap().life = "dying".to_owned();
        let document = serde_json::to_value(document(&status, &Clock::utc())).unwrap();
        let application = &document["applications"]["postgresql"];
        assert_eq!(application["life"], json!("dying"));
        assert_eq!(
            application["units"]["postgresql/0"]["juju-status"]["life"],
            json!("dying")
        );
    }
}
