//! Models: adding, listing, choosing, showing, configuring and destroying them.

mod config;
mod constraints;
mod defaults;
mod destroy;

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use crate::api::{self, ControllerInfo, ModelInfo, Request};

use super::failure::CliError;
use super::go_time::Clock;
use super::key_values;
use super::output::{Data, Listing, Output};
use super::session::{Session, bare_model, without_controller};
use super::table::{Cell, Table};
use super::terminal::Tone;

pub(crate) use config::ModelConfig;
pub(crate) use constraints::{ModelConstraints, SetModelConstraints};
pub(crate) use defaults::ModelDefaults;
pub(crate) use destroy::DestroyModel;

/// Adds a workload model
#[derive(Debug, Args)]
pub(crate) struct AddModel {
    name: String,
    /// Accepted if it names the lab's cloud
    cloud_or_region: Option<String>,
    #[arg(short = 'c', long)]
    controller: Option<String>,
    /// KEY=VALUE, or a YAML file
    #[arg(long)]
    config: Vec<String>,
    #[arg(long)]
    credential: Option<String>,
    #[arg(long)]
    owner: Option<String>,
    /// Do not switch to the newly created model
    #[arg(long)]
    no_switch: bool,
}

impl AddModel {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let config = key_values::with_files(&self.config)?;
        let add = api::AddModel {
            name: bare_model(&self.name).to_owned(),
            config,
        };
        let info: ModelInfo = session.call(&Request::AddModel(add))?;
        if !self.no_switch {
            session.set_current_model(Some(&qualified(&info)))?;
        }
        session.tell(&format!(
            "Added '{}' model on {}/{} for user '{}'",
            info.name, info.cloud, info.region, info.owner
        ));
        Ok(())
    }
}

fn qualified(info: &ModelInfo) -> String {
    format!("{}/{}", info.owner, info.name)
}

/// Lists the models of the controller
#[derive(Debug, Args)]
pub(crate) struct Models {
    #[arg(short = 'c', long)]
    controller: Option<String>,
    #[command(flatten)]
    output: Output<Listing>,
    #[arg(long, hide = true)]
    all: bool,
    #[arg(long, hide = true)]
    uuid: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ModelList {
    models: Vec<ModelEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_model: Option<String>,
}

/// A model as `models` and `show-model` describe it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ModelEntry {
    name: String,
    short_name: String,
    model_uuid: String,
    model_type: String,
    controller_uuid: String,
    controller_name: String,
    is_controller: bool,
    owner: String,
    cloud: String,
    region: String,
    #[serde(rename = "type")]
    cloud_type: &'static str,
    life: String,
    status: StatusEntry,
    users: BTreeMap<String, UserEntry>,
    unit_count: usize,
    agent_version: String,
}

#[derive(Debug, Serialize)]
struct StatusEntry {
    current: &'static str,
    since: String,
}

/// What a user may do with a model.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct UserEntry {
    display_name: String,
    access: &'static str,
    last_connection: &'static str,
}

fn entry(info: &ModelInfo, controller: &str) -> ModelEntry {
    ModelEntry {
        name: qualified(info),
        short_name: info.name.clone(),
        model_uuid: info.uuid.clone(),
        model_type: info.model_type.clone(),
        controller_uuid: info.controller_uuid.clone(),
        controller_name: controller.to_owned(),
        is_controller: false,
        owner: info.owner.clone(),
        cloud: info.cloud.clone(),
        region: info.region.clone(),
        cloud_type: "lab",
        life: info.life.clone(),
        status: StatusEntry {
            current: state(info),
            since: Clock::local().status_layout(info.created),
        },
        users: BTreeMap::from([(
            info.owner.clone(),
            UserEntry {
                display_name: info.owner.clone(),
                access: "admin",
                // Whoever reads this is connected.
                last_connection: "just now",
            },
        )]),
        unit_count: info.units,
        agent_version: info.version.clone(),
    }
}

fn state(info: &ModelInfo) -> &'static str {
    if info.life == "alive" {
        "available"
    } else {
        "destroying"
    }
}

impl Models {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let controller: ControllerInfo = session.call(&Request::Ping)?;
        let models: Vec<ModelInfo> = session.call(&Request::Models)?;
        let current = session.current_model()?;
        let is_current = |info: &ModelInfo| {
            current
                .as_deref()
                .is_some_and(|name| bare_model(name) == info.name)
        };
        let list = ModelList {
            models: models
                .iter()
                .map(|info| entry(info, &controller.name))
                .collect(),
            current_model: models
                .iter()
                .find(|info| is_current(info))
                .map(|info| info.name.clone()),
        };
        let palette = session.palette();
        self.output.write_listing(session, &list, || {
            let mut table = Table::new(&[
                "Model",
                "Cloud/Region",
                "Type",
                "Status",
                ">Machines",
                ">Units",
                "Access",
            ]);
            for info in &models {
                let (mark, tone) = if is_current(info) {
                    ("*", Tone::Good)
                } else {
                    ("", Tone::Plain)
                };
                table.row([
                    Cell::toned(format!("{}{mark}", info.name), tone),
                    format!("{}/{}", info.cloud, info.region).into(),
                    "lab".into(),
                    Cell::status(state(info)),
                    info.machines.to_string().into(),
                    info.units.to_string().into(),
                    "admin".into(),
                ]);
            }
            format!(
                "Controller: {}\n\n{}",
                controller.name,
                table.render(palette)
            )
        })
    }
}

/// Selects or identifies the current model
#[derive(Debug, Args)]
pub(crate) struct Switch {
    target: Option<String>,
}

impl Switch {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let current = session.current_model()?;
        let shown = |model: Option<&str>| {
            format!("lab{}", model.map(|m| format!(":{m}")).unwrap_or_default())
        };
        let Some(target) = self.target else {
            return session.print(&format!("{}\n", shown(current.as_deref())));
        };
        let name = without_controller(&target).to_owned();
        if name == "lab" && !target.contains(':') || name.is_empty() {
            session.tell(&format!("{} (no change)", shown(current.as_deref())));
            return Ok(());
        }
        let info: ModelInfo = session.call(&Request::ShowModel { model: name })?;
        let chosen = qualified(&info);
        if current.as_deref() == Some(&chosen) {
            session.tell(&format!("{} (no change)", shown(Some(&chosen))));
            return Ok(());
        }
        session.set_current_model(Some(&chosen))?;
        session.tell(&format!(
            "{} -> {}",
            shown(current.as_deref()),
            shown(Some(&chosen))
        ));
        Ok(())
    }
}

/// Shows information about the current or specified model
#[derive(Debug, Args)]
pub(crate) struct ShowModel {
    name: Option<String>,
    #[command(flatten)]
    output: Output<Data>,
}

impl ShowModel {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = match &self.name {
            Some(name) => without_controller(name).to_owned(),
            None => session.model()?,
        };
        let controller: ControllerInfo = session.call(&Request::Ping)?;
        let info: ModelInfo = session.call(&Request::ShowModel { model })?;
        let shown = BTreeMap::from([(info.name.clone(), entry(&info, &controller.name))]);
        self.output.write_data(session, &shown)
    }
}
