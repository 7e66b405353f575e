//! `juju status` for people: one table per section, separated by blank lines.

use std::fmt::Write as _;

use crate::api::{FullStatus, RelationStatus, UnitStatus};
use crate::cli::go_time::Clock;
use crate::cli::names::natural;
use crate::cli::table::{Cell, Table};
use crate::cli::terminal::{Palette, Tone};

use super::derive;

/// Longest workload version shown.
const MAX_VERSION_CHARS: usize = 15;

/// Sections shown on request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sections {
    pub(crate) relations: bool,
    pub(crate) storage: bool,
}

pub(crate) fn render(
    status: &FullStatus,
    sections: Sections,
    clock: &Clock,
    palette: Palette,
) -> String {
    let mut tables = vec![model(status, clock)];
    tables.push(remote_applications(status));
    tables.push(applications(status));
    tables.push(units(status));
    tables.push(machines(status));
    tables.push(offers(status));
    if sections.relations {
        tables.push(relations(status));
    }
    if sections.storage {
        tables.push(crate::cli::storage::table(&status.storage));
    }
    tables
        .iter()
        .filter(|table| !table.is_empty())
        .map(|table| table.render(palette))
        .collect::<Vec<_>>()
        .join("\n")
}

fn model(status: &FullStatus, clock: &Clock) -> Table {
    let mut table = Table::new(&[
        "Model",
        "Controller",
        "Cloud/Region",
        "Version",
        "SLA",
        "Timestamp",
    ]);
    let model = &status.model;
    table.row([
        Cell::from(model.name.as_str()),
        status.controller.as_str().into(),
        format!("{}/{}", model.cloud, model.region).into(),
        model.version.as_str().into(),
        "unsupported".into(),
        clock.timestamp(status.timestamp).into(),
    ]);
    table
}

fn remote_applications(status: &FullStatus) -> Table {
    let mut table = Table::new(&["SAAS", "Status", "Store", "URL"]);
    for (name, remote) in natural(&status.remote_applications) {
        table.row([
            Cell::from(name),
            Cell::status(&remote.status.current),
            status.controller.as_str().into(),
            remote.url.as_str().into(),
        ]);
    }
    table
}

fn applications(status: &FullStatus) -> Table {
    let mut table = Table::new(&[
        "App", "Version", "Status", ">Scale", "Charm", "Channel", ">Rev", "Exposed", "Message",
    ]);
    for (name, application) in natural(&status.applications) {
        let derived = derive::application_status(application);
        let version: String = application
            .workload_version
            .chars()
            .take(MAX_VERSION_CHARS)
            .collect();
        let scale = if application.subordinate_to.is_empty() {
            derive::scale(application)
        } else {
            subordinates_of(status, name).to_string()
        };
        table.row([
            Cell::from(name),
            version.into(),
            Cell::status(&derived.current),
            scale.into(),
            application.charm_name.as_str().into(),
            "".into(),
            application.charm_revision.to_string().into(),
            if application.exposed { "yes" } else { "no" }.into(),
            derived.message.into(),
        ]);
    }
    table
}

fn subordinates_of(status: &FullStatus, application: &str) -> usize {
    status
        .applications
        .values()
        .flat_map(|principal| principal.units.values())
        .flat_map(|unit| unit.subordinates.keys())
        .filter(|unit| {
            unit.rsplit_once('/')
                .is_some_and(|(name, _)| name == application)
        })
        .count()
}

fn units(status: &FullStatus) -> Table {
    let mut table = Table::new(&[
        "Unit",
        "Workload",
        "Agent",
        "Machine",
        "Public address",
        "Ports",
        "Message",
    ]);
    for (_, application) in natural(&status.applications) {
        for (name, unit) in natural(&application.units) {
            unit_row(&mut table, name, unit, "");
            for (name, subordinate) in natural(&unit.subordinates) {
                unit_row(&mut table, name, subordinate, "  ");
            }
        }
    }
    table
}

fn unit_row(table: &mut Table, name: &str, unit: &UnitStatus, indent: &str) {
    let leader = if unit.leader { "*" } else { "" };
    table.row([
        Cell::from(format!("{indent}{name}{leader}")),
        Cell::status(&unit.workload.current),
        Cell::status(&unit.agent.current),
        unit.machine.as_str().into(),
        unit.address.as_str().into(),
        ports(&unit.open_ports).into(),
        derive::unit_message(unit).into(),
    ]);
}

/// `5432,8008/tcp 53/udp`: ports grouped by protocol.
fn ports(open: &[String]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for port in open {
        let (number, protocol) = port.split_once('/').unwrap_or((port, ""));
        match groups.iter_mut().find(|(name, _)| *name == protocol) {
            Some((_, numbers)) => numbers.push(number),
            None => groups.push((protocol, vec![number])),
        }
    }
    let mut out = String::new();
    for (protocol, numbers) in groups {
        let space = if out.is_empty() { "" } else { " " };
        let _ = write!(out, "{space}{}", numbers.join(","));
        if !protocol.is_empty() {
            let _ = write!(out, "/{protocol}");
        }
    }
    out
}

pub(crate) fn machines(status: &FullStatus) -> Table {
    let mut table = Table::new(&[
        "Machine", "State", "Address", "Inst id", "Base", "AZ", "Message",
    ]);
    for (number, machine) in natural(&status.machines) {
        table.row([
            Cell::from(number),
            Cell::status(&machine.agent.current),
            machine.address.as_str().into(),
            machine.instance_id.as_str().into(),
            format!("{}@{}", machine.base.name, machine.base.channel).into(),
            "".into(),
            machine.instance.message.as_str().into(),
        ]);
    }
    table
}

fn offers(status: &FullStatus) -> Table {
    let mut table = Table::new(&[
        "Offer",
        "Application",
        "Charm",
        ">Rev",
        "Connected",
        "Endpoint",
        "Interface",
        "Role",
    ]);
    for offer in &status.offers {
        let application = status.applications.get(&offer.application);
        let charm = application.map_or("", |application| application.charm_name.as_str());
        let revision = application.map_or_else(String::new, |a| a.charm_revision.to_string());
        for (index, endpoint) in offer.endpoints.iter().enumerate() {
            let (interface, role) = derive::offered_endpoint(status, offer, endpoint);
            if index == 0 {
                table.row([
                    Cell::from(offer.name.as_str()),
                    offer.application.as_str().into(),
                    charm.into(),
                    revision.as_str().into(),
                    format!("{}/{}", offer.active, offer.connected).into(),
                    endpoint.as_str().into(),
                    interface.into(),
                    role.into(),
                ]);
            } else {
                let mut cells: Vec<Cell> = vec![Cell::default(); 5];
                cells.extend([endpoint.as_str().into(), interface.into(), role.into()]);
                table.row(cells);
            }
        }
    }
    table
}

fn relations(status: &FullStatus) -> Table {
    let mut table = Table::new(&[
        "Integration provider",
        "Requirer",
        "Interface",
        "Type",
        "Message",
    ]);
    let mut sorted: Vec<&RelationStatus> = status.relations.iter().collect();
    sorted.sort_by_key(|relation| (relation.provider.to_string(), relation.requirer.to_string()));
    for relation in sorted {
        let message = match (relation.status.as_str(), relation.message.as_str()) {
            ("joined", _) => String::new(),
            (status, "") => status.to_owned(),
            (status, reason) => format!("{status} - {reason}"),
        };
        table.row([
            Cell::from(relation.provider.to_string()),
            relation.requirer.to_string().into(),
            relation.interface.as_str().into(),
            relation.kind.as_str().into(),
            Cell::toned(message, Tone::Busy),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_model_is_shown_in_the_columns_people_know() {
        let text = render(
            &samples::model(),
            Sections::default(),
            &Clock::utc(),
            Palette::plain(),
        );
        assert_eq!(text, include_str!("../../../tests/golden/cli/status.txt"));
    }

    #[test]
    fn relations_and_storage_are_shown_on_request() {
        let sections = Sections {
            relations: true,
            storage: true,
        };
        let text = render(&samples::model(), sections, &Clock::utc(), Palette::plain());
        let tail = text.split("ubuntu@22.04\n\n").last().unwrap();
        let tail = tail.split("Running\n\n").last().unwrap();
        let expected = "\
Integration provider       Requirer                   Interface          Type     Message
postgresql:database        client:db                  postgresql_client  regular
postgresql:database-peers  postgresql:database-peers  postgresql_peers   peer

Storage Unit  Storage ID  Type        Pool    Mountpoint   Size     Status    Message
postgresql/0  pgdata/0    filesystem  rootfs  /var/lib/pg  1.0 GiB  attached
";
        assert_eq!(tail, expected);
    }

    #[test]
    fn offers_are_shown_with_their_endpoints() {
        let mut status = samples::model();
        status.offers.push(samples::offer());
        let text = render(
            &status,
            Sections::default(),
            &Clock::utc(),
            Palette::plain(),
        );
        let expected = "\
Offer  Application  Charm       Rev  Connected  Endpoint  Interface          Role
pg     postgresql   postgresql    2  1/1        database  postgresql_client  provider
";
        assert_eq!(text.split("\n\n").last(), Some(expected));
    }

    #[test]
    fn a_long_workload_version_is_cut() {
        let mut status = samples::model();
        status
            .applications
            .get_mut("postgresql")
            .unwrap()
            .workload_version = "16.4-0ubuntu0.22.04.1".to_owned();
        let text = render(
            &status,
            Sections::default(),
            &Clock::utc(),
            Palette::plain(),
        );
        assert!(
            text.contains("postgresql  16.4-0ubuntu0.2  blocked"),
            "{text}"
        );
    }

    #[test]
    fn ports_are_grouped_by_protocol() {
        let open = ["5432/tcp", "53/udp", "8008/tcp", "icmp"].map(str::to_owned);
        assert_eq!(ports(&open), "5432,8008/tcp 53/udp icmp");
    }
}
