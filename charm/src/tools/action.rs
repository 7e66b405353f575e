//! `action-get`, `action-set`, `action-log`, `action-fail`.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ToolError;
use crate::Juju;

/// The longest `KEY=VALUE` that is handed to `action-set`, in bytes.
///
/// Linux ends a single argument at 128 KiB; beyond that the tool could not even be started. The
/// rest is for Juju, which passes arguments on in encoded form.
pub const LARGEST_ARGUMENT: usize = 100 * 1024;

/// The longest command line, in bytes. Linux allows a quarter of the stack limit, 2 MiB as a rule.
const LARGEST_COMMAND: usize = 1024 * 1024;

/// Keys that Juju keeps for the captured output, whatever part of a dotted key they are.
const RESERVED: [&str; 4] = ["stdout", "stdout-encoding", "stderr", "stderr-encoding"];

#[derive(Default)]
pub(super) struct Session {
    params: Option<Params>,
    results: Vec<(String, String)>,
    failure: Option<String>,
}

/// Results may hold passwords.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

/// The parameters of an action: those given, and those with a default. Shows their names only: a
/// value may be a password.
#[derive(Clone, Default, PartialEq)]
pub struct Params {
    values: Arc<Map<String, Value>>,
}

impl Params {
    /// A parameter as it is.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A text parameter; an empty one counts as not given.
    pub fn string(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    /// Yes or no.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// All parameters as one type of the charm's.
    ///
    /// # Errors
    /// When a parameter does not have the type its field has.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(Value::Object(self.values.as_ref().clone()))
    }

    /// Names and values of all parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Params")
            .field(&self.values.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl FromIterator<(String, Value)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        Self {
            values: Arc::new(values.into_iter().collect()),
        }
    }
}

impl Juju {
    /// The parameters of this action.
    pub fn action_params(&self) -> Result<Params, ToolError> {
        if let Some(params) = &self.session().action.params {
            return Ok(params.clone());
        }
        let values: Option<Map<String, Value>> = self.read("action-get", &[])?;
        let params = Params {
            values: Arc::new(values.unwrap_or_default()),
        };
        self.session().action.params = Some(params.clone());
        Ok(params)
    }

    /// Sets a result of this action. A dot in the key nests: `backup.id`.
    ///
    /// Juju takes lower-case letters, digits and hyphens; upper case and underscores are brought
    /// into that form. Names that users chose do not belong into keys: put them into a value.
    ///
    /// # Errors
    /// When the key has other characters or a reserved part, or the value is longer than
    /// [`LARGEST_ARGUMENT`].
    pub fn action_set(&self, key: &str, value: impl Into<String>) -> Result<(), ToolError> {
        let key = result_key(key)?;
        let value = value.into();
        if key.len() + 1 + value.len() > LARGEST_ARGUMENT {
            let size = value.len().div_ceil(1024);
            return Err(ToolError::refused(
                "action-set",
                format!("cannot pass {key} as one argument: {size} KiB is more than 100 KiB"),
            ));
        }
        let mut session = self.session();
        let results = &mut session.action.results;
        match results.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => results.push((key, value)),
        }
        Ok(())
    }

    /// Sets a result of any length: what does not fit under `key` goes on under `key-2`, `key-3`
    /// and so on. Returns how many keys it took.
    pub fn action_set_large(&self, key: &str, value: &str) -> Result<usize, ToolError> {
        let room = LARGEST_ARGUMENT.saturating_sub(result_key(key)?.len() + "-99999=".len());
        let mut rest = value;
        let mut part = 1;
        loop {
            let mut end = room.min(rest.len());
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let (head, tail) = rest.split_at(end);
            if part == 1 {
                self.action_set(key, head)?;
            } else {
                self.action_set(&format!("{key}-{part}"), head)?;
            }
            if tail.is_empty() {
                return Ok(part);
            }
            rest = tail;
            part += 1;
        }
    }

    /// Shows a line of progress to whoever runs this action, at once.
    pub fn action_log(&self, message: &str) -> Result<(), ToolError> {
        let end = (0..=LARGEST_ARGUMENT.min(message.len()))
            .rev()
            .find(|end| message.is_char_boundary(*end))
            .unwrap_or(0);
        self.call("action-log", &["--", &message[..end]], None)
    }

    /// Marks this action as failed when it ends, for this reason. The last reason counts.
    ///
    /// What was written is still committed; return an error instead to have it discarded.
    pub fn action_fail(&self, message: impl Into<String>) {
        self.session().action.failure = Some(message.into());
    }

    /// Sends the results and the failure, in as few calls as the command line allows.
    pub(crate) fn flush_action(&self) -> Result<(), ToolError> {
        let (results, failure) = {
            let session = &mut self.session().action;
            (std::mem::take(&mut session.results), session.failure.take())
        };
        let pairs: Vec<String> = results
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let mut pairs: &[String] = &pairs;
        while !pairs.is_empty() {
            let mut size = 0;
            let count = pairs
                .iter()
                .take_while(|pair| {
                    size += pair.len() + 1;
                    size <= LARGEST_COMMAND
                })
                .count()
                .max(1);
            let (now, later) = pairs.split_at(count);
            let args: Vec<&str> = now.iter().map(String::as_str).collect();
            self.call("action-set", &args, None)?;
            pairs = later;
        }
        match failure {
            Some(message) => {
                let message = message.replace('\0', "");
                let end = message.floor_char_boundary(LARGEST_ARGUMENT);
                self.call("action-fail", &["--", &message[..end]], None)
            }
            None => Ok(()),
        }
    }
}

/// The key in the form Juju takes.
pub(crate) fn result_key(key: &str) -> Result<String, ToolError> {
    let wanted = key.to_ascii_lowercase().replace('_', "-");
    let refuse = |why: &str| {
        Err(ToolError::refused(
            "action-set",
            format!("cannot use {key:?} as a result key: {why}"),
        ))
    };
    for part in wanted.split('.') {
        let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if !ends_well(part.chars().next()) || !ends_well(part.chars().next_back()) {
            return refuse("each part must start and end with a letter or digit");
        }
        if !part
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            return refuse("only letters, digits, hyphens and periods are allowed");
        }
        if RESERVED.contains(&part) {
            return refuse("Juju keeps that name for captured output");
        }
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::result_key;

    #[test]
    fn result_keys_are_brought_into_the_form_juju_takes() {
        assert_eq!(result_key("Backup_ID").unwrap(), "backup-id");
        assert_eq!(result_key("backup.id").unwrap(), "backup.id");
        for key in [
            "",
            ".a",
            "a..b",
            "-a",
            "a-",
            "ö",
            "a b",
            "a/b",
            "stdout",
            "a.stderr.b",
        ] {
            assert!(result_key(key).is_err(), "{key:?}");
        }
    }
}
