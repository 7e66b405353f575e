//! Files a bundle refers to: charms, resources, and options that are the content of a file.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::api::CharmSource;
use crate::cli::deploy::charm;
use crate::cli::failure::CliError;
use crate::cli::key_values::text_file;

/// The folders relative paths may start from. An overlay's own folder wins, but a merged bundle no longer tells which
/// file a path came from, so the first folder in which it exists is taken: latest overlay first, the bundle last.
#[derive(Debug, Default)]
pub(super) struct Folders(Vec<PathBuf>);

impl Folders {
    pub(super) fn of(bundle: &Path, overlays: &[PathBuf]) -> Self {
        let files = overlays.iter().rev().map(PathBuf::as_path).chain([bundle]);
        Self(
            files
                .map(|file| file.parent().unwrap_or(Path::new("")).to_owned())
                .collect(),
        )
    }

    fn find(&self, path: &str) -> PathBuf {
        let candidates = || self.0.iter().map(|folder| folder.join(path));
        candidates()
            .find(|candidate| candidate.exists())
            .or_else(|| candidates().next_back())
            .unwrap_or_else(|| PathBuf::from(path))
    }

    pub(super) fn charm(&self, charm: &str) -> Result<CharmSource, CliError> {
        if charm.starts_with(['.', '/']) {
            let path = self.find(charm);
            let path = std::fs::canonicalize(&path)
                .map_err(CliError::io(format!("find the charm {}", path.display())))?;
            return Ok(CharmSource::Path(path));
        }
        charm::locate(charm.strip_prefix("ch:").unwrap_or(charm))
    }

    /// A path as it must be given to whoever does not know the bundle.
    pub(super) fn resource(&self, value: &str) -> String {
        if value.starts_with(['.', '/']) {
            self.find(value).display().to_string()
        } else {
            value.to_owned()
        }
    }

    /// The text of an option.
    pub(super) fn option(
        &self,
        application: &str,
        key: &str,
        value: &Value,
    ) -> Result<String, CliError> {
        match value {
            Value::String(text) => {
                if let Some(path) = text.strip_prefix("include-file://") {
                    return text_file(&self.find(path));
                }
                if let Some(path) = text.strip_prefix("include-base64://") {
                    let path = self.find(path);
                    let bytes = std::fs::read(&path)
                        .map_err(CliError::io(format!("read {}", path.display())))?;
                    return Ok(STANDARD.encode(bytes));
                }
                Ok(text.clone())
            }
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Null => Ok(String::new()),
            Value::Array(_) | Value::Object(_) => Err(CliError::failed(format!(
                "option {key:?} of {application:?} in the bundle is not a plain value"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_may_be_the_content_of_files_beside_the_bundle() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("c.pem"), "cert").unwrap();
        let folders = Folders::of(&folder.path().join("bundle.yaml"), &[]);
        let option = |value: Value| {
            folders
                .option("pg", "x", &value)
                .map_err(|error| error.to_string())
        };
        assert_eq!(option(json!("include-file://c.pem")), Ok("cert".to_owned()));
        assert_eq!(
            option(json!("include-base64://c.pem")),
            Ok("Y2VydA==".to_owned())
        );
        assert_eq!(option(json!(3)), Ok("3".to_owned()));
        assert_eq!(
            option(json!([1])),
            Err("option \"x\" of \"pg\" in the bundle is not a plain value".to_owned())
        );
    }

    #[test]
    fn an_overlay_may_bring_its_own_files() {
        let bundle = tempfile::tempdir().unwrap();
        let overlay = tempfile::tempdir().unwrap();
        std::fs::write(overlay.path().join("pg.charm"), "").unwrap();
        let folders = Folders::of(
            &bundle.path().join("b.yaml"),
            &[overlay.path().join("o.yaml")],
        );
        let expected = overlay.path().join("pg.charm").canonicalize().unwrap();
        assert_eq!(
            folders.charm("./pg.charm").unwrap(),
            CharmSource::Path(expected)
        );
        let error = folders.charm("./absent.charm").unwrap_err().to_string();
        assert!(
            error.contains(&bundle.path().display().to_string()),
            "{error}"
        );
    }
}
