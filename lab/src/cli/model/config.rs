//! `juju model-config`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::api::{ModelConfigEntry, Request};
use crate::cli::failure::CliError;
use crate::cli::key_values;
use crate::cli::output::{Listing, Output};
use crate::cli::session::Session;
use crate::cli::table::{Cell, Table};

/// Displays or sets configuration values of a model
#[derive(Debug, Args)]
pub(crate) struct ModelConfig {
    /// KEY, or KEY=VALUE…
    items: Vec<String>,
    #[command(flatten)]
    output: Output<Listing>,
    /// Reset the provided comma delimited keys
    #[arg(long, value_delimiter = ',')]
    reset: Vec<String>,
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SettingEntry {
    value: serde_json::Value,
    source: String,
}

impl ModelConfig {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let (pairs, keys) = key_values::pairs_and_keys(&self.items);
        let mut values = match &self.file {
            Some(path) => key_values::file(path)?,
            None => BTreeMap::new(),
        };
        values.extend(key_values::with_files(&pairs)?);
        if values.is_empty() && self.reset.is_empty() {
            return self.show(session, &model, &keys);
        }
        if !keys.is_empty() {
            return Err(CliError::usage(
                "cannot set and retrieve model values simultaneously",
            ));
        }
        session.call::<()>(&Request::SetModelConfig {
            model,
            values,
            reset: self.reset,
        })
    }

    fn show(&self, session: &mut Session, model: &str, keys: &[String]) -> Result<(), CliError> {
        let config: BTreeMap<String, ModelConfigEntry> = session.call(&Request::ModelConfig {
            model: model.to_owned(),
        })?;
        match keys {
            [] => {}
            [key] => {
                let entry = config.get(key).ok_or_else(|| {
                    CliError::failed(format!("key {key:?} not found in {model:?} model."))
                })?;
                return self
                    .output
                    .write(session, &format!("{}\n", bare(&entry.value)));
            }
            _ => {
                return Err(CliError::usage(
                    "can only retrieve a single value, or all values",
                ));
            }
        }
        let entries: BTreeMap<&String, SettingEntry> = config
            .iter()
            .map(|(key, entry)| {
                (
                    key,
                    SettingEntry {
                        value: entry.value.clone(),
                        source: entry.source.clone(),
                    },
                )
            })
            .collect();
        let palette = session.palette();
        self.output.write_listing(session, &entries, || {
            let mut table = Table::new(&["Attribute", "From", "Value"]);
            for (key, entry) in &config {
                table.row([
                    Cell::from(key.as_str()),
                    entry.source.as_str().into(),
                    bare(&entry.value).into(),
                ]);
            }
            table.render(palette)
        })
    }
}

/// A value without the quotes of a string.
pub(super) fn bare(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}
