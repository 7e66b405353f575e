//! What a secret holds, and how it is handed over.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::Redacted;
use crate::tools::{ToolError, yaml_safe_json};

/// What a secret holds. Shows its keys only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretContent(BTreeMap<String, Redacted>);

impl SecretContent {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The content with one more value.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Redacted>) -> Self {
        self.insert(key, value);
        self
    }

    /// Adds or replaces a value.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Redacted>) {
        self.0.insert(key.into(), value.into());
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Redacted> {
        self.0.get(key)
    }

    /// Takes a value away.
    pub fn remove(&mut self, key: &str) -> Option<Redacted> {
        self.0.remove(key)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Redacted)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl<K: Into<String>, V: Into<Redacted>> FromIterator<(K, V)> for SecretContent {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(values: I) -> Self {
        Self(
            values
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

/// Writes a content where only its owner can read it. The file goes when the value is dropped.
pub(super) fn content_file(
    tool: &str,
    content: &SecretContent,
) -> Result<NamedTempFile, ToolError> {
    if content.is_empty() {
        return Err(ToolError::refused(
            tool,
            "cannot store a secret without content",
        ));
    }
    if let Some((key, _)) = content.iter().find(|(key, _)| !is_secret_key(key)) {
        let rule = "three or more lower-case letters, digits and single hyphens, a letter first";
        return Err(ToolError::refused(
            tool,
            format!("cannot use {key:?} as a key: {rule}"),
        ));
    }
    let map: BTreeMap<&str, &str> = content
        .iter()
        .map(|(key, value)| (key, value.expose()))
        .collect();
    let write = || {
        let mut file = NamedTempFile::with_prefix("juju-secret-")?;
        file.write_all(&yaml_safe_json(&map))?;
        file.flush()?;
        Ok(file)
    };
    write().map_err(|e| ToolError::io(tool, "cannot hand over the content in a file", e))
}

/// Juju's rule for keys: `^[a-z](-?[a-z0-9]){2,}$`.
pub(crate) fn is_secret_key(key: &str) -> bool {
    let bytes = key.as_bytes();
    let letters = bytes.iter().filter(|b| **b != b'-').count();
    bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && !key.contains("--")
        && !key.ends_with('-')
        && letters >= 3
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_follow_jujus_rule() {
        for key in ["key", "access-key", "a1b", "a-bc"] {
            assert!(is_secret_key(key), "{key:?}");
        }
        for key in [
            "", "ca", "a-b", "Key", "my_key", "1ab", "-abc", "abc-", "a--bc", "käy",
        ] {
            assert!(!is_secret_key(key), "{key:?}");
        }
    }

    #[test]
    fn a_content_is_handed_over_in_a_file_of_mode_600_that_goes_away() {
        let content = SecretContent::new().with("password", "hunter2");
        let file = content_file("secret-add", &content).unwrap();
        let path = file.path().to_owned();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            r#"{"password":"hunter2"}"#
        );
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn debug_shows_keys_but_no_values() {
        let content = SecretContent::new().with("password", "hunter2");
        assert_eq!(
            format!("{content:?}"),
            r#"SecretContent({"password": [redacted]})"#
        );
    }
}
