//! `RuntimeDirectory=`, `StateDirectory=` and the like.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use crate::machine::accounts;
use crate::machine::init::Init;
use crate::machine::layout::Layout;
use crate::machine::unit::definition::{
    DirectoryKind, PreserveRuntimeDirectory, Service, ServiceDirectory,
};

fn base(layout: &Layout, kind: DirectoryKind) -> PathBuf {
    layout.root().join(match kind {
        DirectoryKind::Runtime => "run",
        DirectoryKind::State => "var/lib",
        DirectoryKind::Cache => "var/cache",
        DirectoryKind::Logs => "var/log",
        DirectoryKind::Configuration => "etc",
    })
}

fn paths<'a>(
    layout: &Layout,
    directory: &'a ServiceDirectory,
) -> impl Iterator<Item = PathBuf> + use<'a> {
    let base = base(layout, directory.kind);
    directory
        .names
        .iter()
        .map(move |name| base.join(name.split(':').next().unwrap_or(name)))
}

/// Makes the directories with their modes; they belong to the service's user.
pub(super) fn create(init: &Init, service: &Service) -> io::Result<()> {
    let user = service
        .user
        .as_deref()
        .filter(|_| init.superuser)
        .and_then(accounts::user);
    let group = service
        .group
        .as_deref()
        .filter(|_| init.superuser)
        .and_then(accounts::group)
        .or(user.as_ref().map(|user| user.gid));
    for directory in &service.directories {
        for path in paths(&init.layout, directory) {
            fs::create_dir_all(&path)?;
            if directory.kind != DirectoryKind::Configuration {
                chown(&path, user.as_ref().map(|user| user.uid), group)?;
            }
            // After the owner, because a change of owner drops special bits.
            fs::set_permissions(&path, fs::Permissions::from_mode(directory.mode))?;
        }
    }
    Ok(())
}

/// Removes runtime directories when the service has stopped.
pub(super) fn remove_runtime(init: &Init, service: &Service, restarting: bool) {
    let keep = match service.preserve_runtime_directory {
        PreserveRuntimeDirectory::Yes => true,
        PreserveRuntimeDirectory::Restart => restarting,
        PreserveRuntimeDirectory::No => false,
    };
    if keep {
        return;
    }
    let runtime = service
        .directories
        .iter()
        .filter(|directory| directory.kind == DirectoryKind::Runtime);
    for directory in runtime {
        for path in paths(&init.layout, directory) {
            // What cannot be removed now goes with the next boot.
            let _ = fs::remove_dir_all(path);
        }
    }
}

pub(super) fn variables(layout: &Layout, service: &Service) -> Vec<(&'static str, String)> {
    service
        .directories
        .iter()
        .filter(|directory| !directory.names.is_empty())
        .map(|directory| {
            let name = match directory.kind {
                DirectoryKind::Runtime => "RUNTIME_DIRECTORY",
                DirectoryKind::State => "STATE_DIRECTORY",
                DirectoryKind::Cache => "CACHE_DIRECTORY",
                DirectoryKind::Logs => "LOGS_DIRECTORY",
                DirectoryKind::Configuration => "CONFIGURATION_DIRECTORY",
            };
            let paths: Vec<String> = paths(layout, directory)
                .map(|path| path.display().to_string())
                .collect();
            (name, paths.join(":"))
        })
        .collect()
}
