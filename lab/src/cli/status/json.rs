//! `juju status` for programs: filling the document of `--format json` and `--format yaml`.

use std::collections::BTreeMap;

use crate::api::{
    ApplicationStatus, Base, FullStatus, MachineStatus, Offer, RelatedApplication,
    RemoteApplicationStatus, StatusInfo, UnitStatus,
};
use crate::cli::go_time::Clock;
use crate::cli::storage;

use super::derive;
use super::document::{
    Application, BaseEntry, Controller, Document, Interface, Machine, Model, OfferEntry,
    OfferedEndpoint, Related, RemoteApplication, Status, Unit,
};

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
        application_endpoints: map(&status.remote_applications, |remote| view.remote(remote)),
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
        let (interface, role) = derive::offered_endpoint(status, offer, name);
        (name.clone(), OfferedEndpoint { interface, role })
    };
    OfferEntry {
        application: offer.application.clone(),
        charm: charm.unwrap_or_default(),
        active_connected_count: offer.active,
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

    fn remote(&self, remote: &RemoteApplicationStatus) -> RemoteApplication {
        RemoteApplication {
            url: remote.url.clone(),
            endpoints: map(&remote.endpoints, |endpoint| OfferedEndpoint {
                interface: endpoint.interface.clone(),
                role: endpoint.role.clone(),
            }),
            life: ending(&remote.life),
            application_status: self.status(&remote.status),
            relations: map(&remote.relations, |all| {
                all.iter().map(|it| it.application.clone()).collect()
            }),
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
