//! The unit file of the process that tells the charm of a change in the cluster.

use std::net::IpAddr;
use std::path::Path;

use super::systemd;

/// Renders it. The watcher is the charm's own program and runs as whoever runs the charm: `juju-exec` is for root.
pub fn unit(program: &Path, unit: &str, address: IpAddr) -> String {
    let command = [
        program.to_string_lossy().as_ref(),
        "watch",
        "--unit",
        unit,
        "--address",
        &address.to_string(),
    ]
    .map(systemd::word)
    .join(" ");
    format!(
        "\
# Written by the charm; changes made here are overwritten.
[Unit]
Description=Watches the PostgreSQL cluster for the charm
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
Restart=always
RestartSec=5
Nice=5

[Install]
WantedBy=multi-user.target
"
    )
}
