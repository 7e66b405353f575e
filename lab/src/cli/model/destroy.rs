//! `juju destroy-model`.

use std::time::{Duration, Instant};

use clap::Args;

use crate::api::{self, Code, ModelInfo, Request};
use crate::cli::confirm;
use crate::cli::durations;
use crate::cli::failure::CliError;
use crate::cli::session::{Session, bare_model, without_controller};
use crate::client::CallError;

/// Terminates all machines and resources of a model
#[derive(Debug, Args)]
pub(crate) struct DestroyModel {
    name: String,
    /// Do not ask for confirmation
    #[arg(short = 'y', long, alias = "yes")]
    no_prompt: bool,
    /// Destroy all storage instances in the model
    #[arg(long, conflicts_with = "release_storage")]
    destroy_storage: bool,
    /// Accepted; the lab has nowhere to release storage to
    #[arg(long)]
    release_storage: bool,
    /// Force destroy model ignoring any errors
    #[arg(long)]
    force: bool,
    /// Rush through model destruction without waiting for each individual step to complete
    #[arg(long, requires = "force")]
    no_wait: bool,
    /// Timeout for each step of force model destruction
    #[arg(short = 't', long, value_parser = durations::parse)]
    timeout: Option<Duration>,
}

impl DestroyModel {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = without_controller(&self.name).to_owned();
        let info: ModelInfo = session.call(&Request::ShowModel {
            model: model.clone(),
        })?;
        if !self.no_prompt {
            session.tell(&format!(
                "WARNING! This command will destroy the {:?} model and affect the following resources:\n \
                 - {} machine(s)\n - {} application(s)\n",
                info.name, info.machines, info.applications
            ));
            confirm::by_name("model", &info.name)?;
        }
        let destroy = api::DestroyModel {
            model: model.clone(),
            destroy_storage: self.destroy_storage,
            force: self.force,
        };
        // Somebody else may have been faster.
        let begun = session.call::<()>(&Request::DestroyModel(destroy));
        if !is_gone(&begun) {
            begun?;
        }
        session.tell("Destroying model");
        self.wait_until_gone(session, &model)?;
        if session
            .current_model()?
            .as_deref()
            .is_some_and(|name| bare_model(name) == info.name)
        {
            session.set_current_model(None)?;
        }
        session.tell("Model destroyed.");
        Ok(())
    }

    fn wait_until_gone(&self, session: &mut Session, model: &str) -> Result<(), CliError> {
        let started = Instant::now();
        let mut last = String::new();
        loop {
            let shown = session.call::<ModelInfo>(&Request::ShowModel {
                model: model.to_owned(),
            });
            if is_gone(&shown) {
                return Ok(());
            }
            let info = shown?;
            let line = format!(
                "Waiting for model to be removed, {} machine(s), {} application(s)...",
                info.machines, info.applications
            );
            if line != last {
                session.tell(&line);
                last = line;
            }
            if self
                .timeout
                .is_some_and(|timeout| started.elapsed() >= timeout)
            {
                return Err(CliError::failed(format!(
                    "timed out after waiting for model {model:?} to be removed\n\
                     hint: see what its units wait for with 'juju status -m {model}', or destroy it with --force"
                )));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Whether the daemon answered that there is no such model.
fn is_gone<T>(answer: &Result<T, CliError>) -> bool {
    matches!(answer, Err(CliError::Call(CallError::Refused(failure))) if failure.code == Code::NotFound)
}
