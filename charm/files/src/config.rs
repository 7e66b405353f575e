//! `config.yaml`: the options an operator can set.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::error::FileError;

const FILE: &str = "config.yaml";

/// The options of a charm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfigOptions {
    options: BTreeMap<String, ConfigOption>,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ConfigOption {
    /// What values it takes; text unless said.
    #[serde(default, rename = "type")]
    pub kind: OptionType,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Its value while the operator sets none; `null` when it has none.
    #[serde(default)]
    pub default: Value,
}

/// The types of options.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptionType {
    /// Text.
    #[default]
    String,
    /// A whole number of 64 bits.
    Int,
    /// A number.
    Float,
    /// Yes or no.
    Boolean,
    /// The URI of a secret.
    Secret,
}

impl OptionType {
    /// The word in `config.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Secret => "secret",
        }
    }
}

impl fmt::Display for OptionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A setting that does not fit, in Juju's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOption {
    /// There is no such option.
    #[error("unknown option {0:?}")]
    Unknown(String),
    /// The value is of another type.
    #[error("option {name:?} expected {expected}, got {got}")]
    Type {
        /// The option.
        name: String,
        /// Its type.
        expected: OptionType,
        /// The value, as written.
        got: String,
    },
}

impl ConfigOptions {
    /// Reads `config.yaml`.
    ///
    /// # Errors
    /// When it is not YAML of the right shape, or Juju would refuse it.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        #[derive(Deserialize)]
        struct Written {
            options: Option<BTreeMap<String, ConfigOption>>,
        }
        let written: Option<Written> =
            serde_yaml::from_str(text).map_err(FileError::syntax(FILE))?;
        let Some(written) = written else {
            let problems = vec!["invalid config: empty configuration".to_owned()];
            return Err(FileError::Invalid {
                file: FILE,
                problems,
            });
        };
        let mut options = written.options.unwrap_or_default();
        let mut problems = Vec::new();
        for (name, option) in &mut options {
            match option.checked(name, option.default.clone()) {
                Ok(value) => option.default = value,
                Err(error) => problems.push(format!("invalid config default: {error}")),
            }
        }
        FileError::unless_empty(FILE, problems)?;
        Ok(Self { options })
    }

    /// The option with this name.
    pub fn get(&self, name: &str) -> Option<&ConfigOption> {
        self.options.get(name)
    }

    /// All options, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ConfigOption)> {
        self.options
            .iter()
            .map(|(name, option)| (name.as_str(), option))
    }

    /// The values before the operator sets any: options with a default that is not `null`.
    pub fn defaults(&self) -> Map<String, Value> {
        let all = self.options.iter();
        all.filter(|(_, o)| !o.default.is_null())
            .map(|(name, option)| (name.clone(), option.default.clone()))
            .collect()
    }

    /// The value that `NAME=TEXT` on the command line sets.
    pub fn parse_value(&self, name: &str, text: &str) -> Result<Value, InvalidOption> {
        let option = self.known(name)?;
        let parsed = match option.kind {
            OptionType::String => Some(Value::from(text)),
            OptionType::Int => parse_int(text).map(Value::from),
            OptionType::Float => parse_float(text).map(Value::Number),
            OptionType::Boolean => parse_bool(text).map(Value::from),
            OptionType::Secret => is_secret(text).then(|| Value::from(text)),
        };
        parsed.ok_or_else(|| InvalidOption::Type {
            name: name.to_owned(),
            expected: option.kind,
            got: format!("{text:?}"),
        })
    }

    /// The value that a YAML file sets: of the option's type, or text that reads as it.
    pub fn check_value(&self, name: &str, value: Value) -> Result<Value, InvalidOption> {
        let option = self.known(name)?;
        match &value {
            Value::String(text) => self.parse_value(name, text),
            _ => option.checked(name, value),
        }
    }

    fn known(&self, name: &str) -> Result<&ConfigOption, InvalidOption> {
        self.options
            .get(name)
            .ok_or_else(|| InvalidOption::Unknown(name.to_owned()))
    }
}

impl FromIterator<(String, ConfigOption)> for ConfigOptions {
    fn from_iter<I: IntoIterator<Item = (String, ConfigOption)>>(options: I) -> Self {
        Self {
            options: options.into_iter().collect(),
        }
    }
}

impl ConfigOption {
    /// The value, if it already has the option's type. No value at all fits every type.
    fn checked(&self, name: &str, value: Value) -> Result<Value, InvalidOption> {
        let fits = match (&value, self.kind) {
            (Value::Null, _)
            | (Value::String(_), OptionType::String)
            | (Value::Bool(_), OptionType::Boolean)
            | (Value::Number(_), OptionType::Float) => true,
            (Value::Number(number), OptionType::Int) => number.is_i64(),
            (Value::String(text), OptionType::Secret) => is_secret(text),
            _ => false,
        };
        if fits {
            return Ok(value);
        }
        Err(InvalidOption::Type {
            name: name.to_owned(),
            expected: self.kind,
            got: value.to_string(),
        })
    }
}

/// Go's `ParseInt` in base 10.
fn parse_int(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Go's `ParseFloat`, but for what JSON cannot hold.
fn parse_float(text: &str) -> Option<Number> {
    Number::from_f64(text.parse().ok()?)
}

/// Go's `ParseBool`: YAML's `yes` and `on` are not among them.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Juju looks at the scheme only; whether the secret exists and is granted shows later.
fn is_secret(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix("secret:")
            .is_some_and(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn options() -> ConfigOptions {
        ConfigOptions::parse(
            "options:
  profile: {type: string, default: production, description: d}
  untyped: {default: x}
  memory: {type: int, default: 0}
  ratio: {type: float}
  plugin: {type: boolean, default: false}
  users: {type: secret}
",
        )
        .unwrap()
    }

    #[test]
    fn text_is_read_by_the_rules_of_the_go_library() {
        let options = options();
        for (name, text, value) in [
            ("profile", "", json!("")),
            ("untyped", "1", json!("1")),
            ("memory", "-5", json!(-5)),
            ("ratio", "1.5", json!(1.5)),
            ("ratio", "2", json!(2.0)),
            ("plugin", "T", json!(true)),
            ("plugin", "0", json!(false)),
            ("users", "secret:d0vd", json!("secret:d0vd")),
        ] {
            assert_eq!(
                options.parse_value(name, text).unwrap(),
                value,
                "{name}={text}"
            );
        }
        for (name, text, message) in [
            (
                "memory",
                "abc",
                "option \"memory\" expected int, got \"abc\"",
            ),
            (
                "memory",
                "1.0",
                "option \"memory\" expected int, got \"1.0\"",
            ),
            (
                "plugin",
                "yes",
                "option \"plugin\" expected boolean, got \"yes\"",
            ),
            (
                "users",
                "d0vd",
                "option \"users\" expected secret, got \"d0vd\"",
            ),
            ("nope", "1", "unknown option \"nope\""),
        ] {
            assert_eq!(
                options.parse_value(name, text).unwrap_err().to_string(),
                message
            );
        }
    }

    #[test]
    fn values_of_a_file_have_the_type_or_read_as_it() {
        let options = options();
        assert_eq!(options.check_value("memory", json!(7)).unwrap(), json!(7));
        assert_eq!(options.check_value("memory", json!("7")).unwrap(), json!(7));
        assert_eq!(options.check_value("ratio", json!(7)).unwrap(), json!(7));
        assert_eq!(
            options.check_value("memory", json!(null)).unwrap(),
            json!(null)
        );
        assert!(options.check_value("profile", json!(7)).is_err());
    }

    #[test]
    fn defaults_are_those_that_exist() {
        assert_eq!(
            Value::Object(options().defaults()),
            json!({"memory": 0, "plugin": false, "profile": "production", "untyped": "x"})
        );
    }

    #[test]
    fn a_default_of_another_type_is_refused() {
        let error =
            ConfigOptions::parse("options:\n  n: {type: int, default: five}\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot use config.yaml: invalid config default: option \"n\" expected int, got \"five\""
        );
        assert!(ConfigOptions::parse("").is_err());
        assert!(ConfigOptions::parse("options: {n: {type: number}}").is_err());
    }
}
