//! The server parameters the charm decides by itself, beside those an option decides.

use super::document::Node;
use crate::domain::settings::Parameter;
use crate::layout::Layout;

/// How long a WAL segment may stay open on a database that writes little, in seconds.
///
/// It bounds what a lost machine can cost a cluster of one: five minutes of changes. PostgreSQL closes no segment in
/// which nothing was written, and pgBackRest compresses the empty rest of one to a few kilobytes, so an idle database
/// costs nothing and a quiet one at most 288 small objects a day.
pub const ARCHIVE_TIMEOUT_SECONDS: u32 = 300;

/// Connections for replicas and backups, and slots for replicas: more members than anybody runs, at some kilobytes of
/// shared memory each. Raising them later would restart the database.
pub const WAL_SENDERS: u32 = 25;

/// What is preloaded. It belongs to the server's own package; statistics of statements are of no use when they are
/// switched on after the incident, and to switch them on restarts the database.
const PRELOADED: &str = "pg_stat_statements";

/// Parameters that Patroni keeps equal on all members, besides those of the options.
pub(super) fn of_the_cluster() -> [(&'static str, Node); 5] {
    [
        // Logical decoding is what a later migration reads from; it costs a little WAL, a restart costs an outage.
        ("wal_level", "logical".into()),
        ("wal_log_hints", "on".into()),
        ("hot_standby", "on".into()),
        ("max_wal_senders", WAL_SENDERS.into()),
        ("max_replication_slots", WAL_SENDERS.into()),
    ]
}

/// Parameters of one member, besides those of the options.
///
/// The log goes to one file an hour, named by weekday and hour, each overwritten a week later: a bounded log without
/// another program to rotate it. `log_rotation_size` is off because a file begun for its size would not be truncated.
pub(super) fn of_the_member(layout: &Layout) -> [(&'static str, Node); 24] {
    [
        ("archive_mode", "on".into()),
        ("archive_timeout", ARCHIVE_TIMEOUT_SECONDS.into()),
        ("shared_preload_libraries", PRELOADED.into()),
        ("unix_socket_directories", layout.socket_dir().into()),
        ("logging_collector", "on".into()),
        ("log_destination", "stderr".into()),
        ("log_directory", layout.postgresql_log().into()),
        ("log_filename", "postgresql-%a-%H.log".into()),
        ("log_file_mode", "0640".into()),
        ("log_rotation_age", "1h".into()),
        ("log_rotation_size", 0_u32.into()),
        ("log_truncate_on_rotation", "on".into()),
        (
            "log_line_prefix",
            "%m [%p]: user=%u,db=%d,app=%a,client=%h,line=%l ".into(),
        ),
        ("log_timezone", "UTC".into()),
        ("log_statement", "ddl".into()),
        ("log_checkpoints", "on".into()),
        ("log_temp_files", "1MB".into()),
        ("log_autovacuum_min_duration", "1min".into()),
        ("log_recovery_conflict_waits", "on".into()),
        ("log_replication_commands", "on".into()),
        // Messages in English, so that a log can be read by whoever is asked for help, and by programs.
        ("lc_messages", "C".into()),
        // Their defaults; a database that came from elsewhere may bring a file that says otherwise.
        ("fsync", "on".into()),
        ("full_page_writes", "on".into()),
        ("autovacuum", "on".into()),
    ]
}

impl From<&Parameter> for Node {
    fn from(value: &Parameter) -> Self {
        match value {
            Parameter::Int(number) => (*number).into(),
            Parameter::Text(text) => text.as_str().into(),
        }
    }
}
