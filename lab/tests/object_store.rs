//! The object store as the lab runs it: supervised, and coming back with the lab.
//!
//! The server is another package's program, built beside this one by `cargo build --workspace`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall end where it is"
)]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use juju_lab::object_store;

struct Lab {
    home: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_juju-lab"));
        assert!(
            program.with_file_name("lab-object-store").exists(),
            "build the server first: cargo build --package lab-object-store"
        );
        let home = tempfile::Builder::new()
            .prefix("jl-")
            .tempdir_in("/var/tmp")
            .unwrap();
        std::fs::create_dir(home.path().join("bin")).unwrap();
        std::os::unix::fs::symlink(program, home.path().join("bin/juju-lab")).unwrap();
        Self { home }
    }

    fn object_store(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_juju-lab"))
            .arg("object-store")
            .args(args)
            .env("JUJU_LAB_HOME", self.home.path())
            .output()
            .unwrap()
    }

    fn done(&self, args: &[&str]) -> String {
        let output = self.object_store(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn info(&self) -> serde_json::Value {
        serde_json::from_str(&self.done(&["info", "--format", "json"])).unwrap()
    }

    fn is_running(&self) -> bool {
        self.info()["running"] == true
    }

    fn server(&self) -> u32 {
        let output = Command::new(self.home.path().join("object-store/usr/bin/systemctl"))
            .args(["show", "-P", "MainPID", "object-store"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim().parse().unwrap()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        object_store::down(self.home.path()).unwrap();
    }
}

#[track_caller]
fn eventually(what: &str, happened: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !happened() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn it_is_described_in_the_words_of_charms() {
    let lab = Lab::new();
    let before = lab.object_store(&["info"]);
    assert!(!before.status.success());
    assert!(
        String::from_utf8(before.stderr)
            .unwrap()
            .contains("hint: start it with 'juju-lab object-store start'")
    );
    let yaml = lab.done(&["start"]);
    assert!(
        yaml.starts_with("running: true\nendpoint: https://127."),
        "{yaml}"
    );
    let info = lab.info();
    for key in ["access-key", "secret-key", "tls-ca-chain"] {
        assert!(
            info[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key}"
        );
    }
    assert_eq!(info["region"], "us-east-1");
    let ca = std::fs::read_to_string(info["ca"].as_str().unwrap()).unwrap();
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
    lab.done(&["start"]);
    assert_eq!(lab.info()["secret-key"], info["secret-key"]);
}

#[test]
fn it_is_started_again_when_it_dies() {
    let lab = Lab::new();
    lab.done(&["start"]);
    let server = lab.server();
    let status = Command::new("kill")
        .args(["-KILL", &server.to_string()])
        .status();
    assert!(status.unwrap().success());
    eventually("another server runs", || {
        let now = lab.server();
        now != 0 && now != server && lab.is_running()
    });
}

#[test]
fn it_comes_back_with_the_lab_unless_it_was_stopped() {
    let lab = Lab::new();
    let home = lab.home.path();
    lab.done(&["start"]);
    object_store::down(home).unwrap();
    assert!(!lab.is_running());
    object_store::up(home).unwrap();
    eventually("it runs again", || lab.is_running());
    lab.done(&["stop"]);
    assert!(!lab.is_running());
    object_store::up(home).unwrap();
    assert!(!lab.is_running());
}

#[test]
fn faults_are_left_for_the_server_to_find() {
    let lab = Lab::new();
    lab.done(&["start"]);
    let fault = lab
        .home
        .path()
        .join("object-store/var/lib/object-store/fault");
    lab.done(&["fault", "slow", "--delay", "250", "--only", "writes"]);
    assert_eq!(std::fs::read_to_string(&fault).unwrap(), "slow 250 writes");
    lab.done(&["fault", "none"]);
    assert_eq!(std::fs::read_to_string(&fault).unwrap(), "");
}
