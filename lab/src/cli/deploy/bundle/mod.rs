//! `juju deploy ./bundle.yaml`: the difference between a bundle and the model, as steps, carried out one by one.
//! Nothing is removed, and what is there already is adjusted.

mod files;
mod notes;
mod places;
mod steps;

use std::path::{Path, PathBuf};

use juju_charm_files::bundle::Bundle;

use crate::api::{Consume, Deployed, FullStatus, Integrated, Request};
use crate::cli::failure::CliError;
use crate::cli::key_values::text_file;
use crate::cli::session::Session;
use files::Folders;
use places::Places;
use steps::Step;

/// A bundle as the command line names it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) path: PathBuf,
    pub(super) overlays: Vec<PathBuf>,
    /// Machine N of the bundle is machine N of the model.
    pub(super) map_existing_machines: bool,
    pub(super) dry_run: bool,
    /// Applications may get access to the cloud.
    pub(super) trust: bool,
}

impl Order {
    pub(super) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let path = if self.path.is_dir() {
            self.path.join("bundle.yaml")
        } else {
            self.path
        };
        let text = text_file(&path)?;
        let overlays: Vec<String> = self
            .overlays
            .iter()
            .map(|path| text_file(path))
            .collect::<Result<_, _>>()?;
        let overlay_texts: Vec<&str> = overlays.iter().map(String::as_str).collect();
        let bundle =
            Bundle::parse(&text, &overlay_texts).map_err(|error| refused(&path, &error))?;
        let trusting = notes::trusting(&bundle);
        if !trusting.is_empty() && !self.trust {
            return Err(CliError::failed(format!(
                "Bundle cannot be deployed without trusting applications with your cloud credentials.\n\
                 Please repeat the deploy command with the --trust argument if you consent to trust the following \
                 application(s):\n  - {}",
                trusting.join("\n  - ")
            )));
        }
        let folders = Folders::of(&path, &self.overlays);
        let model = session.model()?;
        let status: FullStatus = session.call(&Request::Status {
            model: model.clone(),
        })?;
        let steps = steps::steps(&bundle, &status, &model, &folders)?;
        if steps.is_empty() {
            session.tell("No changes to apply.");
            return Ok(());
        }
        for note in notes::notes(&bundle) {
            session.tell(&note);
        }
        session.tell(if self.dry_run {
            "Changes to deploy bundle:"
        } else {
            "Executing changes:"
        });
        let mut places = Places::new(&status, self.map_existing_machines);
        for step in steps {
            session.tell(&format!("- {step}"));
            if !self.dry_run {
                perform(session, &model, step, &mut places)?;
            }
        }
        if !self.dry_run {
            session.tell("Deploy of bundle completed.");
        }
        Ok(())
    }
}

fn refused(path: &Path, error: &dyn std::error::Error) -> CliError {
    let reason = error
        .source()
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    CliError::failed(format!(
        "cannot deploy bundle {}: {error}{reason}",
        path.display()
    ))
}

fn perform(
    session: &mut Session,
    model: &str,
    step: Step,
    places: &mut Places,
) -> Result<(), CliError> {
    match step {
        Step::Deploy(deploy) => {
            let mut deploy = *deploy;
            let wanted = places.resolve(&mut deploy.to);
            let deployed: Deployed = session.call(&Request::Deploy(deploy))?;
            learn_machines(session, model, places, &wanted, &deployed.units)
        }
        Step::AddUnits(mut add) => {
            let wanted = places.resolve(&mut add.to);
            let units: Vec<String> = session.call(&Request::AddUnits(add))?;
            learn_machines(session, model, places, &wanted, &units)
        }
        Step::Integrate(integrate) => {
            session.call::<Integrated>(&Request::Integrate(integrate))?;
            Ok(())
        }
        Step::SetConfig {
            application,
            values,
        } => {
            let model = model.to_owned();
            // Warnings only say that values are what they were already.
            session.call::<Vec<String>>(&Request::SetConfig {
                model,
                application,
                values,
                reset: Vec::new(),
            })?;
            Ok(())
        }
        Step::Expose(application) => session.call(&Request::Expose {
            model: model.to_owned(),
            application,
            exposed: true,
        }),
        Step::Trust(application) => session.call(&Request::Trust {
            model: model.to_owned(),
            application,
            trust: true,
        }),
        Step::Offer(offer) => session.call(&Request::CreateOffer(offer)),
        Step::Consume { name, url } => {
            let model = model.to_owned();
            session.call::<String>(&Request::Consume(Consume {
                model,
                url,
                alias: Some(name),
            }))?;
            Ok(())
        }
    }
}

/// Remembers on which machines the units went that the bundle wanted on machines it numbers itself.
fn learn_machines(
    session: &mut Session,
    model: &str,
    places: &mut Places,
    wanted: &[String],
    units: &[String],
) -> Result<(), CliError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let status: FullStatus = session.call(&Request::Status {
        model: model.to_owned(),
    })?;
    places.learn(&status, wanted, units);
    Ok(())
}
