//! pgBackRest's configuration file, and the unit file of its server.

use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::{PGBACKREST_PORT, POSTGRESQL_PORT, Unrepresentable, systemd};
use crate::domain::words::{Secret, Stanza, SystemUser};
use crate::layout::Layout;

/// The region requests are signed for when none was given: what the object stores that know no regions expect.
pub const DEFAULT_REGION: &str = "us-east-1";
/// "Never", as Charmed PostgreSQL says it: the largest number of days pgBackRest takes.
const NO_EXPIRY_DAYS: u32 = 9_999_999;
/// How long the record of an expired backup is kept, in days.
const HISTORY_DAYS: u32 = 365;
/// How long the object store may be silent, in seconds.
///
/// A command tries about four times as long before it gives up, so pgBackRest's own 60 s make every wrong address or
/// certificate cost four minutes (measured with 2.45: `info` took 80 s at 20 and 20 s at 5). A store that says nothing
/// at all for this long is not one to rely on.
const IO_TIMEOUT_SECONDS: u32 = 15;
/// How long `archive_command` waits for the upload of a segment, in seconds.
///
/// When it has waited long enough the upload goes on, and PostgreSQL asks again. A server that shuts down asks three
/// times, so pgBackRest's own 60 s would hold a switchover for three minutes while the object store is out of reach.
const PUSH_SECONDS: u32 = 20;
/// After how many seconds of silence a connection between members is tried, how many seconds apart, and how often.
const KEEP_ALIVE: [u32; 3] = [20, 5, 4];
/// More processes than this keep an object store busy with connections rather than with data.
const PROCESSES_MOST: u32 = 8;

/// What depends on pgBackRest's version in its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// It can keep small files together in one object (2.39 and later; Ubuntu 22.04 has an earlier one).
    pub bundle: bool,
    /// It can store changed blocks instead of changed files (2.46 and later), which needs bundles.
    pub block_incremental: bool,
}

impl Abilities {
    /// The abilities of a version, as `(major, minor)`.
    pub fn of(version: (u32, u32)) -> Self {
        Self {
            bundle: version >= (2, 39),
            block_incremental: version >= (2, 46),
        }
    }
}

/// pgBackRest's view of one repository, from one unit.
#[derive(Clone, Debug)]
pub struct Configuration<'a> {
    pub layout: &'a Layout,
    pub major: u32,
    pub stanza: &'a Stanza,
    pub store: Store<'a>,
    pub purpose: Purpose,
    /// Processors of the machine.
    pub cpus: u32,
    /// Which of its abilities the installed pgBackRest has.
    pub abilities: Abilities,
    /// The server for the other members, once they talk to each other over TLS.
    pub server: Option<Server>,
}

/// Where the repository lies and how to get in.
#[derive(Clone, Debug)]
pub struct Store<'a> {
    pub bucket: &'a str,
    /// A URL: `https://host` or `https://host:port`.
    pub endpoint: &'a str,
    /// Below the bucket, with a slash in front.
    pub path: &'a str,
    /// Empty when none was given: then [`DEFAULT_REGION`].
    pub region: &'a str,
    /// Whether the bucket is in the path of a request instead of its host name.
    pub path_style: bool,
    /// The file of certificates that vouch for the endpoint; those of the system when there is none.
    pub ca_file: Option<PathBuf>,
    pub access_key: &'a Secret,
    pub secret_key: &'a Secret,
}

/// What the repository is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It is this cluster's: WAL and backups go there, and backups older than so many days expire.
    Own { retention_days: Option<u32> },
    /// It belongs to another cluster. Nothing is configured that writes into it or removes from it.
    ReadOnly,
}

/// The server through which the other members read this one's database, and what it proves itself with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The address it listens on.
    pub listen: IpAddr,
    /// The authorities that are trusted.
    pub ca_file: PathBuf,
    /// The private key, the certificate and those who vouch for it.
    pub identity_file: PathBuf,
    /// The common names of those who may read this cluster's database.
    pub clients: Vec<String>,
}

impl Configuration<'_> {
    /// The text of `pgbackrest.conf`. It holds the keys of the object store: the file is for the workload's user alone.
    pub fn render(&self) -> Result<String, Unrepresentable> {
        let mut ini = Ini::new("global");
        self.paths_and_logs(&mut ini)?;
        self.repository(&mut ini)?;
        self.speed(&mut ini)?;
        if let Some(server) = &self.server {
            self.server(&mut ini, server)?;
        }
        ini.section("global:restore");
        ini.set("process-max", &self.cpus.clamp(1, PROCESSES_MOST))?;
        // A restore begins with an empty spool. It takes place beside a database that runs, whose spool is not to be emptied.
        ini.path(
            "spool-path",
            &self.layout.pgbackrest_spool().join("restore"),
        )?;
        if self.purpose != Purpose::ReadOnly {
            // Enough to keep up with a busy primary, without taking it over.
            ini.section("global:archive-push");
            ini.set(
                "process-max",
                &self.cpus.div_ceil(4).clamp(1, PROCESSES_MOST),
            )?;
            ini.set("archive-timeout", &PUSH_SECONDS)?;
        }
        ini.section(self.stanza.as_str());
        self.cluster(&mut ini)?;
        Ok(ini.text)
    }

    fn paths_and_logs(&self, ini: &mut Ini) -> Result<(), Unrepresentable> {
        ini.path("lock-path", &self.layout.pgbackrest_lock())?;
        ini.path("spool-path", &self.layout.pgbackrest_spool())?;
        ini.path("log-path", &self.layout.pgbackrest_log())?;
        // Standard output is for what was asked for, such as JSON; what went wrong goes to standard error.
        ini.set("log-level-console", "off")?;
        ini.set("log-level-stderr", "warn")?;
        ini.set("log-level-file", "detail")?;
        ini.set("io-timeout", &IO_TIMEOUT_SECONDS)
    }

    fn repository(&self, ini: &mut Ini) -> Result<(), Unrepresentable> {
        let store = &self.store;
        let (host, port) = endpoint(store.endpoint)?;
        ini.set("repo1-type", "s3")?;
        ini.set("repo1-path", store.path)?;
        ini.set("repo1-s3-bucket", store.bucket)?;
        ini.set("repo1-s3-endpoint", host)?;
        ini.set(
            "repo1-s3-region",
            if store.region.is_empty() {
                DEFAULT_REGION
            } else {
                store.region
            },
        )?;
        ini.set(
            "repo1-s3-uri-style",
            if store.path_style { "path" } else { "host" },
        )?;
        if let Some(port) = port {
            // With a port of its own, the store is not where the names of buckets lead.
            ini.set("repo1-storage-host", host)?;
            ini.set("repo1-storage-port", &port)?;
        }
        if let Some(file) = &store.ca_file {
            ini.path("repo1-storage-ca-file", file)?;
        }
        ini.set("repo1-s3-key", store.access_key.expose())?;
        ini.set("repo1-s3-key-secret", store.secret_key.expose())?;
        if let Purpose::Own { retention_days } = self.purpose {
            ini.set("repo1-retention-full-type", "time")?;
            ini.set(
                "repo1-retention-full",
                &retention_days.unwrap_or(NO_EXPIRY_DAYS),
            )?;
            ini.set("repo1-retention-history", &HISTORY_DAYS)?;
            // Small files share an object: fewer requests, and what block incremental builds on.
            if self.abilities.bundle {
                ini.set("repo1-bundle", "y")?;
            }
            if self.abilities.block_incremental {
                ini.set("repo1-block", "y")?;
            }
        }
        Ok(())
    }

    fn speed(&self, ini: &mut Ini) -> Result<(), Unrepresentable> {
        if self.purpose == Purpose::ReadOnly {
            return Ok(());
        }
        ini.set("compress-type", "zst")?;
        // A backup shares the machine with the database it copies: half of it, and compression is what it is used for.
        ini.set("process-max", &(self.cpus / 2).clamp(1, PROCESSES_MOST))?;
        // A checkpoint now, instead of up to checkpoint_timeout later.
        ini.set("start-fast", "y")?;
        // PostgreSQL is told that a segment is archived when it is in the repository, not before; the spool only says
        // so. There is deliberately no `archive-push-queue-max`: it discards WAL.
        ini.set("archive-async", "y")
    }

    /// Nothing here names another member to read from: a backup is told where the primary is when it begins, so that no
    /// command depends on the members that run now.
    fn server(&self, ini: &mut Ini, server: &Server) -> Result<(), Unrepresentable> {
        ini.set("tls-server-address", &server.listen)?;
        ini.set("tls-server-port", &PGBACKREST_PORT)?;
        ini.path("tls-server-ca-file", &server.ca_file)?;
        ini.path("tls-server-cert-file", &server.identity_file)?;
        ini.path("tls-server-key-file", &server.identity_file)?;
        server
            .clients
            .iter()
            .try_for_each(|name| ini.set("tls-server-auth", &format!("{name}={}", self.stanza)))?;
        // A member that is cut off in the middle of a backup would hold the primary's lock until the kernel gives its
        // connection up: with its own settings, two hours.
        let [idle, interval, count] = KEEP_ALIVE;
        ini.set("tcp-keep-alive-idle", &idle)?;
        ini.set("tcp-keep-alive-interval", &interval)?;
        ini.set("tcp-keep-alive-count", &count)
    }

    fn cluster(&self, ini: &mut Ini) -> Result<(), Unrepresentable> {
        ini.path("pg1-path", &self.layout.data_dir(self.major))?;
        ini.path("pg1-socket-path", &self.layout.socket_dir())?;
        ini.set("pg1-port", &POSTGRESQL_PORT)?;
        ini.set("pg1-user", &SystemUser::Backup)
    }
}

/// Host and port of an endpoint. IPv6 addresses keep their brackets.
fn endpoint(url: &str) -> Result<(&str, Option<u16>), Unrepresentable> {
    let refused = || Unrepresentable::Endpoint {
        endpoint: url.to_owned(),
    };
    let authority = url
        .strip_prefix("https://")
        .ok_or_else(refused)?
        .trim_end_matches('/');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            (host, Some(port.parse().map_err(|_| refused())?))
        }
        _ => (authority, None),
    };
    let unlike_a_host = |c: char| !(c.is_ascii_alphanumeric() || "-._[]:".contains(c));
    if host.is_empty() || host.contains(unlike_a_host) {
        return Err(refused());
    }
    Ok((host, port))
}

/// The text of an INI file, value by checked value.
struct Ini {
    text: String,
}

impl Ini {
    fn new(section: &str) -> Self {
        let mut ini = Self {
            text: "# Written by the charm; changes made here are overwritten.\n".to_owned(),
        };
        let _ = writeln!(ini.text, "[{section}]");
        ini
    }

    fn section(&mut self, section: &str) {
        let _ = writeln!(self.text, "\n[{section}]");
    }

    fn set(
        &mut self,
        key: &str,
        value: &(impl fmt::Display + ?Sized),
    ) -> Result<(), Unrepresentable> {
        let value = value.to_string();
        if value.is_empty() || value.trim() != value || value.contains(char::is_control) {
            return Err(Unrepresentable::IniValue {
                key: key.to_owned(),
            });
        }
        let _ = writeln!(self.text, "{key}={value}");
        Ok(())
    }

    fn path(&mut self, key: &str, path: &Path) -> Result<(), Unrepresentable> {
        self.set(key, &path.display())
    }
}

/// The text of the server's unit file.
///
/// * It is reloaded for another certificate or another client and never restarted: whoever reads through it goes on.
/// * `Restart=always`: without it, nobody but this unit can be backed up from.
pub fn server_unit(layout: &Layout, user: &str) -> String {
    format!(
        "\
# Written by the charm; changes made here are overwritten.
[Unit]
Description=pgBackRest's server, through which replicas back the cluster up
Documentation=https://pgbackrest.org/
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
User={user}
Environment=LANG=C.UTF-8
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/usr/bin/pgbackrest --config={config} server
ExecReload=/bin/kill -s HUP $MAINPID
TimeoutStopSec=20
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
",
        config = systemd::word(&layout.pgbackrest_config().to_string_lossy()),
    )
}
