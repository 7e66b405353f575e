//! The arguments of a backup.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::domain::render::POSTGRESQL_PORT;
use crate::domain::words::{BackupKind, Stanza};

/// Which backup to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Stanza.
    pub stanza: Stanza,
    /// Kind.
    pub kind: BackupKind,
    /// Annotations, from pgBackRest 2.41 on.
    pub annotations: Vec<(String, String)>,
    /// The primary, when this unit is a replica: files are then read here, and the primary is asked for the rest.
    pub primary: Option<Primary>,
    /// Processes at work; `None` leaves it to the configuration.
    pub process_max: Option<u32>,
    /// Whether each file is logged, which is what progress is read from.
    pub log_detail: bool,
    /// Whether to expire afterwards; `None` leaves it to the configuration.
    pub expire_auto: Option<bool>,
}

/// Where a primary is and how its pgBackRest server is reached. The fields are named as pgBackRest's options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// Its address.
    pub host: IpAddr,
    /// The port of its server.
    pub port: u16,
    /// Its own configuration, on its own machine.
    pub config: PathBuf,
    /// Its data directory.
    pub path: PathBuf,
    /// The directory of its socket.
    pub socket_path: PathBuf,
    /// The user of its database.
    pub user: String,
    /// The user of this unit's database: it is told to make a checkpoint, which before PostgreSQL 15 only a superuser may.
    pub local_user: String,
    /// The authorities that are trusted here.
    pub ca_file: PathBuf,
    /// What this unit proves itself with: private key and certificate.
    pub identity_file: PathBuf,
}

impl Primary {
    fn options(&self) -> [String; 12] {
        let path = |option: &str, path: &Path| format!("--pg2-{option}={}", path.display());
        [
            format!("--pg2-host={}", self.host),
            "--pg2-host-type=tls".to_owned(),
            format!("--pg2-host-port={}", self.port),
            path("host-config", &self.config),
            path("host-ca-file", &self.ca_file),
            path("host-cert-file", &self.identity_file),
            path("host-key-file", &self.identity_file),
            path("path", &self.path),
            path("socket-path", &self.socket_path),
            format!("--pg2-port={POSTGRESQL_PORT}"),
            format!("--pg2-user={}", self.user),
            format!("--pg1-user={}", self.local_user),
        ]
    }
}

impl Backup {
    pub(super) fn add_to(&self, arguments: &mut Vec<String>) {
        let mut add = |argument: String| arguments.push(argument);
        add(format!("--stanza={}", self.stanza));
        add(format!("--type={}", self.kind.pgbackrest()));
        for (name, value) in &self.annotations {
            add(format!("--annotation={name}={value}"));
        }
        if let Some(primary) = &self.primary {
            add("--backup-standby".to_owned());
            primary.options().into_iter().for_each(&mut add);
        }
        if let Some(processes) = self.process_max {
            add(format!("--process-max={processes}"));
        }
        if let Some(on) = self.expire_auto {
            add(format!("--{}expire-auto", if on { "" } else { "no-" }));
        }
    }
}
