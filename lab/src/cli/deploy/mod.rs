//! `juju deploy` and `juju refresh`.

mod bundle;
mod charm;
mod directives;
mod export;
mod resources;

pub(crate) use export::ExportBundle;
pub(crate) use resources::{AttachResource, Resources};

pub(crate) use directives::constraints;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::api::{self, Deployed, Request};

use super::failure::CliError;
use super::key_values;
use super::session::Session;

/// Deploys a charm or a bundle
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// A charm directory, a .charm file, a bundle, or the name of a charm that comes with the lab
    charm: String,
    /// Name of the application; defaults to the charm's name
    application: Option<String>,
    /// Number of application units to deploy
    #[arg(short = 'n', long, default_value_t = 1)]
    num_units: u32,
    /// KEY=VALUE, KEY=@FILE, or a YAML file with settings
    #[arg(long)]
    config: Vec<String>,
    /// NAME=POOL,SIZE,COUNT
    #[arg(long)]
    storage: Vec<String>,
    /// Existing storage to attach to the unit
    #[arg(long, value_delimiter = ',')]
    attach_storage: Vec<String>,
    /// NAME=FILE or NAME=REVISION
    #[arg(long)]
    resource: Vec<String>,
    /// Machines to place the units on
    #[arg(long, value_delimiter = ',')]
    to: Vec<String>,
    #[arg(long)]
    constraints: Vec<String>,
    #[arg(long)]
    base: Option<String>,
    #[arg(long)]
    channel: Option<String>,
    /// Accepted; local charms count their own revisions
    #[arg(long)]
    revision: Option<u32>,
    /// Accepted; the lab's network is flat
    #[arg(long)]
    bind: Option<String>,
    /// Bundles to overlay on the primary bundle, applied in order
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
    /// Bundles only: machine N of the bundle is machine N of the model
    #[arg(long, value_parser = ["existing"])]
    map_machines: Option<String>,
    /// Bundles only: just show what the deploy would do
    #[arg(long)]
    dry_run: bool,
    /// Allows charm to run hooks that require access credentials
    #[arg(long)]
    trust: bool,
    /// Also a charm that assumes what this lab does not offer
    #[arg(long)]
    force: bool,
}

impl Deploy {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        if charm::is_bundle(&self.charm) {
            let order = bundle::Order {
                path: self.charm.into(),
                overlays: self.overlay,
                map_existing_machines: self.map_machines.is_some(),
                dry_run: self.dry_run,
                trust: self.trust,
            };
            return order.run(session);
        }
        if !self.overlay.is_empty() || self.map_machines.is_some() || self.dry_run {
            return Err(CliError::usage(
                "options provided but not supported when deploying a charm: --overlay, --map-machines, --dry-run",
            ));
        }
        let model = session.model()?;
        let name = self
            .application
            .clone()
            .unwrap_or_else(|| charm::likely_name(&self.charm));
        let config = settings(&self.config, &name)?;
        let deploy = api::Deploy {
            model,
            charm: charm::locate(&self.charm)?,
            application: self.application,
            num_units: self.num_units,
            config,
            storage: directives::storage(&self.storage)?,
            attach_storage: self.attach_storage,
            resources: directives::resources(&self.resource)?,
            to: self.to,
            constraints: directives::constraints(&self.constraints)?,
            base: self.base,
            channel: self.channel,
            trust: self.trust,
            force: self.force,
        };
        let deployed: Deployed = session.call(&Request::Deploy(deploy))?;
        let Deployed {
            charm_name,
            charm_revision,
            application,
            base,
            ..
        } = &deployed;
        session.tell(&format!(
            "Located local charm {charm_name:?}, revision {charm_revision}"
        ));
        session.tell(&format!(
            "Deploying {application:?} from local charm {charm_name:?}, revision {charm_revision} on {base}/stable"
        ));
        Ok(())
    }
}

/// The values of `--config`: pairs, and files of settings; later ones win.
fn settings(items: &[String], application: &str) -> Result<BTreeMap<String, String>, CliError> {
    let mut config = BTreeMap::new();
    for item in items {
        if item.contains('=') {
            config.extend(key_values::pairs_with_file_values(std::slice::from_ref(
                item,
            ))?);
        } else {
            config.extend(key_values::settings_file(item.as_ref(), application)?);
        }
    }
    Ok(config)
}

/// Refreshes an application's charm
#[derive(Debug, Args)]
pub(crate) struct Refresh {
    application: String,
    /// Refresh to a charm located at this path
    #[arg(long, alias = "switch")]
    path: Option<String>,
    /// KEY=VALUE, KEY=@FILE, or a YAML file with settings
    #[arg(long)]
    config: Vec<String>,
    /// NAME=FILE or NAME=REVISION
    #[arg(long)]
    resource: Vec<String>,
    /// Refresh all units immediately, even if in error state
    #[arg(long)]
    force_units: bool,
    #[arg(long)]
    force: bool,
    #[arg(long)]
    force_base: bool,
    #[arg(long)]
    base: Option<String>,
    #[arg(long)]
    channel: Option<String>,
    #[arg(long)]
    revision: Option<u32>,
    #[arg(long)]
    storage: Vec<String>,
    #[arg(long)]
    trust: bool,
}

impl Refresh {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let path = self.path.ok_or_else(|| {
            CliError::failed(format!(
                "{:?} was deployed from a local charm, which has no newer revision by itself\n\
                 hint: name the new charm with --path",
                self.application
            ))
        })?;
        let config = settings(&self.config, &self.application)?;
        let refresh = api::Refresh {
            model: model.clone(),
            application: self.application.clone(),
            charm: charm::locate(&path)?,
            config,
            resources: directives::resources(&self.resource)?,
            force_units: self.force_units,
            force: self.force,
        };
        let refreshed: Deployed = session.call(&Request::Refresh(refresh))?;
        if self.trust {
            let application = self.application.clone();
            session.call::<()>(&Request::Trust {
                model,
                application,
                trust: true,
            })?;
        }
        session.tell(&format!(
            "Added local charm {:?}, revision {}, to the model",
            refreshed.charm_name, refreshed.charm_revision
        ));
        Ok(())
    }
}
