//! The commands with which PostgreSQL hands WAL over and gets it back.

use std::path::PathBuf;

use crate::domain::words::Stanza;

/// How long a standby waits for one file from the repository, in seconds. A segment takes a fraction of one.
const RESTORE_SECONDS: u32 = 10;

/// A repository that belongs to this cluster, as pgBackRest's commands name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// pgBackRest's configuration file.
    pub config: PathBuf,
    /// The cluster's name in the repository.
    pub stanza: Stanza,
}

/// What PostgreSQL does with each finished WAL segment.
///
/// There is no third choice: once a repository was configured, WAL is never discarded (D4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchiveCommand {
    /// No repository was ever configured, so there is none that WAL could be missing from. Archiving is on all the
    /// same, because to switch it on later is to restart the database.
    NeverConfigured,
    /// pgBackRest stores each segment. When it cannot, the command fails and PostgreSQL keeps the segment.
    PgBackRest(Repository),
}

impl ArchiveCommand {
    /// The value of `archive_command`.
    pub fn command(&self) -> String {
        match self {
            Self::NeverConfigured => "/bin/true".to_owned(),
            Self::PgBackRest(repository) => {
                format!(
                    "{} archive-push \"%p\"",
                    percent_doubled(&repository.pgbackrest())
                )
            }
        }
    }
}

impl Repository {
    /// The value of `restore_command`, with which a standby that fell too far behind catches up from the repository.
    ///
    /// PostgreSQL runs it while a standby is promoted too, and waits for it: without a limit, an object store out of
    /// reach held a failover for four minutes. Without the file, PostgreSQL goes on. Fetching asynchronously would wait
    /// for `archive-timeout` by itself and leave a process behind.
    pub fn restore_command(&self) -> String {
        format!(
            "timeout {RESTORE_SECONDS} {} --no-archive-async archive-get %f \"%p\"",
            percent_doubled(&self.pgbackrest())
        )
    }

    /// The command with which Patroni makes a replica from the newest backup.
    pub fn replica_command(&self) -> String {
        format!("{} --delta --type=standby restore", self.pgbackrest())
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

    #[test]
    fn before_a_repository_was_ever_configured_archiving_is_on_and_keeps_nothing() {
        assert_eq!(ArchiveCommand::NeverConfigured.command(), "/bin/true");
    }

    #[test]
    fn with_a_repository_wal_goes_to_pgbackrest_and_comes_back_from_it() {
        let repository = repository("/etc/postgresql-charm/pgbackrest.conf");
        let program =
            "pgbackrest --config=/etc/postgresql-charm/pgbackrest.conf --stanza=prod.postgresql";
        assert_eq!(
            repository.restore_command(),
            format!("timeout 10 {program} --no-archive-async archive-get %f \"%p\"")
        );
        assert_eq!(
            ArchiveCommand::PgBackRest(repository).command(),
            format!("{program} archive-push \"%p\"")
        );
    }

    #[test]
    fn a_path_with_a_space_a_quote_or_a_percent_sign_reaches_pgbackrest_unchanged() {
        let repository = repository("/it's 100% mine/c.conf");
        assert_eq!(
            repository.replica_command(),
            r"pgbackrest --config='/it'\''s 100% mine/c.conf' --stanza=prod.postgresql --delta --type=standby restore"
        );
        assert_eq!(
            ArchiveCommand::PgBackRest(repository).command(),
            r#"pgbackrest --config='/it'\''s 100%% mine/c.conf' --stanza=prod.postgresql archive-push "%p""#
        );
    }
}
