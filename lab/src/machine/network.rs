//! Cuts machines off the network: rules of nftables by the machines' addresses and control groups.
//!
//! Addresses alone do not do: whoever connects to 127.x.y.z does so from 127.0.0.1. So each machine of a superuser's
//! lab has a control group, in which its sockets are made, and a packet is dropped if one end is in it and the other is
//! not. What a machine says to itself passes.

use super::address;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where nftables looks for control groups by name.
const NFT_ROOT: &str = "/sys/fs/cgroup";
/// `juju-lab`, the lab, and the machine in it.
const LEVEL: usize = 3;

/// Why a network cannot be cut here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetworkError {
    #[error("only root can set rules for packets")]
    NotRoot,
    #[error("there is no control group file system (version 2) below {NFT_ROOT}")]
    NoControlGroups,
    #[error("cannot create {}: {source}", path.display())]
    ControlGroup {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot run nft: {0}; 'apt-get install nftables' installs it")]
    NoProgram(std::io::Error),
    #[error("nft refuses the rules: {0}")]
    Rules(String),
}

/// The first mount point of the control group file system that nftables can name.
fn control_groups() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mut points = mounts.lines().filter_map(|line| {
        let (front, back) = line.split_once(" - ")?;
        back.starts_with("cgroup2 ")
            .then(|| front.split(' ').nth(4))?
    });
    points
        .find(|point| Path::new(point).starts_with(NFT_ROOT))
        .map(PathBuf::from)
}

/// `127.a.b` of a lab, which names its rules and its control group.
fn subnet(home: &Path) -> String {
    let [a, b, c] = address::subnet(home);
    format!("{a}.{b}.{c}")
}

fn group_of_lab(home: &Path) -> Option<PathBuf> {
    Some(control_groups()?.join("juju-lab").join(subnet(home)))
}

/// The control group of the machine in this directory, `<home>/m/<number>`.
pub(crate) fn group(machine: &Path) -> Option<PathBuf> {
    let home = machine.parent()?.parent()?;
    Some(group_of_lab(home)?.join(machine.file_name()?))
}

/// Puts the calling process, and all it will start, on the machine in this directory. Without privileges, or without
/// control groups, there is nothing to do: then the network cannot be cut either.
pub(crate) fn join(machine: &Path) {
    if let Some(members) = members(machine) {
        let _ = fs::write(members, "0");
    }
}

/// The file that takes the process ids of a machine's members; none if machines have no control groups here.
pub(crate) fn members(machine: &Path) -> Option<PathBuf> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let group = group(machine)?;
    fs::create_dir_all(&group).ok()?;
    Some(group.join("cgroup.procs"))
}

/// Forgets the control group of a machine that is gone.
pub(crate) fn forget(machine: &Path) {
    if let Some(group) = group(machine) {
        // A process that left the machine may still be in it; an empty group harms nobody.
        let _ = fs::remove_dir(group);
    }
}

/// Cuts off exactly these machines of the lab, in one step.
pub(crate) fn cut_off(home: &Path, machines: &[u32]) -> Result<(), NetworkError> {
    if machines.is_empty() {
        return heal_all(home);
    }
    if !rustix::process::geteuid().is_root() {
        return Err(NetworkError::NotRoot);
    }
    let lab = group_of_lab(home).ok_or(NetworkError::NoControlGroups)?;
    for machine in machines {
        let path = lab.join(machine.to_string());
        fs::create_dir_all(&path).map_err(|source| NetworkError::ControlGroup { path, source })?;
    }
    let below = lab.strip_prefix(NFT_ROOT).unwrap_or(&lab).to_owned();
    nft(&rules(home, &below, machines))
}

/// Removes all rules of a lab. Where there can be none, nothing happens.
pub(crate) fn heal_all(home: &Path) -> Result<(), NetworkError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let table = table(home);
    match nft(&format!("table inet {table}\ndelete table inet {table}\n")) {
        Err(NetworkError::NoProgram(_)) => Ok(()),
        other => other,
    }
}

/// Removes the rules and the control groups of a lab of which nothing runs.
pub(crate) fn clear(home: &Path) -> Result<(), NetworkError> {
    heal_all(home)?;
    if let Some(lab) = group_of_lab(home) {
        for entry in fs::read_dir(&lab).into_iter().flatten().flatten() {
            let _ = fs::remove_dir(entry.path());
        }
        let _ = fs::remove_dir(lab);
    }
    Ok(())
}

fn table(home: &Path) -> String {
    format!("juju_lab_{}", subnet(home).replace('.', "_"))
}

fn rules(home: &Path, below: &Path, machines: &[u32]) -> String {
    let (table, subnet, below) = (table(home), subnet(home), below.display());
    let mut passes = [String::new(), String::new()];
    let mut drops = [String::new(), String::new()];
    for machine in machines {
        let Some(own) = address::machine(home, *machine) else {
            continue;
        };
        let member = format!("socket cgroupv2 level {LEVEL} \"{below}/{machine}\"");
        for (side, end) in ["daddr", "saddr"].iter().enumerate() {
            let _ = writeln!(passes[side], "  ip {end} {own} {member} accept");
            let _ = writeln!(drops[side], "  ip {end} {own} drop");
            let _ = writeln!(drops[side], "  ip {end} {subnet}.0/24 {member} drop");
        }
        let _ = writeln!(drops[0], "  oifname != \"lo\" {member} drop");
    }
    // The empty table makes the removal of the former one succeed, whether or not there was one.
    format!(
        "table inet {table}\ndelete table inet {table}\ntable inet {table} {{\n chain output {{\n  \
         type filter hook output priority 0\n{}{} }}\n chain input {{\n  type filter hook input priority 0\n{}{} }}\n}}\n",
        passes[0], drops[0], passes[1], drops[1]
    )
}

fn nft(script: &str) -> Result<(), NetworkError> {
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(NetworkError::NoProgram)?;
    let written = child
        .stdin
        .take()
        .map(|mut stdin| stdin.write_all(script.as_bytes()));
    let output = child.wait_with_output().map_err(NetworkError::NoProgram)?;
    if output.status.success() && written.is_some_and(|written| written.is_ok()) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(NetworkError::Rules(
        said.lines().next().unwrap_or_default().to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_cut_off_still_reaches_itself_and_nobody_else() {
        let home = Path::new("/var/lib/juju-lab");
        let [a, b, c] = address::subnet(home);
        let text = rules(home, Path::new("unified/juju-lab/x"), &[3]);
        let output: Vec<&str> = text
            .lines()
            .skip_while(|line| !line.contains("hook output"))
            .skip(1)
            .take(4)
            .map(str::trim)
            .collect();
        let member = "socket cgroupv2 level 3 \"unified/juju-lab/x/3\"";
        assert_eq!(
            output,
            [
                format!("ip daddr {a}.{b}.{c}.13 {member} accept"),
                format!("ip daddr {a}.{b}.{c}.13 drop"),
                format!("ip daddr {a}.{b}.{c}.0/24 {member} drop"),
                format!("oifname != \"lo\" {member} drop"),
            ]
        );
    }
}
