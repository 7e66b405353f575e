//! `juju show-unit` and `juju show-application`.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use crate::api::{
    ApplicationStatus, FullStatus, RelationView, RemoteApplicationStatus, Request, UnitBag,
    UnitView,
};

use super::failure::CliError;
use super::output::{Data, Output};
use super::session::Session;

/// Displays information about a unit
#[derive(Debug, Args)]
pub(crate) struct ShowUnit {
    #[arg(required = true, value_name = "UNIT")]
    units: Vec<String>,
    /// Only show relation data for the specified endpoint
    #[arg(long)]
    endpoint: Option<String>,
    /// Only show relation data for the specified unit
    #[arg(long)]
    related_unit: Option<String>,
    /// Only show application relation data
    #[arg(long)]
    app: bool,
    #[command(flatten)]
    output: Output<Data>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Unit {
    #[serde(skip_serializing_if = "String::is_empty")]
    workload_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    machine: String,
    opened_ports: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    public_address: String,
    charm: String,
    leader: bool,
    life: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relation_info: Vec<Relation>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Relation {
    relation_id: u64,
    endpoint: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cross_model: bool,
    related_endpoint: String,
    application_data: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_unit: Option<Bag>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    related_units: BTreeMap<String, Bag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Bag {
    in_scope: bool,
    data: BTreeMap<String, String>,
}

impl From<UnitBag> for Bag {
    fn from(bag: UnitBag) -> Self {
        Self {
            in_scope: bag.in_scope,
            data: bag.data,
        }
    }
}

impl ShowUnit {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let mut shown = BTreeMap::new();
        for unit in &self.units {
            let view: UnitView = session.call(&Request::ShowUnit {
                model: model.clone(),
                unit: unit.clone(),
            })?;
            shown.insert(view.unit.clone(), self.unit(view));
        }
        self.output.write_data(session, &shown)
    }

    fn unit(&self, view: UnitView) -> Unit {
        let wanted = |relation: &RelationView| {
            self.endpoint
                .as_ref()
                .is_none_or(|endpoint| *endpoint == relation.endpoint)
                && self
                    .related_unit
                    .as_ref()
                    .is_none_or(|unit| relation.related_units.contains_key(unit))
        };
        Unit {
            workload_version: view.workload_version,
            machine: view.machine,
            opened_ports: view.opened_ports,
            public_address: view.address,
            charm: view.charm,
            leader: view.leader,
            life: view.life,
            relation_info: view
                .relations
                .into_iter()
                .filter(wanted)
                .map(|relation| self.relation(relation))
                .collect(),
        }
    }

    fn relation(&self, view: RelationView) -> Relation {
        let wanted = |unit: &String| self.related_unit.as_ref().is_none_or(|only| only == unit);
        Relation {
            relation_id: view.relation_id,
            endpoint: view.endpoint,
            cross_model: view.cross_model,
            related_endpoint: view.related_endpoint,
            application_data: view.application_data,
            local_unit: (!self.app).then(|| view.local_unit.into()),
            related_units: view
                .related_units
                .into_iter()
                .filter(|(unit, _)| !self.app && wanted(unit))
                .map(|(unit, bag)| (unit, bag.into()))
                .collect(),
        }
    }
}

/// Displays information about an application
#[derive(Debug, Args)]
pub(crate) struct ShowApplication {
    #[arg(required = true, value_name = "APPLICATION")]
    applications: Vec<String>,
    #[command(flatten)]
    output: Output<Data>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Application {
    #[serde(skip_serializing_if = "String::is_empty")]
    charm: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    base: String,
    principal: bool,
    exposed: bool,
    remote: bool,
    life: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    endpoint_bindings: BTreeMap<String, String>,
}

impl ShowApplication {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let status: FullStatus = session.call(&Request::Status {
            model: session.model()?,
        })?;
        let mut shown = BTreeMap::new();
        for name in &self.applications {
            let known = status.applications.get(name).map(describe);
            let remote = || status.remote_applications.get(name).map(describe_remote);
            let application = known
                .or_else(remote)
                .ok_or_else(|| CliError::failed(format!("application {name:?} not found")))?;
            shown.insert(name, application);
        }
        self.output.write_data(session, &shown)
    }
}

fn describe(application: &ApplicationStatus) -> Application {
    Application {
        charm: application.charm_name.clone(),
        base: format!("{}@{}", application.base.name, application.base.channel),
        principal: application.subordinate_to.is_empty(),
        exposed: application.exposed,
        remote: false,
        life: application.life.clone(),
        endpoint_bindings: application.endpoint_bindings.clone(),
    }
}

/// A consumed offer is an application of which only the outside is known.
fn describe_remote(remote: &RemoteApplicationStatus) -> Application {
    Application {
        charm: String::new(),
        base: String::new(),
        principal: false,
        exposed: false,
        remote: true,
        life: remote.life.clone(),
        endpoint_bindings: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::yaml;

    fn bag(address: &str) -> UnitBag {
        UnitBag {
            in_scope: true,
            data: BTreeMap::from([("private-address".to_owned(), address.to_owned())]),
        }
    }

    fn view() -> UnitView {
        UnitView {
            unit: "postgresql/0".to_owned(),
            charm: "local:postgresql-0".to_owned(),
            workload_version: "16.4".to_owned(),
            machine: "0".to_owned(),
            opened_ports: vec!["5432/tcp".to_owned()],
            address: "10.0.0.11".to_owned(),
            leader: true,
            life: "alive".to_owned(),
            relations: vec![RelationView {
                relation_id: 5,
                endpoint: "database".to_owned(),
                related_endpoint: "db".to_owned(),
                related_application: "client".to_owned(),
                cross_model: false,
                application_data: BTreeMap::from([("database".to_owned(), "orders".to_owned())]),
                local_unit: bag("10.0.0.11"),
                related_units: BTreeMap::from([("client/0".to_owned(), bag("10.0.0.14"))]),
            }],
        }
    }

    fn shown(app: bool) -> String {
        let show = ShowUnit {
            units: Vec::new(),
            endpoint: None,
            related_unit: None,
            app,
            output: Output::default(),
        };
        yaml::to_yaml(&BTreeMap::from([("postgresql/0", show.unit(view()))])).unwrap()
    }

    #[test]
    fn a_unit_is_shown_with_its_databags() {
        let expected = "\
postgresql/0:
  workload-version: \"16.4\"
  machine: \"0\"
  opened-ports:
  - 5432/tcp
  public-address: 10.0.0.11
  charm: local:postgresql-0
  leader: true
  life: alive
  relation-info:
  - relation-id: 5
    endpoint: database
    related-endpoint: db
    application-data:
      database: orders
    local-unit:
      in-scope: true
      data:
        private-address: 10.0.0.11
    related-units:
      client/0:
        in-scope: true
        data:
          private-address: 10.0.0.14
";
        assert_eq!(shown(false), expected);
    }

    #[test]
    fn only_application_data_is_shown_on_request() {
        let text = shown(true);
        assert!(
            text.ends_with("    application-data:\n      database: orders\n"),
            "{text}"
        );
    }
}
