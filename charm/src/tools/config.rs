//! `config-get`: the operator's options.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ToolError;
use crate::{Juju, SecretId};

#[derive(Debug, Default)]
pub(super) struct Session {
    config: Option<Config>,
}

/// The options that have a value: set by the operator, or by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    options: Arc<Map<String, Value>>,
}

impl Config {
    /// The raw value of an option.
    pub fn get(&self, option: &str) -> Option<&Value> {
        self.options.get(option).filter(|value| !value.is_null())
    }

    /// An option of type `string`; an empty one counts as not set, as Juju has no way to unset.
    pub fn string(&self, option: &str) -> Option<&str> {
        self.get(option)?.as_str().filter(|text| !text.is_empty())
    }

    /// An option of type `int`.
    pub fn integer(&self, option: &str) -> Option<i64> {
        self.get(option)?.as_i64()
    }

    /// An option of type `float`.
    pub fn float(&self, option: &str) -> Option<f64> {
        self.get(option)?.as_f64()
    }

    /// An option of type `boolean`.
    pub fn boolean(&self, option: &str) -> Option<bool> {
        self.get(option)?.as_bool()
    }

    /// An option of type `secret`. Whether the secret exists and is granted is another matter.
    pub fn secret(&self, option: &str) -> Option<SecretId> {
        self.string(option)?.parse().ok()
    }

    /// All options as one type of the charm's.
    ///
    /// # Errors
    /// When an option does not have the type its field has.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(Value::Object(self.options.as_ref().clone()))
    }

    /// Names and values of all options that have one.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.options
            .iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(k, v)| (k.as_str(), v))
    }
}

impl FromIterator<(String, Value)> for Config {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(options: I) -> Self {
        Self {
            options: Arc::new(options.into_iter().collect()),
        }
    }
}

impl Juju {
    /// All options. Costs one call in a hook, however often it is asked.
    pub fn config(&self) -> Result<Config, ToolError> {
        if let Some(config) = &self.session().config.config {
            return Ok(config.clone());
        }
        let options: Option<Map<String, Value>> = self.read("config-get", &[])?;
        let config = Config {
            options: Arc::new(options.unwrap_or_default()),
        };
        self.session().config.config = Some(config.clone());
        Ok(config)
    }
}
