//! The directories and tools that a machine has before it first boots.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::{MachineError, MachineSpec};

/// Below the root, with their modes. Services run as other users: they must be able to pass.
const DIRECTORIES: &[(&str, u32)] = &[
    ("", 0o755),
    ("etc", 0o755),
    ("etc/default", 0o755),
    ("etc/systemd", 0o755),
    ("etc/systemd/system", 0o755),
    ("home", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("srv", 0o755),
    ("tmp", 0o1777),
    ("usr", 0o755),
    ("usr/bin", 0o755),
    ("usr/lib", 0o755),
    ("usr/lib/systemd", 0o755),
    ("usr/lib/systemd/system", 0o755),
    ("var", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/log", 0o755),
    ("var/log/journal", 0o755),
    ("var/tmp", 0o1777),
];

const TOOLS: &[&str] = &[
    "systemctl",
    "systemd-run",
    "journalctl",
    "systemd-notify",
    crate::tools::juju_exec::NAME,
];

pub(super) fn prepare(spec: &MachineSpec) -> Result<(), MachineError> {
    for (name, mode) in DIRECTORIES {
        directory(&spec.dir.join(name), *mode)?;
    }
    let etc = spec.dir.join("etc");
    write_if_other(
        &etc.join("hostname"),
        &format!("{}\n", spec.hostname),
        0o644,
    )?;
    write_if_other(
        &etc.join("hosts"),
        &format!("127.0.0.1 localhost\n{} {}\n", spec.address, spec.hostname),
        0o644,
    )?;
    let machine_id = etc.join("machine-id");
    if !machine_id.exists() {
        let id = rand::random::<u128>();
        write_if_other(&machine_id, &format!("{id:032x}\n"), 0o444)?;
    }
    for tool in TOOLS {
        write_if_other(
            &spec.dir.join("usr/bin").join(tool),
            &script(spec, tool),
            0o755,
        )?;
    }
    Ok(())
}

pub(super) fn script(spec: &MachineSpec, tool: &str) -> String {
    format!(
        "#!/bin/sh\nexec {} machine-tool --machine {} {tool} \"$@\"\n",
        quoted(&spec.home.join("bin/juju-lab")),
        quoted(&spec.dir)
    )
}

/// A path as one word of a shell script.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

pub(super) fn directory(path: &Path, mode: u32) -> Result<(), MachineError> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(MachineError::io("create", path))?;
    // The caller's umask shall not decide.
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(MachineError::io("set the mode of", path))
}

/// Writes a file in one step, and only when it would change.
pub(super) fn write_if_other(path: &Path, text: &str, mode: u32) -> Result<(), MachineError> {
    if fs::read(path).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    let temporary = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&temporary)
        .map_err(MachineError::io("create", &temporary))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.set_permissions(Permissions::from_mode(mode)))
        .map_err(MachineError::io("write", &temporary))?;
    drop(file);
    fs::rename(&temporary, path).map_err(MachineError::io("replace", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_path_stays_one_word() {
        assert_eq!(quoted(Path::new("/a'b c")), r"'/a'\''b c'");
    }
}
