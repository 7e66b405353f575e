//! Programs in Python that know nothing of the lab work on it unchanged: jubilant, the client of Canonical's test
//! suites, and charms on `ops`. The tests themselves are in `python/`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must say where"
)]

use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn jubilant_drives_the_lab() {
    pytest("client");
}

#[test]
fn charms_on_ops_find_what_juju_promises() {
    pytest("charms_on_ops");
}

/// Runs the tests of a folder.
fn pytest(folder: &str) {
    let mut command = Command::new(python());
    command
        .args([
            "-B",
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--tb=short",
            "--color=no",
            "-o",
            "tmp_path_retention_policy=none",
        ])
        .arg(tests().join(folder))
        .env("JUJU_LAB", env!("CARGO_BIN_EXE_juju-lab"));
    run(&mut command);
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

/// The interpreter of a virtual environment with what `requirements.txt` names. It is made once for each content of
/// that file and each version of Python, below the build's directory.
fn python() -> PathBuf {
    let requirements = tests().join("requirements.txt");
    let version = run(Command::new("python3").args(["-c", "import sys; print(sys.version)"]));
    let mut key = Sha256::new();
    key.update(fs::read(&requirements).unwrap());
    key.update(version);
    let key = juju_lab::model::identity::hex(&key.finalize()[..6]);

    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{key}"));
    fs::create_dir_all(&directory).unwrap();
    let environment = directory.join("venv");
    let python = environment.join("bin/python");
    // Tests run side by side, and so do runs of the tests.
    let lock = File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    let complete = directory.join("complete");
    if !complete.exists() {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&environment));
        let mut install = Command::new(&python);
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        run(install.args(["--requirement"]).arg(&requirements));
        File::create(complete).unwrap();
    }
    python
}

/// Runs a command that must succeed, and returns what it printed.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}\nhint: scripts/install-packages"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
