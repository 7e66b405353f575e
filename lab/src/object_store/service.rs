//! The server as the service of a machine of its own.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::ObjectStoreError;
use crate::machine::{self, MachineSpec, address as addresses};

const PORT: u16 = 9000;
const PROGRAM: &str = "lab-object-store";
const UNIT: &str = "object-store.service";
const START_LIMIT: Duration = Duration::from_secs(15);

pub(super) fn spec(home: &Path) -> MachineSpec {
    MachineSpec {
        dir: home.join("object-store"),
        home: home.to_owned(),
        number: 0,
        hostname: "object-store".to_owned(),
        address: addresses::object_store(home),
    }
}

/// Where the server keeps objects, keys and certificates.
pub(super) fn data(home: &Path) -> PathBuf {
    spec(home).dir.join("var/lib/object-store")
}

pub(super) fn address(home: &Path) -> SocketAddr {
    SocketAddr::from((addresses::object_store(home), PORT))
}

/// Whether somebody listens at the store's address.
pub(super) fn answers(home: &Path) -> bool {
    TcpStream::connect_timeout(&address(home), Duration::from_secs(1)).is_ok()
}

/// Starts the store, or makes sure that it runs the present program.
pub(super) fn start(home: &Path) -> Result<(), ObjectStoreError> {
    if !home.join("bin/juju-lab").exists() {
        return Err(ObjectStoreError::NoLab(home.to_owned()));
    }
    let spec = spec(home);
    machine::prepare(&spec)?;
    let program = install_program(home)?;
    let data = data(home);
    fs::create_dir_all(&data).map_err(ObjectStoreError::io("create", &data))?;
    // Others may pass to the public certificate; what it holds is none of their business.
    fs::set_permissions(&data, Permissions::from_mode(0o711))
        .map_err(ObjectStoreError::io("set the mode of", &data))?;
    let unit = spec.dir.join("etc/systemd/system").join(UNIT);
    let text = unit_text(home);
    let changed = fs::read_to_string(&unit).is_ok_and(|present| present != text);
    fs::write(&unit, text).map_err(ObjectStoreError::io("write", &unit))?;
    machine::ensure_running(&spec)?;
    systemctl(&spec, &["daemon-reload"])?;
    systemctl(&spec, &["enable", "--now", UNIT])?;
    if changed || program == Program::Replaced {
        systemctl(&spec, &["restart", UNIT])?;
    }
    wait_until_it_answers(home, &spec)
}

/// Stops the store for good: the lab's next start leaves it down.
pub(super) fn stop(home: &Path) -> Result<(), ObjectStoreError> {
    let spec = spec(home);
    let link = enabled(&spec);
    match fs::remove_file(&link) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(ObjectStoreError::io("remove", &link)(error));
        }
        _ => {}
    }
    down(home)
}

/// The link that is there as long as the store is to run.
fn enabled(spec: &MachineSpec) -> PathBuf {
    spec.dir
        .join("etc/systemd/system/multi-user.target.wants")
        .join(UNIT)
}

pub(super) fn up(home: &Path) -> Result<(), ObjectStoreError> {
    let spec = spec(home);
    if enabled(&spec).symlink_metadata().is_ok() {
        machine::ensure_running(&spec)?;
    }
    Ok(())
}

pub(super) fn down(home: &Path) -> Result<(), ObjectStoreError> {
    let spec = spec(home);
    if spec.dir.is_dir() {
        machine::stop(&spec)?;
    }
    Ok(())
}

fn unit_text(home: &Path) -> String {
    let quoted = |path: PathBuf| {
        let text = path.display().to_string();
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{}\"", text.replace('%', "%%").replace('$', "$$"))
    };
    format!(
        "[Unit]\nDescription=S3 object store of the lab\n\n\
         [Service]\nExecStart={} --dir {} --listen {}\nRestart=always\nRestartSec=200ms\nUMask=0077\n\n\
         [Install]\nWantedBy=multi-user.target\n",
        quoted(home.join("bin").join(PROGRAM)),
        quoted(data(home)),
        address(home)
    )
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Same,
    Replaced,
}

/// Puts the program into the lab's home: it has to be there when the lab starts again.
fn install_program(home: &Path) -> Result<Program, ObjectStoreError> {
    let target = home.join("bin").join(PROGRAM);
    let own =
        std::env::current_exe().map_err(ObjectStoreError::io("find", Path::new("juju-lab")))?;
    let source = own.with_file_name(PROGRAM);
    if source == target || (!source.exists() && target.exists()) {
        return Ok(Program::Same);
    }
    let bytes = match fs::read(&source) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(ObjectStoreError::NoProgram(source));
        }
        Err(error) => return Err(ObjectStoreError::io("read", &source)(error)),
    };
    let present = fs::read(&target).ok();
    if present.as_ref() == Some(&bytes) {
        return Ok(Program::Same);
    }
    let draft = target.with_extension("new");
    fs::write(&draft, &bytes)
        .and_then(|()| fs::set_permissions(&draft, Permissions::from_mode(0o755)))
        .and_then(|()| fs::rename(&draft, &target))
        .map_err(ObjectStoreError::io("install", &target))?;
    Ok(match present {
        Some(_) => Program::Replaced,
        None => Program::Same,
    })
}

/// Runs the machine's systemctl; what it says on failure is the error.
fn systemctl(spec: &MachineSpec, args: &[&str]) -> Result<(), ObjectStoreError> {
    let program = spec.dir.join("usr/bin/systemctl");
    let output = Command::new(&program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(ObjectStoreError::io("run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(ObjectStoreError::Start {
        last_words: text.lines().map(str::to_owned).collect(),
        journalctl: spec.dir.join("usr/bin/journalctl"),
    })
}

fn wait_until_it_answers(home: &Path, spec: &MachineSpec) -> Result<(), ObjectStoreError> {
    let begun = Instant::now();
    while !answers(home) {
        let over = begun.elapsed() > START_LIMIT;
        if over || systemctl(spec, &["is-failed", "--quiet", UNIT]).is_ok() {
            return Err(ObjectStoreError::Start {
                last_words: last_words(spec),
                journalctl: spec.dir.join("usr/bin/journalctl"),
            });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn last_words(spec: &MachineSpec) -> Vec<String> {
    Command::new(spec.dir.join("usr/bin/journalctl"))
        .args(["-u", UNIT, "-n", "5", "-o", "cat"])
        .stdin(Stdio::null())
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}
