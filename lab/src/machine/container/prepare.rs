//! What a machine has of its own before it first boots.

use std::fs;
use std::path::Path;

use crate::machine::prepare::{directory, script, write_if_other};
use crate::machine::{MachineError, MachineSpec};

/// Below the machine's directory, with their modes.
const DIRECTORIES: &[(&str, u32)] = &[
    ("", 0o755),
    // What differs from the image, and the kernel's scratch space for it.
    ("upper", 0o755),
    ("work", 0o700),
    // Where both lie together, in the machine's own mount namespace.
    ("root", 0o755),
    ("run", 0o755),
    ("var/lib/juju", 0o755),
    ("var/log", 0o755),
    ("upper/etc", 0o755),
    ("upper/usr", 0o755),
    ("upper/usr/local", 0o755),
    ("upper/usr/local/bin", 0o755),
];

pub(crate) fn prepare(spec: &MachineSpec) -> Result<(), MachineError> {
    for (name, mode) in DIRECTORIES {
        directory(&spec.dir.join(name), *mode)?;
    }
    let etc = spec.dir.join("upper/etc");
    write_if_other(
        &etc.join("hosts"),
        &format!("127.0.0.1 localhost\n{} {}\n", spec.address, spec.hostname),
        0o644,
    )?;
    // The machine asks whom this computer asks. It may have no resolver, and apt may need none.
    if let Ok(text) = fs::read_to_string(Path::new("/etc/resolv.conf")) {
        write_if_other(&etc.join("resolv.conf"), &text, 0o644)?;
    }
    let tool = crate::tools::juju_exec::NAME;
    write_if_other(
        &spec.dir.join("upper/usr/local/bin").join(tool),
        &script(spec, tool),
        0o755,
    )
}
