//! `juju config`: showing, setting and resetting an application's options.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::api::{ConfigView, OptionView, Request};

use super::failure::CliError;
use super::key_values;
use super::output::{Data, Output};
use super::session::Session;
use super::yaml;

/// Gets, sets, or resets configuration for a deployed application
#[derive(Debug, Args)]
pub(crate) struct Config {
    application: String,
    /// KEY, or KEY=VALUE…, where VALUE may be @FILE
    items: Vec<String>,
    /// Path to yaml-formatted configuration file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Reset the provided comma delimited keys
    #[arg(long, value_delimiter = ',', value_name = "KEYS")]
    reset: Vec<String>,
    #[command(flatten)]
    output: Output<Data>,
}

/// The document `juju config APP` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    application: String,
    application_config: BTreeMap<&'static str, Setting>,
    charm: String,
    settings: BTreeMap<String, Setting>,
}

#[derive(Debug, Serialize)]
struct Setting {
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    description: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

impl Config {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let (pairs, keys) = key_values::pairs_and_keys(&self.items);
        let mut values = match &self.file {
            Some(path) => key_values::settings_file(path, &self.application)?,
            None => BTreeMap::new(),
        };
        values.extend(key_values::pairs_with_file_values(&pairs)?);
        if values.is_empty() && self.reset.is_empty() {
            return self.show(session, &keys);
        }
        if !keys.is_empty() {
            return Err(CliError::usage(
                "cannot set and retrieve values simultaneously",
            ));
        }
        if let Some(key) = self.reset.iter().find(|key| values.contains_key(*key)) {
            return Err(CliError::usage(format!(
                "key {key:?} cannot be both set and reset in the same command"
            )));
        }
        let warnings: Vec<String> = session.call(&Request::SetConfig {
            model: session.model()?,
            application: self.application,
            values,
            reset: self.reset,
        })?;
        for warning in warnings {
            session.tell(&format!("WARNING {warning}"));
        }
        Ok(())
    }

    fn show(&self, session: &mut Session, keys: &[String]) -> Result<(), CliError> {
        let view: ConfigView = session.call(&Request::Config {
            model: session.model()?,
            application: self.application.clone(),
        })?;
        match keys {
            [] => self.output.write_data(session, &document(view)),
            [key] => self.output.write(session, &one(&view, key)?),
            _ => Err(CliError::usage(
                "can only retrieve a single value, or all values",
            )),
        }
    }
}

/// The bare value of one option.
fn one(view: &ConfigView, key: &str) -> Result<String, CliError> {
    let value = if key == "trust" && !view.settings.contains_key(key) {
        Some(Value::Bool(view.trust))
    } else {
        let option = view.settings.get(key).ok_or_else(|| {
            CliError::failed(format!(
                "key {key:?} not found in {:?} application config or charm settings.",
                view.application
            ))
        })?;
        option.value.clone()
    };
    match value {
        None | Some(Value::Null) => Ok("\n".to_owned()),
        Some(Value::String(text)) => Ok(format!("{text}\n")),
        Some(value) => Ok(yaml::to_yaml(&value)?),
    }
}

fn document(view: ConfigView) -> Document {
    let trust = Setting {
        default: Some(Value::Bool(false)),
        description: "Does this application have access to trusted credentials".to_owned(),
        source: if view.trust { "user" } else { "default" }.to_owned(),
        kind: "bool".to_owned(),
        value: Some(Value::Bool(view.trust)),
    };
    Document {
        application: view.application,
        application_config: BTreeMap::from([("trust", trust)]),
        charm: view.charm,
        settings: view
            .settings
            .into_iter()
            .map(|(key, option)| (key, setting(option)))
            .collect(),
    }
}

fn setting(option: OptionView) -> Setting {
    Setting {
        default: option.default.filter(|value| !value.is_null()),
        description: option.description,
        source: option.source,
        kind: option.kind,
        value: option.value.filter(|value| !value.is_null()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view() -> ConfigView {
        let option =
            |kind: &str, default: Option<Value>, value: Option<Value>, source: &str| OptionView {
                kind: kind.to_owned(),
                description: format!("A {kind}."),
                default,
                value,
                source: source.to_owned(),
            };
        ConfigView {
            application: "pg".to_owned(),
            charm: "postgresql".to_owned(),
            settings: BTreeMap::from([
                (
                    "profile".to_owned(),
                    option(
                        "string",
                        Some(json!("production")),
                        Some(json!("testing")),
                        "user",
                    ),
                ),
                (
                    "size".to_owned(),
                    option("int", Some(json!(3)), Some(json!(3)), "default"),
                ),
                (
                    "system-users".to_owned(),
                    option("secret", None, None, "unset"),
                ),
            ]),
            trust: false,
        }
    }

    #[test]
    fn all_options_are_shown_with_their_sources() {
        let expected = "\
application: pg
application-config:
  trust:
    default: false
    description: Does this application have access to trusted credentials
    source: default
    type: bool
    value: false
charm: postgresql
settings:
  profile:
    default: production
    description: A string.
    source: user
    type: string
    value: testing
  size:
    default: 3
    description: A int.
    source: default
    type: int
    value: 3
  system-users:
    description: A secret.
    source: unset
    type: secret
";
        assert_eq!(yaml::to_yaml(&document(view())).unwrap(), expected);
    }

    #[test]
    fn one_option_is_printed_bare() {
        assert_eq!(one(&view(), "profile").unwrap(), "testing\n");
        assert_eq!(one(&view(), "size").unwrap(), "3\n");
        assert_eq!(one(&view(), "system-users").unwrap(), "\n");
        assert_eq!(one(&view(), "trust").unwrap(), "false\n");
        assert_eq!(
            one(&view(), "nope").unwrap_err().to_string(),
            "key \"nope\" not found in \"pg\" application config or charm settings."
        );
    }
}
