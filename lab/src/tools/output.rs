//! How hook tools print: `smart`, `json` or `yaml`.

use super::ToolError;
use super::parse::Args;
use serde_json::Value;

/// What a tool wants printed.
pub(super) enum Output {
    Nothing,
    /// Formatted by `--format`; `--output` names a file instead of standard output.
    Value(Value),
    /// Printed as it is.
    Text(String),
}

/// Formats of a tool; most start with `smart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Smart,
    Json,
    Yaml,
}

impl Format {
    /// Reads `--format`; `default` also says whether `smart` is offered at all.
    pub(super) fn of(args: &Args, default: Self) -> Result<Self, ToolError> {
        match args.get("format") {
            None => Ok(default),
            Some("smart") if default == Self::Smart => Ok(Self::Smart),
            Some("json") => Ok(Self::Json),
            Some("yaml") => Ok(Self::Yaml),
            Some(other) => Err(ToolError::usage(format!(
                "invalid value \"{other}\" for option --format: unknown format \"{other}\""
            ))),
        }
    }

    /// The text with its final newline; empty if there is nothing to print.
    pub(super) fn render(self, value: &Value) -> String {
        let text = match (self, value) {
            (Self::Json, value) => value.to_string(),
            (Self::Smart, Value::Null) => String::new(),
            (Self::Smart, Value::String(text)) => text.clone(),
            (Self::Smart, Value::Bool(true)) => "True".to_owned(),
            (Self::Smart, Value::Bool(false)) => "False".to_owned(),
            (Self::Smart, Value::Array(items)) if items.iter().all(Value::is_string) => items
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join("\n"),
            (Self::Smart | Self::Yaml, value) => serde_yaml::to_string(value)
                .unwrap_or_default()
                .trim_end()
                .to_owned(),
        };
        if text.is_empty() { text } else { text + "\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn smart_prints_plain_values_plainly_and_maps_as_yaml() {
        let smart = |value| Format::Smart.render(&value);
        assert_eq!(smart(json!("a\nb")), "a\nb\n");
        assert_eq!(smart(json!(["a", "b"])), "a\nb\n");
        assert_eq!(smart(json!(true)), "True\n");
        assert_eq!(smart(json!(null)), "");
        assert_eq!(smart(json!([])), "");
        assert_eq!(smart(json!({"b": 1, "a": "x"})), "a: x\nb: 1\n");
    }

    #[test]
    fn json_prints_null_for_nothing() {
        assert_eq!(Format::Json.render(&json!(null)), "null\n");
    }
}
