//! Which charm an argument of `juju deploy` means.

use std::path::{Path, PathBuf};

use crate::api::CharmSource;
use crate::cli::failure::CliError;

/// Where the lab's own charms are, instead of `charms/` beside its executable; several folders are split by `:`.
const CHARMS_VARIABLE: &str = "JUJU_LAB_CHARMS";

/// Turns a path into an absolute one, and a name into the charm that comes with the lab. A name that is not among
/// those is left to the daemon, which knows the charms uploaded before.
pub(super) fn locate(charm: &str) -> Result<CharmSource, CliError> {
    let name = charm.strip_prefix("local:").unwrap_or(charm);
    if is_path(name) {
        let path =
            std::fs::canonicalize(name).map_err(CliError::io(format!("find the charm {name}")))?;
        return Ok(CharmSource::Path(path));
    }
    let found = folders().iter().find_map(|folder| bundled(folder, name));
    Ok(match found {
        Some(path) => CharmSource::Path(
            std::fs::canonicalize(&path).map_err(CliError::io(format!("find the charm {name}")))?,
        ),
        None => CharmSource::Name(name.to_owned()),
    })
}

fn is_path(charm: &str) -> bool {
    charm.starts_with(['.', '/']) || has_extension(charm, "charm") || charm.contains('/')
}

/// Whether the argument names a bundle: a YAML file, or a directory with a `bundle.yaml` and no charm.
pub(super) fn is_bundle(charm: &str) -> bool {
    has_extension(charm, "yaml")
        || has_extension(charm, "yml")
        || (is_path(charm)
            && Path::new(charm).join("bundle.yaml").is_file()
            && !Path::new(charm).join("metadata.yaml").is_file())
}

fn has_extension(charm: &str, extension: &str) -> bool {
    Path::new(charm)
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// The name a charm will most likely have, for settings files that are keyed by application.
pub(super) fn likely_name(charm: &str) -> String {
    let stem = Path::new(charm)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or(charm);
    stem.split('_').next().unwrap_or(stem).to_owned()
}

fn folders() -> Vec<PathBuf> {
    if let Some(paths) = std::env::var_os(CHARMS_VARIABLE).filter(|paths| !paths.is_empty()) {
        return std::env::split_paths(&paths).collect();
    }
    let executable = std::env::current_exe().and_then(std::fs::canonicalize);
    executable
        .ok()
        .and_then(|path| Some(path.parent()?.join("charms")))
        .into_iter()
        .collect()
}

/// `<folder>/<name>` (a charm directory), `<name>.charm` or `<name>_<platform>.charm`.
fn bundled(folder: &Path, name: &str) -> Option<PathBuf> {
    let directory = folder.join(name);
    if directory.join("metadata.yaml").is_file() {
        return Some(directory);
    }
    let archive = folder.join(format!("{name}.charm"));
    if archive.is_file() {
        return Some(archive);
    }
    let prefix = format!("{name}_");
    let mut platforms: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let file = path
                .file_name()
                .and_then(|file| file.to_str())
                .unwrap_or_default();
            file.starts_with(&prefix) && has_extension(file, "charm") && path.is_file()
        })
        .collect();
    platforms.sort();
    platforms.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_names() {
        for path in ["./pg", "/tmp/pg.charm", "pg.charm", "../pg", "charms/pg"] {
            assert!(is_path(path), "{path}");
        }
        for name in ["postgresql", "s3-integrator", "self-signed-certificates"] {
            assert!(!is_path(name), "{name}");
        }
        assert!(is_bundle("./bundle.yaml"));
    }

    #[test]
    fn a_charm_of_the_lab_is_found_as_directory_or_archive() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("client")).unwrap();
        std::fs::write(folder.path().join("client/metadata.yaml"), "name: client").unwrap();
        std::fs::write(folder.path().join("pg_ubuntu@22.04-amd64.charm"), "").unwrap();
        std::fs::write(folder.path().join("s3.charm"), "").unwrap();
        let found = |name| {
            bundled(folder.path(), name)
                .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        };
        assert_eq!(found("client").as_deref(), Some("client"));
        assert_eq!(found("pg").as_deref(), Some("pg_ubuntu@22.04-amd64.charm"));
        assert_eq!(found("s3").as_deref(), Some("s3.charm"));
        assert_eq!(found("absent"), None);
    }

    #[test]
    fn a_missing_path_is_told_with_its_name() {
        let error = locate("./no-such-charm").unwrap_err().to_string();
        assert!(
            error.starts_with("cannot find the charm ./no-such-charm: "),
            "{error}"
        );
    }

    #[test]
    fn the_likely_name_drops_folder_platform_and_extension() {
        assert_eq!(
            likely_name("./charms/postgresql_ubuntu@22.04-amd64.charm"),
            "postgresql"
        );
        assert_eq!(likely_name("postgresql"), "postgresql");
    }
}
