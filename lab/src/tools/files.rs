//! Files that setters read: flat maps of strings in YAML or JSON.

use super::ToolError;
use super::server::Invocation;
use serde_yaml::Value;
use std::collections::BTreeMap;

/// Reads `--file`; `-` is standard input.
pub(super) fn read(invocation: &Invocation<'_>, file: &str) -> Result<String, ToolError> {
    let bytes = if file == "-" {
        invocation.stdin.unwrap_or_default().to_vec()
    } else {
        let path = invocation.path(file);
        std::fs::read(&path)
            .map_err(|error| ToolError::runtime(format!("open {}: {error}", path.display())))?
    };
    String::from_utf8(bytes).map_err(|_| ToolError::runtime(format!("{file} is not UTF-8 text")))
}

/// A map whose values are scalars, as strings. The text itself never appears in an error: it may be secret.
pub(super) fn flat_map(text: &str) -> Result<BTreeMap<String, String>, ToolError> {
    let broken = |what: &str| ToolError::runtime(format!("cannot parse file: {what}"));
    let value: Value = serde_yaml::from_str(text).map_err(|error| {
        broken(&error.location().map_or_else(
            || "not a YAML map".to_owned(),
            |at| format!("invalid YAML at line {} column {}", at.line(), at.column()),
        ))
    })?;
    let map = match value {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Mapping(map) => map,
        _ => return Err(broken("expected a map of strings")),
    };
    map.into_iter()
        .map(|(key, value)| match (scalar(key), scalar(value)) {
            (Some(key), Some(value)) => Ok((key, value)),
            (Some(key), None) => Err(broken(&format!("value of \"{key}\" is not a string"))),
            (None, _) => Err(broken("a key is not a string")),
        })
        .collect()
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null => Some(String::new()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_become_strings_and_nested_values_are_refused() {
        let map = flat_map("a: 1\nb: true\nc: text\nd:\n").unwrap();
        assert_eq!(
            map.into_values().collect::<Vec<_>>(),
            ["1", "true", "text", ""]
        );
        let error = ToolError::Runtime("cannot parse file: value of \"a\" is not a string".into());
        assert_eq!(flat_map("a: [1]").unwrap_err(), error);
    }

    #[test]
    fn an_error_does_not_repeat_the_content() {
        let ToolError::Runtime(text) = flat_map("password: 'hunter2\n").unwrap_err() else {
            panic!()
        };
        assert!(!text.contains("hunter2"));
    }
}
