//! `juju model-constraints` and `juju set-model-constraints`.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};

use crate::api::Request;
use crate::cli::deploy::constraints as parsed;
use crate::cli::failure::CliError;
use crate::cli::output::{Output, json_line};
use crate::cli::session::Session;
use crate::cli::yaml;
use crate::model::constraints;

/// Displays machine constraints for a model
#[derive(Debug, Args)]
pub(crate) struct ModelConstraints {
    #[command(flatten)]
    output: Output<Format>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Constraints,
    Yaml,
    Json,
}

impl ModelConstraints {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let known: BTreeMap<String, String> = session.call(&Request::ModelConstraints { model })?;
        let text = match self.output.format() {
            Format::Constraints => format!("{}\n", constraints::text(&known)),
            Format::Yaml => yaml::to_yaml(&constraints::json(&known))?,
            Format::Json => json_line(&constraints::json(&known))?,
        };
        self.output.write(session, &text)
    }
}

/// Sets machine constraints on a model
#[derive(Debug, Args)]
pub(crate) struct SetModelConstraints {
    /// KEY=VALUE…; they replace those that the model has
    items: Vec<String>,
}

impl SetModelConstraints {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let constraints = parsed(&self.items)?;
        session.call::<()>(&Request::SetModelConstraints { model, constraints })
    }
}
