//! Booting a container, shutting it down, and cutting its power.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::control_group::{Part, leader};
use super::enter::joining;
use super::image;
use crate::machine::{MachineError, MachineSpec, Process, boot};

const BOOT_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// Runs in a mount namespace of its own. nspawn refuses a `/run/systemd` on a disk, and mounts of control groups of
/// version 1; the machine's own group is joined before they go.
const BOOT: &str = r#"set -e
image=$1 dir=$2 group=$3 name=$4 programs=$5
echo 0 >"$group/cgroup.procs"
mkdir -p /run/systemd
mount -t tmpfs -o mode=755 tmpfs /run/systemd
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t overlay overlay "$dir/root" -o "lowerdir=$image,upperdir=$dir/upper,workdir=$dir/work"
exec systemd-nspawn --directory="$dir/root" --machine="$name" --hostname="$name" --boot --register=no --keep-unit \
  --console=pipe --link-journal=no --resolv-conf=off --timezone=off \
  --bind="$dir:$dir:norbind" --bind="$dir/var/lib/juju:/var/lib/juju" --bind-ro="$programs"
"#;

pub(crate) fn is_running(spec: &MachineSpec) -> bool {
    leader(&spec.dir).is_some_and(is_up)
}

/// Whether the machine's systemd has booted.
fn is_up(leader: u32) -> bool {
    let asked = joining(leader)
        .args(["/usr/bin/systemctl", "is-system-running"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    asked.is_ok_and(|asked| {
        matches!(
            String::from_utf8_lossy(&asked.stdout).trim(),
            "running" | "degraded"
        )
    })
}

pub(crate) fn ensure_running(spec: &MachineSpec) -> Result<(), MachineError> {
    if is_running(spec) {
        return Ok(());
    }
    let part = part(spec)?;
    clear(spec, &part)?;
    fs::create_dir_all(part.path()).map_err(MachineError::io("create", part.path()))?;
    let log = spec.dir.join("var/log/machine-init.log");
    let mut unshare = Command::new("unshare");
    unshare
        .args(["--mount", "--propagation", "private"])
        .args(["sh", "-c", BOOT, "sh"])
        .arg(image::path()?)
        .arg(&spec.dir)
        .arg(part.path())
        .arg(&spec.hostname)
        .arg(spec.home.join("bin"))
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LANG", "C.UTF-8")
        // The terminal of whoever started the lab is not the machine's.
        .process_group(0);
    let mut child = boot::start(&mut unshare, &log)?;
    let up = boot::await_up(&mut child, BOOT_LIMIT, POLL, || is_running(spec));
    boot::collect(child);
    let cause = match up {
        Ok(()) => return Ok(()),
        Err(boot::Failed::Ended(status)) => format!("its container ended with {status}"),
        Err(boot::Failed::Late) => "its systemd is not up in time".to_owned(),
    };
    clear(spec, &part)?;
    Err(MachineError::Boot {
        machine: spec.hostname.clone(),
        cause,
        log,
    })
}

fn part(spec: &MachineSpec) -> Result<Part, MachineError> {
    Part::machine(&spec.dir).ok_or_else(|| MachineError::Refused {
        machine: spec.hostname.clone(),
        cause: "this computer has no control groups of version 2".to_owned(),
    })
}

/// Asks systemd to power off, waits for it, and then kills what is left.
pub(crate) fn stop(spec: &MachineSpec) -> Result<(), MachineError> {
    let part = part(spec)?;
    if let Some(leader) = leader(&spec.dir) {
        // A leader that has just ended leaves nothing to wait for.
        let _ = Command::new("/bin/kill")
            .args(["-s", POWEROFF, &leader.to_string()])
            .status();
        let end = Instant::now() + STOP_LIMIT;
        while !part.processes().is_empty() && Instant::now() < end {
            std::thread::sleep(POLL);
        }
    }
    clear(spec, &part)
}

/// Starts `poweroff.target`, see systemd(1).
const POWEROFF: &str = "RTMIN+4";

pub(crate) fn power_off(spec: &MachineSpec) -> Result<(), MachineError> {
    clear(spec, &part(spec)?)
}

fn clear(spec: &MachineSpec, part: &Part) -> Result<(), MachineError> {
    let left = part
        .clear()
        .map_err(MachineError::io("kill what is in", part.path()))?;
    if left.is_empty() {
        return Ok(());
    }
    Err(MachineError::Unkillable {
        machine: spec.hostname.clone(),
        pids: left,
    })
}

pub(crate) fn freeze(spec: &MachineSpec, frozen: bool) -> Result<(), MachineError> {
    let part = part(spec)?;
    part.freeze(frozen)
        .map_err(MachineError::io("halt or continue", part.path()))
}

pub(crate) fn processes(spec: &MachineSpec) -> Result<Vec<Process>, MachineError> {
    let pids = part(spec)?.processes();
    Ok(pids
        .into_iter()
        .map(|pid| Process {
            pid,
            unit: None,
            command: fs::read_to_string(format!("/proc/{pid}/comm"))
                .unwrap_or_default()
                .trim()
                .to_owned(),
        })
        .collect())
}
