//! Connections, durability, the instance, logging, memory, sessions and storage.

use super::super::declaration::INT_MAX;
use super::{Shape, Tuning, choice, int, text, truth};

const TRACKED_FUNCTIONS: &[&str] = &["none", "pl", "all"];

#[rustfmt::skip]
pub(super) const TABLE: &[Tuning] = &[
    int("connection-authentication-timeout", 1, 600, 60, "Seconds in which a client has to prove who it is."),
    int("connection-statement-timeout", 0, INT_MAX, 0, "Milliseconds after which a statement is cancelled; 0 is never."),

    truth("cpu-parallel-leader-participation", true, "Whether the process that leads a parallel query also works on it."),
    truth("cpu-wal-compression", true, "Whether full pages in the WAL are compressed.").always(),

    choice("durability-synchronous-commit", &["on", "remote_apply", "remote_write"], "on",
        "What a synchronous replica has done with a commit before the client hears of it: stored it, applied it, or received it."),
    int("durability-wal-keep-size", 0, INT_MAX, 4096, "Megabytes of WAL kept for replicas that fall behind.").of_the_cluster(),

    text("instance-default-text-search-config", Shape::ObjectName, "pg_catalog.simple", "The configuration that text search uses by default.").always(),
    int("instance-max-locks-per-transaction", 64, INT_MAX, 64, "How many objects a transaction locks on average.").of_the_cluster().restart(),
    choice("instance-password-encryption", &["md5", "scram-sha-256"], "scram-sha-256", "How the server stores a password it is given in clear text."),
    truth("instance-synchronize-seqscans", true, "Whether sequential scans of one large table share their reads."),

    choice("logging-client-min-messages", &["debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"], "notice",
        "The least severe messages that clients are sent."),
    truth("logging-log-connections", true, "Whether connections are logged.").always(),
    truth("logging-log-disconnections", true, "Whether the ends of connections are logged.").always(),
    truth("logging-log-lock-waits", false, "Whether it is logged when a session waits for a lock longer than deadlock_timeout."),
    int("logging-log-min-duration-statement", -1, INT_MAX, -1, "Statements that took at least so many milliseconds are logged; -1 is none."),
    choice("logging-track-functions", TRACKED_FUNCTIONS, "none", "Which functions have their calls counted and timed."),

    int("memory-maintenance-work-mem", 1024, INT_MAX, 65536, "Kilobytes that one maintenance command, such as VACUUM, may use."),
    int("memory-max-prepared-transactions", 0, 262_143, 0, "How many transactions may be prepared at a time.").of_the_cluster().restart(),
    int("memory-temp-buffers", 100, 1_073_741_823, 1024, "Memory for the temporary tables of one session, in pages of 8 KiB."),
    int("memory-work-mem", 64, INT_MAX, 4096, "Kilobytes that one sort or hash may use before it goes to disk."),

    int("session-idle-in-transaction-session-timeout", 0, INT_MAX, 0, "Milliseconds after which a session that idles in a transaction is ended; 0 is never."),

    int("storage-bgwriter-lru-maxpages", 0, 1_073_741_823, 100, "How many pages the background writer writes in one round."),
    super::float("storage-bgwriter-lru-multiplier", 0.0, 10.0, 2.0, "How far the background writer writes ahead of the recent need for pages."),
    text("storage-default-table-access-method", Shape::ObjectName, "heap", "How tables are stored by default."),
    int("storage-gin-pending-list-limit", 64, INT_MAX, 4096, "Kilobytes of entries that wait to be merged into a GIN index."),
    truth("storage-hot-standby-feedback", false, "Whether replicas tell the primary what their queries still need."),
    int("storage-old-snapshot-threshold", -1, 86_400, -1, "Minutes after which a snapshot may be too old; -1 is never. PostgreSQL 17 has no such limit.").until(16).restart(),
];
