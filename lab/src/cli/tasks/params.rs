//! Parameters of an action: a file, overridden by `key.key=value` arguments.

use serde_json::{Map, Value};

use crate::cli::failure::CliError;
use crate::cli::yaml;

/// What a `--params` file holds; an empty file holds nothing.
pub(crate) fn from_file_text(text: &str) -> Result<Map<String, Value>, CliError> {
    match yaml::parse(text)? {
        Value::Object(params) => Ok(params),
        Value::Null => Ok(Map::new()),
        _ => Err(CliError::usage(
            "params must contain a YAML map with string keys",
        )),
    }
}

/// Puts `key[.key…]=value` arguments over `params`. Values are YAML unless `strings`.
pub(crate) fn merge(
    params: &mut Map<String, Value>,
    arguments: &[String],
    strings: bool,
) -> Result<(), CliError> {
    for argument in arguments {
        let (path, text) = argument.split_once('=').ok_or_else(|| {
            CliError::usage(format!(
                "argument {argument:?} must be of the form key.key.key...=value"
            ))
        })?;
        let keys: Vec<&str> = path.split('.').collect();
        if let Some(key) = keys.iter().find(|key| !is_key(key)) {
            return Err(CliError::usage(format!(
                "key {key:?} must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric, hyphens and periods"
            )));
        }
        let value = if strings {
            Value::String(text.to_owned())
        } else {
            yaml::parse(text)?
        };
        insert(params, &keys, value);
    }
    Ok(())
}

/// The rule for names of actions and of each part of a key: `[a-z0-9]([a-z0-9-]*[a-z0-9])?`.
pub(crate) fn is_key(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text.chars().all(|c| alphanumeric(c) || c == '-')
}

/// Descends through `keys`, making maps where there is none.
fn insert(params: &mut Map<String, Value>, keys: &[&str], value: Value) {
    match keys {
        [] => {}
        [key] => {
            params.insert((*key).to_owned(), value);
        }
        [key, rest @ ..] => {
            let entry = params
                .entry(*key)
                .or_insert_with(|| Value::Object(Map::new()));
            if !entry.is_object() {
                *entry = Value::Object(Map::new());
            }
            if let Value::Object(inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn merged(file: &str, arguments: &[&str], strings: bool) -> Result<Value, String> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        let mut params = from_file_text(file).map_err(|error| error.to_string())?;
        merge(&mut params, &arguments, strings).map_err(|error| error.to_string())?;
        Ok(Value::Object(params))
    }

    #[test]
    fn values_are_yaml_and_keys_nest() {
        let arguments = [
            "n=3",
            "x=yes",
            "none=",
            "v=1.10",
            "l=[a,b]",
            "m={a: 1}",
            "a.b.c=on",
            "a.b.d=text=with equals",
        ];
        let expected = json!({
            "n": 3, "x": true, "none": null, "v": 1.1, "l": ["a", "b"], "m": {"a": 1},
            "a": {"b": {"c": true, "d": "text=with equals"}},
        });
        assert_eq!(merged("", &arguments, false), Ok(expected));
    }

    #[test]
    fn string_arguments_stay_strings() {
        assert_eq!(
            merged("", &["n=3", "x=yes"], true),
            Ok(json!({"n": "3", "x": "yes"}))
        );
    }

    #[test]
    fn arguments_override_the_file_and_merge_into_its_maps() {
        let file = "backup_id: 20260101-120000F\nkeep: 3\nopts: {a: 1, b: 2}";
        let expected =
            json!({"backup_id": "20260101-120000F", "keep": 5, "opts": {"a": 1, "b": 9}});
        assert_eq!(merged(file, &["keep=5", "opts.b=9"], false), Ok(expected));
    }

    #[test]
    fn keys_and_forms_that_juju_refuses_are_refused() {
        let refusal = |argument| merged("", &[argument], false).unwrap_err();
        assert!(
            refusal("x_y=1")
                .starts_with("key \"x_y\" must start and end with lowercase alphanumeric, ")
        );
        assert!(refusal("Big=1").starts_with("key \"Big\" must"));
        assert!(refusal("a..b=1").starts_with("key \"\" must"));
        assert_eq!(
            refusal("word"),
            "argument \"word\" must be of the form key.key.key...=value"
        );
        assert!(refusal("x=[a").starts_with("yaml: "));
        assert_eq!(
            merged("[a]", &[], false).unwrap_err(),
            "params must contain a YAML map with string keys"
        );
    }

    proptest! {
        #[test]
        fn every_valid_path_is_found_again(path in prop::collection::vec("[a-z0-9]{1,4}", 1..5), number in any::<i32>()) {
            let mut params = Map::new();
            merge(&mut params, &[format!("{}={number}", path.join("."))], false).unwrap();
            let pointer = format!("/{}", path.join("/"));
            let value = Value::Object(params);
            prop_assert_eq!(value.pointer(&pointer), Some(&json!(number)));
        }
    }
}
