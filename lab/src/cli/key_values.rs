//! `key=value` arguments, and the YAML files that may stand for them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::failure::CliError;
use super::yaml;

/// Values read from a file with `key=@file` may be this long, in bytes.
const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024;

/// Splits at the first `=`; both parts are kept as they are.
pub(crate) fn pair(text: &str) -> Result<(String, String), CliError> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(CliError::usage(format!(
            "expected \"key=value\", got {text:?}"
        ))),
    }
}

/// Arguments that set something, `key=value`, and those that ask for something, `key`.
pub(crate) fn pairs_and_keys(items: &[String]) -> (Vec<String>, Vec<String>) {
    items.iter().cloned().partition(|item| item.contains('='))
}

/// `key=value` pairs of which none may appear twice.
pub(crate) fn pairs(items: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let mut values = BTreeMap::new();
    for item in items {
        let (key, value) = pair(item)?;
        if values.insert(key.clone(), value).is_some() {
            return Err(CliError::usage(format!(
                "key {key:?} specified more than once"
            )));
        }
    }
    Ok(values)
}

/// Like [`pairs`], and a value `@file` is the content of that file.
pub(crate) fn pairs_with_file_values(
    items: &[String],
) -> Result<BTreeMap<String, String>, CliError> {
    pairs(items)?
        .into_iter()
        .map(|(key, value)| match value.strip_prefix('@') {
            Some(path) if !path.is_empty() => Ok((key, text_file(Path::new(path))?)),
            _ => Ok((key, value)),
        })
        .collect()
}

/// Items are `key=value`, or the name of a YAML file with such pairs; later items win.
pub(crate) fn with_files(items: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let mut values = BTreeMap::new();
    for item in items {
        if item.contains('=') {
            values.extend(pairs_with_file_values(std::slice::from_ref(item))?);
        } else {
            values.extend(file(Path::new(item))?);
        }
    }
    Ok(values)
}

/// A YAML file with a flat map.
pub(crate) fn file(path: &Path) -> Result<BTreeMap<String, String>, CliError> {
    flat(&document(path)?).ok_or_else(|| not_flat(path))
}

/// A YAML file with settings: a map of application to settings, or the settings themselves.
pub(crate) fn settings_file(
    path: &Path,
    application: &str,
) -> Result<BTreeMap<String, String>, CliError> {
    let document = document(path)?;
    let settings = match document.get(application) {
        Some(settings @ Value::Object(_)) => settings,
        _ => &document,
    };
    flat(settings).ok_or_else(|| not_flat(path))
}

fn not_flat(path: &Path) -> CliError {
    CliError::usage(format!(
        "{} does not hold a map of keys to plain values",
        path.display()
    ))
}

fn document(path: &Path) -> Result<Value, CliError> {
    Ok(yaml::parse(&text_file(path)?)?)
}

/// The text a config option would be given on the command line.
fn flat(document: &Value) -> Option<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    for (key, value) in document.as_object()? {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Null => String::new(),
            Value::Array(_) | Value::Object(_) => return None,
        };
        values.insert(key.clone(), text);
    }
    Some(values)
}

/// A text file of reasonable size.
pub(crate) fn text_file(path: &Path) -> Result<String, CliError> {
    let action = || CliError::io(format!("read {}", path.display()));
    let length = std::fs::metadata(path).map_err(action())?.len();
    if length > MAX_FILE_BYTES {
        return Err(CliError::failed(format!(
            "{} is {length} bytes long, at most {MAX_FILE_BYTES} are accepted",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(action())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn file_with(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_pair_is_split_at_its_first_equals_sign() {
        assert_eq!(pair("a=b=c").unwrap(), ("a".to_owned(), "b=c".to_owned()));
        assert_eq!(pair("a=").unwrap(), ("a".to_owned(), String::new()));
        assert_eq!(
            pair("a").unwrap_err().to_string(),
            "expected \"key=value\", got \"a\""
        );
        assert_eq!(pair("=a").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn a_value_may_be_the_content_of_a_file() {
        let file = file_with("line one\nline two\n");
        let items = [
            format!("cert=@{}", file.path().display()),
            "plain=@".to_owned(),
        ];
        let values = pairs_with_file_values(&items).unwrap();
        assert_eq!(values["cert"], "line one\nline two\n");
        assert_eq!(values["plain"], "@");
    }

    #[test]
    fn a_settings_file_may_name_the_application() {
        let named = file_with("pg: {profile: testing, size: 3, debug: true}\nother: {x: 1}");
        let values = settings_file(named.path(), "pg").unwrap();
        assert_eq!(values["profile"], "testing");
        assert_eq!(
            (values["size"].as_str(), values["debug"].as_str()),
            ("3", "true")
        );
        let bare = file_with("profile: production");
        assert_eq!(
            settings_file(bare.path(), "pg").unwrap()["profile"],
            "production"
        );
        let nested = file_with("profile: [a]");
        assert!(
            settings_file(nested.path(), "pg")
                .unwrap_err()
                .to_string()
                .contains("does not hold a map")
        );
    }

    #[test]
    fn a_repeated_key_is_refused() {
        let items = ["a=1".to_owned(), "a=2".to_owned()];
        assert_eq!(
            pairs(&items).unwrap_err().to_string(),
            "key \"a\" specified more than once"
        );
    }
}
