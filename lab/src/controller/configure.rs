//! Configuration of applications: options, trust, exposure, declared actions.

use super::deploy::parse_config;
use crate::api::{ActionSpec, ConfigView, Failure, OptionView};
use crate::daemon::{Daemon, application_of};
use crate::model::application::Application;
use serde_json::Value;
use std::collections::BTreeMap;

pub fn view(daemon: &Daemon, model: &str, application: &str) -> Result<ConfigView, Failure> {
    daemon.read(model, |model| {
        let it = application_of(model, application)?;
        let settings = it
            .charm
            .options
            .iter()
            .map(|(name, spec)| {
                let source = match (it.config.contains_key(name), &spec.default) {
                    (true, _) => "user",
                    (false, Some(_)) => "default",
                    (false, None) => "unset",
                };
                let view = OptionView {
                    kind: spec.kind.as_str().to_owned(),
                    description: spec.description.clone(),
                    default: spec.default.clone(),
                    value: it.value(name).cloned(),
                    source: source.to_owned(),
                };
                (name.clone(), view)
            })
            .collect();
        Ok(ConfigView {
            application: it.name.clone(),
            charm: it.charm.name.clone(),
            settings,
            trust: it.trust,
        })
    })
}

/// Sets and resets options, all or nothing. `trust` is an option of every application.
pub fn set(
    daemon: &Daemon,
    model: &str,
    application: &str,
    values: &BTreeMap<String, String>,
    reset: &[String],
) -> Result<Vec<String>, Failure> {
    daemon.update(model, |model| {
        let it = application_of(model, application)?;
        let mut values = values.clone();
        let trust = match values.remove("trust").as_deref() {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(other) => {
                return Err(Failure::invalid(format!(
                    "option \"trust\" expected bool, got \"{other}\""
                )));
            }
        };
        let parsed = parse_config(&it.charm, &values)?;
        for name in reset {
            if !it.charm.options.contains_key(name) && name != "trust" {
                return Err(Failure::invalid(format!("unknown option \"{name}\"")));
            }
            if values.contains_key(name) {
                return Err(Failure::invalid(format!(
                    "cannot set and reset key \"{name}\" simultaneously"
                )));
            }
        }
        let warnings = parsed
            .iter()
            .filter(|(name, value)| it.value(name) == Some(*value))
            .map(|(name, value)| {
                let shown = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                format!("the configuration setting \"{name}\" already has the value \"{shown}\"")
            })
            .collect();
        change(model, application, |it| {
            it.config.extend(parsed);
            for name in reset {
                it.config.remove(name);
            }
            it.trust = trust.unwrap_or(it.trust && !reset.iter().any(|name| name == "trust"));
        });
        Ok(warnings)
    })
}

/// Changes an application and counts a revision if its configuration reads differently afterwards.
pub(super) fn change(
    model: &mut crate::model::Model,
    application: &str,
    change: impl FnOnce(&mut Application),
) {
    if let Some(application) = model.applications.get_mut(application) {
        let before = reading(application);
        change(application);
        application.config_revision += u64::from(reading(application) != before);
    }
}

/// All that a charm can read of its configuration.
fn reading(application: &Application) -> (BTreeMap<String, Option<Value>>, bool) {
    let options = application.charm.options.keys();
    let values = options.map(|option| (option.clone(), application.value(option).cloned()));
    (values.collect(), application.trust)
}

pub fn expose(
    daemon: &Daemon,
    model: &str,
    application: &str,
    exposed: bool,
) -> Result<(), Failure> {
    daemon.update(model, |model| {
        application_of(model, application)?;
        change(model, application, |it| it.exposed = exposed);
        Ok(())
    })
}

pub fn trust(daemon: &Daemon, model: &str, application: &str, trust: bool) -> Result<(), Failure> {
    daemon.update(model, |model| {
        application_of(model, application)?;
        change(model, application, |it| it.trust = trust);
        Ok(())
    })
}

pub fn actions(
    daemon: &Daemon,
    model: &str,
    application: &str,
) -> Result<BTreeMap<String, ActionSpec>, Failure> {
    daemon.read(model, |model| {
        let charm = &application_of(model, application)?.charm;
        let view = |(name, spec): (&String, &crate::model::charm::ActionSpec)| {
            let schema = serde_json::Value::Object(spec.schema.clone());
            (
                name.clone(),
                ActionSpec {
                    description: spec.description.clone(),
                    schema,
                },
            )
        };
        Ok(charm.actions.iter().map(view).collect())
    })
}
