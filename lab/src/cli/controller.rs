//! The controller, as far as a lab has one: version, bootstrap, and who is who.

use std::collections::BTreeMap;
use std::process::Command;

use clap::Args;
use serde_json::json;

use crate::api::{ControllerInfo, Request};
use crate::client::CallError;

use super::failure::CliError;
use super::output::{Data, Listing, Output, json_line};
use super::session::Session;
use super::table::{Cell, Table};
use super::yaml;

/// Prints the version of the command line
#[derive(Debug, Args)]
pub(crate) struct Version {
    /// Prints all version information
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: Output<VersionFormat>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum VersionFormat {
    #[default]
    Smart,
    Yaml,
    Json,
}

impl Version {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let version = version_text();
        let all = json!({
            "version": version,
            "git-commit": "",
            "git-tree-state": "",
            "compiler": format!("juju-lab {}", env!("CARGO_PKG_VERSION")),
        });
        let text = match (self.output.format(), self.all) {
            (VersionFormat::Json, true) => json_line(&all)?,
            (_, true) => yaml::to_yaml(&all)?,
            (VersionFormat::Json, false) => json_line(&version)?,
            (_, false) => format!("{version}\n"),
        };
        self.output.write(session, &text)
    }
}

/// The release of Juju this command line behaves like, with system and architecture: `3.6.11-genericlinux-amd64`.
pub(crate) fn version_text() -> String {
    format!("{}-genericlinux-{}", crate::daemon::VERSION, architecture())
}

/// The architecture in Juju's words.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64el",
        other => other,
    }
}

/// Starts the lab's daemon, which is its controller
#[derive(Debug, Args)]
pub(crate) struct Bootstrap {
    cloud: Option<String>,
    controller: Option<String>,
    #[arg(long)]
    config: Vec<String>,
    #[arg(long)]
    constraints: Vec<String>,
    #[arg(long)]
    bootstrap_constraints: Vec<String>,
    #[arg(long)]
    bootstrap_base: Option<String>,
    #[arg(long)]
    credential: Option<String>,
    #[arg(long)]
    force: bool,
    #[arg(long)]
    model_default: Vec<String>,
    #[arg(long)]
    storage_pool: Vec<String>,
    #[arg(long)]
    to: Option<String>,
}

impl Bootstrap {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        match session.call::<ControllerInfo>(&Request::Ping) {
            Ok(controller) => {
                return Err(CliError::failed(format!(
                    "controller {:?} already exists",
                    controller.name
                )));
            }
            Err(CliError::Call(CallError::Unreachable { .. })) => {}
            Err(error) => return Err(error),
        }
        let executable =
            std::env::current_exe().map_err(CliError::io("find the lab's executable"))?;
        let status = Command::new(executable)
            .arg("up")
            .status()
            .map_err(CliError::io("start the lab's daemon"))?;
        if !status.success() {
            return Err(CliError::failed(
                "the lab's daemon did not start\nhint: see daemon.log in the lab's home",
            ));
        }
        let controller: ControllerInfo = session.call(&Request::Ping)?;
        if self.controller.is_some_and(|name| name != controller.name) {
            session.tell(&format!(
                "The lab's controller is always called {:?}",
                controller.name
            ));
        }
        session.tell(&format!(
            "Bootstrap complete, controller {:?} is now available",
            controller.name
        ));
        Ok(())
    }
}

/// Lists all controllers
#[derive(Debug, Args)]
pub(crate) struct Controllers {
    #[command(flatten)]
    output: Output<Listing>,
    #[arg(long, hide = true)]
    refresh: bool,
}

impl Controllers {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let controller: ControllerInfo = match session.call(&Request::Ping) {
            Ok(controller) => controller,
            Err(CliError::Call(CallError::Unreachable { .. })) => {
                session.tell("No controllers registered.\n\nPlease start one with \"juju-lab up\" or \"juju bootstrap\".");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let document = json!({
            "controllers": {controller.name.as_str(): describe(&controller)},
            "current-controller": controller.name,
        });
        let current = session.current_model()?.unwrap_or_else(|| "-".to_owned());
        let palette = session.palette();
        self.output.write_listing(session, &document, || {
            let mut table = Table::new(&[
                "Controller",
                "Model",
                "User",
                "Access",
                "Cloud/Region",
                "Version",
            ]);
            table.row([
                Cell::from(format!("{}*", controller.name)),
                current.into(),
                controller.user.as_str().into(),
                "superuser".into(),
                format!("{}/{}", controller.cloud, controller.region).into(),
                controller.version.as_str().into(),
            ]);
            table.render(palette)
        })
    }
}

fn describe(controller: &ControllerInfo) -> serde_json::Value {
    json!({
        "user": controller.user,
        "access": "superuser",
        "uuid": controller.uuid,
        "api-endpoints": [format!("unix:{}", controller.home.join("daemon.sock").display())],
        "cloud": controller.cloud,
        "region": controller.region,
        "agent-version": controller.version,
    })
}

/// Shows detailed information of a controller
#[derive(Debug, Args)]
pub(crate) struct ShowController {
    name: Option<String>,
    #[command(flatten)]
    output: Output<Data>,
}

impl ShowController {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let controller: ControllerInfo = session.call(&Request::Ping)?;
        known(&controller, self.name.as_deref())?;
        let document = BTreeMap::from([(
            controller.name.clone(),
            json!({"details": describe(&controller)}),
        )]);
        self.output.write_data(session, &document)
    }
}

fn known(controller: &ControllerInfo, name: Option<&str>) -> Result<(), CliError> {
    match name {
        Some(name) if name != controller.name => {
            Err(CliError::failed(format!("controller {name} not found")))
        }
        _ => Ok(()),
    }
}

/// Prints the current controller, model and user
#[derive(Debug, Args)]
pub(crate) struct Whoami {
    #[command(flatten)]
    output: Output<Listing>,
}

impl Whoami {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let controller: ControllerInfo = session.call(&Request::Ping)?;
        let model = session
            .current_model()?
            .unwrap_or_else(|| "<no-current-model>".to_owned());
        let document =
            json!({"controller": controller.name, "model": model, "user": controller.user});
        self.output.write_listing(session, &document, || {
            format!(
                "Controller:  {}\nModel:       {model}\nUser:        {}\n",
                controller.name, controller.user
            )
        })
    }
}

/// Lists the clouds of the lab: itself
#[derive(Debug, Args)]
pub(crate) struct Clouds {
    #[command(flatten)]
    output: Output<Listing>,
    #[arg(long, hide = true)]
    all: bool,
    #[arg(long, hide = true)]
    client: bool,
    #[arg(short = 'c', long, hide = true)]
    controller: Option<String>,
}

impl Clouds {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let controller: ControllerInfo = session.call(&Request::Ping)?;
        let document = json!({controller.cloud.as_str(): {
            "type": "lab",
            "description": "Directories of this host as machines",
            "regions": {controller.region.as_str(): {}},
        }});
        let palette = session.palette();
        self.output.write_listing(session, &document, || {
            let mut table = Table::new(&["Cloud", "Regions", "Default", "Type", "Description"]);
            table.row([
                Cell::from(controller.cloud.as_str()),
                "1".into(),
                controller.region.as_str().into(),
                "lab".into(),
                "Directories of this host as machines".into(),
            ]);
            table.render(palette)
        })
    }
}
