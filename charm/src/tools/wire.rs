//! How answers are read and how maps are written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::de::DeserializeOwned;

use super::ToolError;
use crate::Juju;

impl Juju {
    /// Runs a tool that answers in JSON. A tool that prints nothing has answered `null`.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        tool: &str,
        args: &[&str],
    ) -> Result<T, ToolError> {
        let mut args = args.to_vec();
        args.push("--format=json");
        let output = self.tools().run(tool, &args, None)?;
        let output = output.trim_ascii();
        let json = if output.is_empty() { b"null" } else { output };
        // The answer itself stays out of the error: it may hold a secret.
        serde_json::from_slice(json).map_err(|e| {
            let place = format!("line {} column {}", e.line(), e.column());
            ToolError::malformed(
                tool,
                format!("its answer is not the expected JSON ({place})"),
            )
        })
    }

    /// Runs a tool whose output does not matter.
    pub(crate) fn call(
        &self,
        tool: &str,
        args: &[&str],
        stdin: Option<&[u8]>,
    ) -> Result<(), ToolError> {
        self.tools().run(tool, args, stdin).map(drop)
    }
}

/// Writes a map as JSON that Juju's YAML reader takes for the same map.
///
/// JSON is not quite a subset of YAML 1.1: that reader refuses some control characters and folds
/// the Unicode line separators into blanks, so those are escaped.
pub(crate) fn yaml_safe_json(map: &BTreeMap<&str, &str>) -> Vec<u8> {
    let json = serde_json::json!(map).to_string();
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{:04x}", u32::from(c));
            }
            _ => safe.push(c),
        }
    }
    safe.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_map_reads_the_same_as_json_and_as_yaml() {
        let awkward = "a\"b\\c\n\t\u{7f}\u{85}\u{2028}\u{feff}é\u{1f418} # : {";
        let map = BTreeMap::from([("key", awkward), ("no", "yes"), ("n", "0123")]);
        let bytes = yaml_safe_json(&map);
        let json: BTreeMap<String, String> = serde_json::from_slice(&bytes).unwrap();
        let yaml: BTreeMap<String, String> = serde_yaml::from_slice(&bytes).unwrap();
        assert_eq!(json["key"], awkward);
        assert_eq!(json, yaml);
        assert_eq!(yaml["n"], "0123");
        assert!(!String::from_utf8(bytes).unwrap().contains('\u{2028}'));
    }
}
