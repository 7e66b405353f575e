//! Units and applications after their deployment: scaling, removing, resolving, exposing, trusting.

use clap::Args;

use crate::api::{self, Removed, Request};

use super::confirm;
use super::failure::CliError;
use super::names;
use super::session::Session;

/// Adds one or more units to a deployed application
#[derive(Debug, Args)]
pub(crate) struct AddUnit {
    application: String,
    /// Number of units to add
    #[arg(short = 'n', long, default_value_t = 1)]
    num_units: u32,
    /// Machines to place the units on
    #[arg(long, value_delimiter = ',')]
    to: Vec<String>,
    /// Existing storage to attach to the unit
    #[arg(long, value_delimiter = ',')]
    attach_storage: Vec<String>,
}

impl AddUnit {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let add = api::AddUnits {
            model: session.model()?,
            application: self.application,
            count: self.num_units,
            to: self.to,
            attach_storage: self.attach_storage,
        };
        session.call::<Vec<String>>(&Request::AddUnits(add))?;
        Ok(())
    }
}

/// Removes application units from the model
#[derive(Debug, Args)]
pub(crate) struct RemoveUnit {
    #[arg(required = true, value_name = "UNIT")]
    units: Vec<String>,
    #[command(flatten)]
    removal: Removal,
    /// Number of units to remove (Kubernetes only)
    #[arg(long)]
    num_units: Option<u32>,
}

/// Removes applications from the model
#[derive(Debug, Args)]
pub(crate) struct RemoveApplication {
    #[arg(required = true, value_name = "APPLICATION")]
    applications: Vec<String>,
    #[command(flatten)]
    removal: Removal,
}

#[derive(Debug, Args)]
struct Removal {
    /// Do not ask for confirmation
    #[arg(short = 'y', long, alias = "yes")]
    no_prompt: bool,
    /// Destroy storage attached to the units
    #[arg(long)]
    destroy_storage: bool,
    /// Completely remove, ignoring any errors
    #[arg(long)]
    force: bool,
    /// Rush through removal without waiting for each individual step to complete
    #[arg(long, requires = "force")]
    no_wait: bool,
    /// Print what this command would be removing without removing
    #[arg(long)]
    dry_run: bool,
}

impl Removal {
    /// Shows what will go, asks, and does it; `request` makes the request for a dry run or for real.
    fn perform(
        &self,
        session: &mut Session,
        what: &str,
        request: impl Fn(bool) -> Request,
    ) -> Result<(), CliError> {
        let shown_first = self.dry_run || !self.no_prompt;
        let removed: Removed = session.call(&request(shown_first))?;
        session.print(&removal_text(&removed))?;
        if self.dry_run || self.no_prompt {
            return Ok(());
        }
        confirm::yes(what)?;
        session.call::<Removed>(&request(false))?;
        Ok(())
    }
}

fn removal_text(removed: &Removed) -> String {
    let mut lines = Vec::new();
    for application in &removed.applications {
        lines.push(format!("will remove application {application}"));
        let units = removed
            .units
            .iter()
            .filter(|unit| names::application_of(unit) == application);
        for unit in units {
            lines.push(format!("- will remove unit {unit}"));
            storage_lines(removed, unit, &mut lines);
        }
    }
    for unit in &removed.units {
        if !removed
            .applications
            .iter()
            .any(|name| name == names::application_of(unit))
        {
            lines.push(format!("will remove unit {unit}"));
            storage_lines(removed, unit, &mut lines);
        }
    }
    lines
        .into_iter()
        .fold(String::new(), |text, line| text + &line + "\n")
}

fn storage_lines(removed: &Removed, unit: &str, lines: &mut Vec<String>) {
    for (storage, verb) in [
        (&removed.destroyed_storage, "remove"),
        (&removed.detached_storage, "detach"),
    ] {
        for attached in storage.iter().filter(|attached| attached.unit == unit) {
            lines.push(format!("- will {verb} storage {}", attached.storage));
        }
    }
}

impl RemoveUnit {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        if self.num_units.is_some() {
            return Err(CliError::usage(
                "--num-units on a machine model not valid\nhint: name the units to remove",
            ));
        }
        if let Some(name) = self.units.iter().find(|name| !names::is_unit(name)) {
            return Err(CliError::usage(format!("unit name {name:?} not valid")));
        }
        let model = session.model()?;
        let removal = &self.removal;
        removal.perform(session, "unit removal", |dry_run| {
            Request::RemoveUnits(api::RemoveUnits {
                model: model.clone(),
                units: self.units.clone(),
                destroy_storage: removal.destroy_storage,
                force: removal.force,
                dry_run,
            })
        })
    }
}

impl RemoveApplication {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        if let Some(name) = self
            .applications
            .iter()
            .find(|name| !names::is_application(name))
        {
            return Err(CliError::usage(format!(
                "invalid application name {name:?}"
            )));
        }
        let model = session.model()?;
        let removal = &self.removal;
        removal.perform(session, "application removal", |dry_run| {
            Request::RemoveApplications(api::RemoveApplications {
                model: model.clone(),
                applications: self.applications.clone(),
                destroy_storage: removal.destroy_storage,
                force: removal.force,
                dry_run,
            })
        })
    }
}

/// Marks unit errors resolved and re-executes failed hooks
#[derive(Debug, Args)]
pub(crate) struct Resolved {
    units: Vec<String>,
    /// Marks all units in error as resolved
    #[arg(long, conflicts_with = "units")]
    all: bool,
    /// Do not re-execute failed hooks on the unit
    #[arg(long)]
    no_retry: bool,
}

impl Resolved {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        if self.units.is_empty() && !self.all {
            return Err(CliError::usage("no unit specified"));
        }
        if let Some(name) = self.units.iter().find(|name| !names::is_unit(name)) {
            return Err(CliError::usage(format!("unit name {name:?} not valid")));
        }
        let model = session.model()?;
        session.call::<Vec<String>>(&Request::Resolved {
            model,
            units: self.units,
            all: self.all,
            no_retry: self.no_retry,
        })?;
        Ok(())
    }
}

/// Makes an application publicly available over the network
#[derive(Debug, Args)]
pub(crate) struct Expose {
    application: String,
    /// Accepted; the lab exposes all endpoints
    #[arg(long)]
    endpoints: Option<String>,
    #[arg(long)]
    to_cidrs: Option<String>,
    #[arg(long)]
    to_spaces: Option<String>,
}

impl Expose {
    pub(crate) fn run(self, session: &mut Session, exposed: bool) -> Result<(), CliError> {
        let model = session.model()?;
        session.call::<()>(&Request::Expose {
            model,
            application: self.application,
            exposed,
        })
    }
}

/// Sets the trust status of a deployed application
#[derive(Debug, Args)]
pub(crate) struct Trust {
    application: String,
    /// Remove trusted access from a trusted application
    #[arg(long)]
    remove: bool,
    #[arg(long)]
    scope: Option<String>,
}

impl Trust {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let trust = !self.remove;
        session.call::<()>(&Request::Trust {
            model,
            application: self.application,
            trust,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AttachedStorage;

    fn attached(unit: &str, storage: &str) -> AttachedStorage {
        AttachedStorage {
            unit: unit.to_owned(),
            storage: storage.to_owned(),
        }
    }

    #[test]
    fn a_unit_is_announced_with_its_storage() {
        let removed = Removed {
            units: vec!["postgresql/2".to_owned()],
            detached_storage: vec![attached("postgresql/2", "pgdata/2")],
            ..Removed::default()
        };
        let expected = "will remove unit postgresql/2\n- will detach storage pgdata/2\n";
        assert_eq!(removal_text(&removed), expected);
    }

    #[test]
    fn an_application_is_announced_with_its_units() {
        let removed = Removed {
            applications: vec!["postgresql".to_owned()],
            units: vec!["postgresql/0".to_owned(), "postgresql/1".to_owned()],
            destroyed_storage: vec![attached("postgresql/0", "pgdata/0")],
            ..Removed::default()
        };
        let expected = "\
will remove application postgresql
- will remove unit postgresql/0
- will remove storage pgdata/0
- will remove unit postgresql/1
";
        assert_eq!(removal_text(&removed), expected);
    }
}
