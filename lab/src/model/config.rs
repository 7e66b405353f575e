//! Model settings: the ones of Juju that the lab honours, and the lab's own (prefix `lab-`).

use super::Model;
use crate::api::{ModelConfigEntry, ModelDefault};
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeMap;

/// Name, default, and the type its values are of.
const SETTINGS: &[(&str, &str, Kind)] = &[
    ("automatically-retry-hooks", "true", Kind::Boolean),
    ("default-base", "", Kind::Text),
    ("development", "false", Kind::Boolean),
    ("http-proxy", "", Kind::Text),
    ("https-proxy", "", Kind::Text),
    ("ftp-proxy", "", Kind::Text),
    ("no-proxy", "", Kind::Text),
    ("juju-http-proxy", "", Kind::Text),
    ("juju-https-proxy", "", Kind::Text),
    ("juju-ftp-proxy", "", Kind::Text),
    ("juju-no-proxy", "127.0.0.1,localhost,::1", Kind::Text),
    ("lab-hook-retry-delay", "5s", Kind::Duration),
    ("lab-leadership-ttl", "60s", Kind::Duration),
    ("logging-config", "<root>=INFO", Kind::Text),
    ("secret-backend", "auto", Kind::Text),
    ("test-mode", "false", Kind::Boolean),
    ("update-status-hook-interval", "5m", Kind::Duration),
];

#[derive(Clone, Copy)]
enum Kind {
    Boolean,
    Duration,
    Text,
}

impl Kind {
    fn value(self, text: &str) -> Value {
        match self {
            Self::Boolean => Value::Bool(text == "true"),
            Self::Duration | Self::Text => Value::from(text),
        }
    }
}

/// Every setting with Juju's default and the operator's.
pub fn defaults(chosen: &BTreeMap<String, String>) -> BTreeMap<String, ModelDefault> {
    let entry = |(name, default, kind): &(&str, &str, Kind)| {
        let entry = ModelDefault {
            default: kind.value(default),
            controller: chosen.get(*name).map(|text| kind.value(text)),
        };
        ((*name).to_owned(), entry)
    };
    SETTINGS.iter().map(entry).collect()
}

/// Why a setting is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingError {
    #[error(
        "unknown model config key \"{0}\"\nhint: 'juju model-config' lists the keys this lab knows"
    )]
    Unknown(String),
    #[error("{key}: expected {expected}, got \"{value}\"")]
    Type {
        key: String,
        expected: &'static str,
        value: String,
    },
}

/// Checks a setting before it is stored.
pub fn check(key: &str, value: &str) -> Result<(), SettingError> {
    let Some((_, _, kind)) = SETTINGS.iter().find(|(name, _, _)| *name == key) else {
        return Err(SettingError::Unknown(key.to_owned()));
    };
    let (valid, expected) = match kind {
        Kind::Boolean => (matches!(value, "true" | "false"), "true or false"),
        Kind::Duration => (duration(value).is_some(), "a duration like 5m or 30s"),
        Kind::Text => (true, ""),
    };
    if valid {
        Ok(())
    } else {
        Err(SettingError::Type {
            key: key.to_owned(),
            expected,
            value: value.to_owned(),
        })
    }
}

pub fn is_known(key: &str) -> bool {
    SETTINGS.iter().any(|(name, _, _)| *name == key)
}

/// A duration in Go's notation: `1h30m`, `5m0s`, `250ms`.
pub fn duration(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut seconds = 0.0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        seconds += number
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    SignedDuration::try_from_secs_f64(seconds).ok()
}

impl Model {
    /// A setting's effective value; empty for a name that does not exist.
    pub fn setting(&self, key: &str) -> &str {
        let default = SETTINGS
            .iter()
            .find(|(name, _, _)| *name == key)
            .map_or("", |(_, default, _)| *default);
        let chosen = self.config.get(key).or_else(|| self.inherited.get(key));
        chosen.map_or(default, String::as_str)
    }

    fn duration_setting(&self, key: &str) -> SignedDuration {
        duration(self.setting(key)).unwrap_or(SignedDuration::from_secs(60))
    }

    /// How long a leadership lease lasts without renewal.
    pub fn lease_ttl(&self) -> SignedDuration {
        self.duration_setting("lab-leadership-ttl")
    }

    pub fn update_status_interval(&self) -> SignedDuration {
        self.duration_setting("update-status-hook-interval")
    }

    /// Delay before the first retry of a failed hook; none if hooks are not retried automatically.
    pub fn retry_delay(&self) -> Option<SignedDuration> {
        (self.setting("automatically-retry-hooks") == "true")
            .then(|| self.duration_setting("lab-hook-retry-delay"))
    }

    /// All settings with their source.
    pub fn settings(&self) -> BTreeMap<String, ModelConfigEntry> {
        let entry = |(name, _, kind): &(&str, &str, Kind)| {
            let value = kind.value(self.setting(name));
            let source = if self.config.contains_key(*name) {
                "model"
            } else if self.inherited.contains_key(*name) {
                "controller"
            } else {
                "default"
            };
            (
                (*name).to_owned(),
                ModelConfigEntry {
                    value,
                    source: source.to_owned(),
                },
            )
        };
        SETTINGS.iter().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_gos_notation() {
        assert_eq!(duration("1h30m"), Some(SignedDuration::from_secs(5400)));
        assert_eq!(duration("250ms"), Some(SignedDuration::from_millis(250)));
        for bad in ["", "5", "5d", "m", "1.2.3s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn unknown_keys_and_wrong_types_are_refused() {
        assert_eq!(
            check("colour", "red"),
            Err(SettingError::Unknown("colour".into()))
        );
        assert!(check("update-status-hook-interval", "often").is_err());
        assert_eq!(check("update-status-hook-interval", "30s"), Ok(()));
    }
}
