//! What a secret holds, given as arguments or in a file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;

use crate::cli::failure::CliError;
use crate::cli::key_values;

#[derive(Args)]
pub(super) struct Content {
    /// KEY=VALUE, KEY#base64=VALUE or KEY#file=PATH
    #[arg(value_name = "KEY=VALUE")]
    items: Vec<String>,
    /// A YAML file containing secret key values
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

// The items are the secret: never show them.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl Content {
    /// The content, or `None` if none was given. The file wins over arguments. Errors never quote a value.
    pub(super) fn read(&self) -> Result<Option<BTreeMap<String, String>>, CliError> {
        let mut content = BTreeMap::new();
        for item in &self.items {
            let (key, value) = item
                .split_once('=')
                .filter(|(key, _)| !key.is_empty())
                .ok_or_else(|| CliError::usage("secret content must be given as key=value"))?;
            let (key, value) = argument(key, value)?;
            if content.insert(key.clone(), value).is_some() {
                return Err(CliError::usage(format!(
                    "key {key:?} specified more than once"
                )));
            }
        }
        if let Some(file) = &self.file {
            for (key, value) in key_values::file(file)? {
                let (key, value) = argument(&key, &value)?;
                content.insert(key, value);
            }
        }
        Ok(Some(content).filter(|content| !content.is_empty()))
    }
}

fn argument(key: &str, value: &str) -> Result<(String, String), CliError> {
    if let Some(key) = key.strip_suffix("#base64") {
        let text = STANDARD
            .decode(value)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(|| {
            CliError::usage(format!(
                "value of key {key:?} is not text encoded as base64"
            ))
        })?;
        return Ok((key.to_owned(), text));
    }
    if let Some(key) = key.strip_suffix("#file") {
        return Ok((key.to_owned(), key_values::text_file(Path::new(value))?));
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        items: &[&str],
        file: Option<&Path>,
    ) -> Result<Option<BTreeMap<String, String>>, String> {
        let items = items.iter().map(|&item| item.to_owned()).collect();
        Content {
            items,
            file: file.map(Path::to_owned),
        }
        .read()
        .map_err(|error| error.to_string())
    }

    #[test]
    fn values_come_from_arguments_base64_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        std::fs::write(&key, "line\n").unwrap();
        let from_file = format!("tls-key#file={}", key.display());
        let content = read(&["password=a=b", "token#base64=aGk=", &from_file], None)
            .unwrap()
            .unwrap();
        assert_eq!(content["password"], "a=b");
        assert_eq!(content["token"], "hi");
        assert_eq!(content["tls-key"], "line\n");
    }

    #[test]
    fn a_file_wins_over_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.yaml");
        std::fs::write(&file, "password: fresh\nport: 5432\n").unwrap();
        let content = read(&["password=old"], Some(&file)).unwrap().unwrap();
        assert_eq!(
            (content["password"].as_str(), content["port"].as_str()),
            ("fresh", "5432")
        );
    }

    #[test]
    fn no_error_and_no_debug_output_tells_a_value() {
        assert_eq!(
            read(&["hunter2"], None).unwrap_err(),
            "secret content must be given as key=value"
        );
        let error = read(&["key#base64=hunter2!"], None).unwrap_err();
        assert_eq!(error, "value of key \"key\" is not text encoded as base64");
        let content = Content {
            items: vec!["password=hunter2".to_owned()],
            file: None,
        };
        assert_eq!(format!("{content:?}"), "Content { file: None, .. }");
    }

    #[test]
    fn nothing_given_is_no_content() {
        assert_eq!(read(&[], None), Ok(None));
    }
}
