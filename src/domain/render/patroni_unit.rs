//! Patroni's unit file.

use std::path::Path;

use super::systemd;
use crate::layout::Layout;

/// The text of Patroni's unit file.
///
/// * `KillMode=process`: when Patroni dies, PostgreSQL lives on and the next Patroni finds it. A stop is Patroni's own
///   work: it shuts PostgreSQL down, so it gets the time a checkpoint and the last WAL segment may take.
/// * `Wants=` etcd, not `Requires=`: a unit without a member of its own talks to the voters, and Patroni outlives etcd.
/// * `RuntimeDirectory=`: the socket and lock directories are gone after a reboot, before any hook could make them.
/// * The OOM settings are those of Debian's PostgreSQL unit: the kernel spares the postmaster, whose death takes every
///   session along, and takes a backend instead.
pub fn unit(layout: &Layout, user: &str) -> String {
    format!(
        "\
# Written by the charm; changes made here are overwritten.
[Unit]
Description=Patroni, which runs PostgreSQL as a member of the cluster
Documentation=https://patroni.readthedocs.io/
After=network-online.target charmed-etcd.service
Wants=network-online.target charmed-etcd.service
StartLimitIntervalSec=0

[Service]
Type=exec
User={user}
Environment=LANG=C.UTF-8
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
Environment=PG_OOM_ADJUST_FILE=/proc/self/oom_score_adj PG_OOM_ADJUST_VALUE=0
OOMScoreAdjust=-900
RuntimeDirectory={runtime}
RuntimeDirectoryMode=0755
RuntimeDirectoryPreserve=yes
ExecStart=/usr/bin/patroni {config}
ExecReload=/bin/kill -s HUP $MAINPID
KillMode=process
TimeoutStopSec=300
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
",
        config = systemd::word(&layout.patroni_config().to_string_lossy()),
        runtime = [layout.socket_dir(), layout.pgbackrest_lock()]
            .iter()
            .map(|directory| below_run(layout, directory))
            .collect::<Vec<_>>()
            .join(" "),
    )
}

fn below_run(layout: &Layout, directory: &Path) -> String {
    let name = directory
        .strip_prefix(layout.root().join("run"))
        .unwrap_or(directory);
    systemd::word(&name.to_string_lossy())
}
