//! The commands with which PostgreSQL hands WAL over and gets it back.

use std::path::{Path, PathBuf};

use crate::domain::words::Stanza;

/// How long a standby waits for one file from the repository, in seconds. A segment takes a fraction of one.
const FETCH_SECONDS: u32 = 10;
/// How long a standby that gets nothing from the repository goes on asking it, in minutes.
const LEASE_MINUTES: u32 = 10;

/// A repository that belongs to this cluster, as pgBackRest's commands name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// pgBackRest's configuration file.
    pub config: PathBuf,
    /// The cluster's name in the repository.
    pub stanza: Stanza,
}

/// What has to be asked before a segment is pushed: whether this unit still may. A command of the charm's own asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// Where the charm is.
    pub charm: PathBuf,
    /// The cluster, as the repository knows it.
    pub cluster: String,
    /// The file that keeps the answer.
    pub standing: PathBuf,
}

/// What PostgreSQL does with each finished WAL segment.
///
/// There is no third choice: once a repository was configured, WAL is never discarded (D4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchiveCommand {
    /// No repository was ever configured, so there is none that WAL could be missing from. Archiving is on all the
    /// same, because to switch it on later is to restart the database.
    NeverConfigured,
    /// pgBackRest stores each segment, as long as the repository is this cluster's. When it cannot or may not, the command
    /// fails and PostgreSQL keeps the segment.
    PgBackRest(Repository, Fence),
}

impl ArchiveCommand {
    /// The value of `archive_command`.
    pub fn command(&self) -> String {
        match self {
            Self::NeverConfigured => "/bin/true".to_owned(),
            Self::PgBackRest(repository, fence) => {
                let word = |text: &str| percent_doubled(&shell_word(text));
                let path = |path: &Path| word(&path.to_string_lossy());
                format!(
                    "{} archive-push --config={} --stanza={} --cluster={} --standing={} \"%p\"",
                    path(&fence.charm.join("dispatch")),
                    path(&repository.config),
                    repository.stanza,
                    word(&fence.cluster),
                    path(&fence.standing),
                )
            }
        }
    }
}

impl Repository {
    /// The value of `restore_command` of a standby: while it catches up from the repository, and not afterwards.
    ///
    /// PostgreSQL runs the command also when nothing is missing: at every start, for every timeline it could follow, and
    /// while it is promoted, and waits each time. With an object store out of reach, a standby that always asks it was
    /// measured to hold a failover for four minutes, and to follow a new primary so late that it could not take over
    /// from it. So `lease`, a file that [`Self::replica_command`] makes and each fetched file renews, has to be younger
    /// than [`LEASE_MINUTES`]; without it the command fails at once and PostgreSQL goes on by streaming.
    ///
    /// Fetching asynchronously would wait for `archive-timeout` by itself and leave a process behind.
    pub fn restore_command(&self, lease: &Path) -> String {
        let lease = percent_doubled(&shell_word(&lease.to_string_lossy()));
        let pgbackrest = percent_doubled(&self.pgbackrest());
        format!(
            "find {lease} -mmin -{LEASE_MINUTES} 2>/dev/null | grep -q . && timeout {FETCH_SECONDS} {pgbackrest} \
             --no-archive-async archive-get %f \"%p\" && touch {lease}"
        )
    }

    /// The value of `restore_command` while a copy is recovered behind closed doors: everything comes from here, and what
    /// cannot be had ends the recovery.
    pub fn recovery_command(&self, data_dir: &Path) -> String {
        let data_dir = shell_word(&data_dir.to_string_lossy());
        format!(
            "{} --pg1-path={} --no-archive-async archive-get %f \"%p\"",
            percent_doubled(&self.pgbackrest()),
            percent_doubled(&data_dir),
        )
    }

    /// The command with which Patroni makes a replica from the newest backup; what the backup lacks comes by way of
    /// [`Self::restore_command`].
    ///
    /// The newest backup can be of a branch of history that a restore has left: which one to take has to be looked up, so
    /// this is a command of the charm's own.
    pub fn replica_command(&self, charm: &Path, lease: &Path) -> String {
        let word = |path: &Path| shell_word(&path.to_string_lossy());
        format!(
            "{} make-replica --config={} --stanza={} --lease={}",
            word(&charm.join("dispatch")),
            word(&self.config),
            self.stanza,
            word(lease),
        )
    }

    fn pgbackrest(&self) -> String {
        let config = shell_word(&self.config.to_string_lossy());
        // A stanza is made of characters that no shell minds.
        format!("pgbackrest --config={config} --stanza={}", self.stanza)
    }
}

/// PostgreSQL replaces `%p` and its like before a shell sees the command.
fn percent_doubled(text: &str) -> String {
    text.replace('%', "%%")
}

fn shell_word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-%+,:=@".contains(&byte);
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(config: &str) -> Repository {
        Repository {
            config: config.into(),
            stanza: "prod.postgresql".parse().unwrap(),
        }
    }

    fn pushes_to(repository: Repository) -> String {
        let fence = Fence {
            charm: "/charm".into(),
            cluster: "0a1b-2c3d/postgresql".to_owned(),
            standing: "/spool/standing.json".into(),
        };
        ArchiveCommand::PgBackRest(repository, fence).command()
    }

    #[test]
    fn before_a_repository_was_ever_configured_archiving_is_on_and_keeps_nothing() {
        assert_eq!(ArchiveCommand::NeverConfigured.command(), "/bin/true");
    }

    #[test]
    fn with_a_repository_wal_goes_to_pgbackrest_by_way_of_the_fence() {
        assert_eq!(
            pushes_to(repository("/etc/pgbackrest.conf")),
            "/charm/dispatch archive-push --config=/etc/pgbackrest.conf --stanza=prod.postgresql \
             --cluster=0a1b-2c3d/postgresql --standing=/spool/standing.json \"%p\""
        );
    }

    #[test]
    fn a_standby_asks_the_repository_only_while_it_catches_up_from_it() {
        let repository = repository("/etc/pgbackrest.conf");
        assert_eq!(
            repository.replica_command(Path::new("/charm"), Path::new("/pg/15/lease")),
            "/charm/dispatch make-replica --config=/etc/pgbackrest.conf --stanza=prod.postgresql --lease=/pg/15/lease"
        );
        assert_eq!(
            repository.restore_command(Path::new("/pg/15/lease")),
            "find /pg/15/lease -mmin -10 2>/dev/null | grep -q . && timeout 10 pgbackrest \
             --config=/etc/pgbackrest.conf --stanza=prod.postgresql --no-archive-async archive-get %f \"%p\" \
             && touch /pg/15/lease"
        );
    }

    #[test]
    fn a_path_with_a_space_a_quote_or_a_percent_sign_reaches_pgbackrest_unchanged() {
        let repository = repository("/it's 100% mine/c.conf");
        let push = pushes_to(repository.clone());
        let config = r"archive-push --config='/it'\''s 100%% mine/c.conf' --stanza";
        assert!(push.contains(config), "{push}");
        let lease = Path::new("/50% full/lease");
        let restore = repository.restore_command(lease);
        assert!(
            restore.starts_with("find '/50%% full/lease' -mmin"),
            "{restore}"
        );
        let replica = repository.replica_command(Path::new("/c"), lease);
        assert!(replica.ends_with(r"--lease='/50% full/lease'"), "{replica}");
    }
}
