//! `juju model-defaults`.

use std::collections::BTreeMap;

use clap::Args;

use crate::api::{ModelDefault, Request};
use crate::cli::failure::CliError;
use crate::cli::key_values;
use crate::cli::output::{Listing, Output};
use crate::cli::session::Session;
use crate::cli::table::{Cell, Table};

use super::config::bare;

/// Displays or sets default configuration settings for models
#[derive(Debug, Args)]
pub(crate) struct ModelDefaults {
    /// KEY, or KEY=VALUE…
    items: Vec<String>,
    #[command(flatten)]
    output: Output<Listing>,
    /// Reset the provided comma delimited keys
    #[arg(long, value_delimiter = ',')]
    reset: Vec<String>,
}

impl ModelDefaults {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let (pairs, keys) = key_values::pairs_and_keys(&self.items);
        let values = key_values::with_files(&pairs)?;
        if !values.is_empty() || !self.reset.is_empty() {
            if !keys.is_empty() {
                return Err(CliError::usage(
                    "cannot set and retrieve default values simultaneously",
                ));
            }
            return session.call(&Request::SetModelDefaults {
                values,
                reset: self.reset,
            });
        }
        let mut defaults: BTreeMap<String, ModelDefault> = session.call(&Request::ModelDefaults)?;
        if let Some(unknown) = keys.iter().find(|key| !defaults.contains_key(*key)) {
            return Err(CliError::failed(format!(
                "there are no default model values for {unknown:?}"
            )));
        }
        defaults.retain(|key, _| keys.is_empty() || keys.contains(key));
        let palette = session.palette();
        self.output.write_listing(session, &defaults, || {
            let mut table = Table::new(&["Attribute", "Default", "Controller"]);
            for (key, entry) in &defaults {
                let controller = entry.controller.as_ref().map_or("-".to_owned(), bare);
                table.row([
                    Cell::from(key.as_str()),
                    bare(&entry.default).into(),
                    controller.into(),
                ]);
            }
            table.render(palette)
        })
    }
}
