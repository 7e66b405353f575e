//! A machine for one test, and the words to talk about it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use juju_lab::machine::{self, MachineSpec};

pub(crate) struct Machine {
    pub(crate) spec: MachineSpec,
    _home: tempfile::TempDir,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let home = tempfile::Builder::new()
            .prefix("jl-")
            .tempdir_in("/var/tmp")
            .unwrap();
        // Services of other users must be able to pass.
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(home.path().join("bin")).unwrap();
        symlink(
            env!("CARGO_BIN_EXE_juju-lab"),
            home.path().join("bin/juju-lab"),
        )
        .unwrap();
        let spec = MachineSpec {
            dir: home.path().join("m/0"),
            home: home.path().to_owned(),
            number: 0,
            hostname: "juju-1-0".to_owned(),
            address: [127, 9, 9, 10].into(),
        };
        machine::prepare(&spec).unwrap();
        machine::ensure_running(&spec).unwrap();
        Self { spec, _home: home }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.spec.dir.join(name)
    }

    /// Writes a unit file.
    pub(crate) fn unit(&self, name: &str, text: &str) {
        fs::write(self.path("etc/systemd/system").join(name), text).unwrap();
    }

    /// Writes a service with this `[Service]` section.
    pub(crate) fn service(&self, name: &str, section: &str) {
        self.unit(name, &format!("[Service]\n{section}\n"));
    }

    pub(crate) fn command(&self, tool: &str) -> Command {
        let mut command = Command::new(self.path("usr/bin").join(tool));
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, tool: &str, args: &[&str]) -> Said {
        let output = self.command(tool).args(args).output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn systemctl(&self, args: &[&str]) -> Said {
        self.run("systemctl", args)
    }

    /// Runs systemctl and expects it to succeed.
    pub(crate) fn ctl(&self, args: &[&str]) -> String {
        let said = self.systemctl(args);
        assert_eq!(said.code, 0, "systemctl {args:?}: {said:?}");
        said.out
    }

    pub(crate) fn property(&self, unit: &str, name: &str) -> String {
        self.ctl(&["show", "-P", name, unit]).trim_end().to_owned()
    }

    pub(crate) fn state(&self, unit: &str) -> String {
        format!(
            "{}/{}",
            self.property(unit, "ActiveState"),
            self.property(unit, "SubState")
        )
    }

    pub(crate) fn main_pid(&self, unit: &str) -> u32 {
        self.property(unit, "MainPID").parse().unwrap()
    }

    /// Messages of a unit's journal.
    pub(crate) fn journal(&self, unit: &str) -> Vec<String> {
        let said = self.run("journalctl", &["-u", unit, "-o", "cat", "--no-pager"]);
        assert_eq!(said.code, 0, "{said:?}");
        said.out.lines().map(str::to_owned).collect()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn until_state(&self, unit: &str, state: &str) {
        eventually(&format!("{unit} is {state}"), || self.state(unit) == state);
    }

    /// The live processes of a unit.
    pub(crate) fn processes_of(&self, unit: &str) -> Vec<u32> {
        machine::processes(&self.spec)
            .unwrap()
            .into_iter()
            .filter(|process| process.unit.as_deref() == Some(unit))
            .map(|process| process.pid)
            .collect()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        machine::power_off(&self.spec).unwrap();
    }
}

/// Waits for something that happens by itself.
#[track_caller]
pub(crate) fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !happened() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .starts_with(" Z")
    })
}

pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
