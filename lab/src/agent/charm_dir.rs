//! The charm's files in a unit's charm directory.

use super::environment::{UnitPaths, agent_socket};
use super::{Agent, UnitKey};
use crate::api::{Failure, Level};
use crate::model::hook::Hook;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

impl Agent {
    /// Puts the application's charm into the charm directory. An upgrade removes only files of the former charm, so
    /// that what the charm itself wrote there stays, and upgrade-charm follows; an upgrade forced out of an error
    /// leaves the failed hook where it is.
    pub(super) async fn install_charm(&self) -> Result<(), Failure> {
        let _lock = self.daemon.agents.locks.acquire(self.slot, "").await;
        let _busy = self.busy().await;
        let target = self.read(|model| {
            let unit = model.units.get(&self.key.unit)?;
            let application = model.applications.get(&unit.application)?;
            Some((
                application.charm_key(),
                application.charm.url(),
                unit.progress.charm.clone(),
            ))
        });
        let Some((key, url, former)) = target else {
            return Ok(());
        };
        self.change(|model| {
            if let Some(unit) = model.units.get_mut(&self.key.unit) {
                unit.progress.upgrading = Some(key.clone());
                if !unit.progress.installed && !unit.spoke {
                    "installing agent".clone_into(&mut unit.workload.message);
                }
            }
        })?;
        let charms = self.daemon.home.charms();
        let source = charms.join(directory_of(&key));
        let old = former.as_deref().map(|key| charms.join(directory_of(key)));
        let paths = UnitPaths::new(&self.root, &self.key.unit);
        let files = paths.charm.clone();
        let copied =
            tokio::task::spawn_blocking(move || replace(&source, old.as_deref(), &files)).await;
        copied
            .map_err(std::io::Error::other)
            .and_then(|result| result)
            .map_err(|error| {
                Failure::internal(format!("cannot write {}: {error}", paths.charm.display()))
            })?;
        self.log(
            Level::Info,
            "juju.worker.uniter.charm",
            &format!("deployed {url}"),
        );
        self.change(|model| {
            let Some(unit) = model.units.get_mut(&self.key.unit) else {
                return;
            };
            unit.progress.charm = Some(key.clone());
            unit.progress.upgrading = None;
            unit.force_upgrade = false;
            if unit.progress.installed && unit.progress.hook.is_none() {
                unit.progress.queue(Hook::UpgradeCharm);
            }
        })
    }
}

/// Directory of a charm key; what follows a `+` counts resources, not files.
fn directory_of(key: &str) -> &str {
    key.split('+').next().unwrap_or(key)
}

fn replace(source: &Path, old: Option<&Path>, target: &Path) -> std::io::Result<()> {
    fs::create_dir_all(target)?;
    let new = files_below(source)?;
    if let Some(old) = old.filter(|old| old.exists()) {
        for stale in files_below(old)?.difference(&new) {
            match fs::remove_file(target.join(stale)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    for file in &new {
        let (from, to) = (source.join(file), target.join(file));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        // A running program's file cannot be written to, but its name can be given to another file.
        let draft = to.with_file_name(format!(
            ".{}.new",
            file.file_name().unwrap_or_default().to_string_lossy()
        ));
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if from.symlink_metadata()?.is_symlink() {
            symlink(fs::read_link(&from)?, &draft)?;
        } else {
            fs::copy(&from, &draft)?;
        }
        fs::rename(&draft, &to)?;
    }
    Ok(())
}

/// Relative paths of all files and links below a directory.
fn files_below(directory: &Path) -> std::io::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(relative) = pending.pop() {
        for entry in fs::read_dir(directory.join(&relative))? {
            let entry = entry?;
            let path = relative.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                pending.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    Ok(files)
}

/// Makes a unit's directories, with one link per hook tool to the lab's executable.
pub(crate) fn prepare_unit(root: &Path, executable: &Path, key: &UnitKey) -> std::io::Result<()> {
    let paths = UnitPaths::new(root, &key.unit);
    for directory in [&paths.agent, &paths.charm, &paths.tools] {
        fs::create_dir_all(directory)?;
    }
    if let Some(run) = agent_socket(root).parent() {
        fs::create_dir_all(run)?;
    }
    for tool in crate::tools::NAMES {
        match symlink(executable, paths.tools.join(tool)) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upgrade_removes_files_of_the_old_charm_and_keeps_what_the_charm_wrote() {
        let base = tempfile::tempdir().unwrap();
        let (old, new, target) = (
            base.path().join("old"),
            base.path().join("new"),
            base.path().join("charm"),
        );
        for (directory, file) in [
            (&old, "gone"),
            (&old, "both"),
            (&new, "both"),
            (&new, "lib/added"),
        ] {
            let path = directory.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, directory.to_str().unwrap()).unwrap();
        }
        replace(&old, None, &target).unwrap();
        fs::write(target.join(".unit-state"), "kept").unwrap();
        replace(&new, Some(&old), &target).unwrap();
        let files: Vec<_> = files_below(&target).unwrap().into_iter().collect();
        assert_eq!(
            files,
            [
                Path::new(".unit-state"),
                Path::new("both"),
                Path::new("lib/added")
            ]
        );
        assert_eq!(
            fs::read_to_string(target.join("both")).unwrap(),
            new.to_str().unwrap()
        );
    }
}
