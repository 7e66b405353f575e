//! What the charm asks a server, and the few things it tells it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, PgLsn};

use super::{Database, PostgresError};
use crate::domain::words::{Lsn, SystemId, Timeline, Timestamp, WalSegment};

/// Where a server is in the write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Timeline.
    pub timeline: Timeline,
    /// Position: written on a primary, replayed in recovery.
    pub lsn: Lsn,
}

/// `pg_stat_archiver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archiver {
    /// Segments archived since the statistics were reset.
    pub archived: u64,
    /// The last one archived.
    pub last_archived: Option<(String, Timestamp)>,
    /// Failed attempts since the statistics were reset.
    pub failed: u64,
    /// The last one that failed.
    pub last_failed: Option<(String, Timestamp)>,
}

/// What a server has taken up of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Whether it accepts TLS.
    pub tls: bool,
    /// Where its rules are written.
    pub rules: PathBuf,
    /// When it last read its settings, its rules and its certificate.
    pub at: Option<Timestamp>,
    /// Whether its rules, as they are written by now, let somebody in over the network without encryption.
    pub plaintext: bool,
}

/// A setting whose file value differs from the one in force until a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Name.
    pub name: String,
    /// Value in force.
    pub value: String,
}

/// How far recovery is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Last position received by streaming.
    pub received: Option<Lsn>,
    /// Last position replayed.
    pub replayed: Option<Lsn>,
    /// When the last replayed transaction was committed.
    pub last_commit: Option<Timestamp>,
    /// Whether replay is paused, as it is at a recovery target.
    pub paused: bool,
}

impl Database {
    /// Whether the server is in recovery.
    pub fn in_recovery(&mut self) -> Result<bool, PostgresError> {
        const OPERATION: &str = "ask whether PostgreSQL is in recovery";
        let row = self.query_one(OPERATION, "SELECT pg_catalog.pg_is_in_recovery()", &[])?;
        column(OPERATION, &row, 0)
    }

    /// Timeline and position.
    ///
    /// The control file learns of a new timeline only with the next checkpoint. On a primary the name of the segment
    /// being written tells it at once; in recovery the largest one known is it, because recovery only moves on.
    pub fn position(&mut self) -> Result<Position, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for its position";
        let row = self.query_one(OPERATION, include_str!("sql/position.sql"), &[])?;
        let segment: Option<String> = column(OPERATION, &row, 0)?;
        let recovering: Option<i32> = column(OPERATION, &row, 1)?;
        let lsn: PgLsn = column(OPERATION, &row, 2)?;
        let unreadable = |what| PostgresError::Unreadable {
            operation: OPERATION,
            what,
        };
        let timeline = match (segment, recovering) {
            (Some(name), _) => name.parse::<WalSegment>().map(WalSegment::timeline),
            (None, Some(number)) => Timeline::new(number.cast_unsigned()),
            (None, None) => return Err(unreadable("no timeline")),
        };
        Ok(Position {
            timeline: timeline.map_err(|_| unreadable("the timeline"))?,
            lsn: Lsn::new(lsn.into()),
        })
    }

    /// The system identifier.
    pub fn system_identifier(&mut self) -> Result<SystemId, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for its system identifier";
        const SQL: &str = "SELECT system_identifier FROM pg_catalog.pg_control_system()";
        let row = self.query_one(OPERATION, SQL, &[])?;
        let number: i64 = column(OPERATION, &row, 0)?;
        SystemId::new(number.cast_unsigned()).map_err(|_| PostgresError::Unreadable {
            operation: OPERATION,
            what: "the identifier",
        })
    }

    /// The archiver's statistics.
    pub fn archiver(&mut self) -> Result<Archiver, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL how archiving goes";
        let row = self.query_one(OPERATION, include_str!("sql/archiver.sql"), &[])?;
        let event = |name: usize, at: usize| -> Result<_, PostgresError> {
            let name: Option<String> = column(OPERATION, &row, name)?;
            Ok(name.zip(moment(OPERATION, &row, at)?))
        };
        Ok(Archiver {
            archived: count(OPERATION, &row, 0)?,
            last_archived: event(1, 2)?,
            failed: count(OPERATION, &row, 3)?,
            last_failed: event(4, 5)?,
        })
    }

    /// The standbys that stream from this server, by the name they give themselves.
    pub fn streaming(&mut self) -> Result<Vec<String>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL who streams";
        const SQL: &str = "SELECT application_name FROM pg_catalog.pg_stat_replication \
            WHERE state = 'streaming' ORDER BY application_name";
        self.names(OPERATION, SQL)
    }

    /// The first column of a query, which is text.
    fn names<C: FromIterator<String>>(
        &mut self,
        operation: &'static str,
        sql: &str,
    ) -> Result<C, PostgresError> {
        let rows = self.query(operation, sql, &[])?;
        rows.iter().map(|row| column(operation, row, 0)).collect()
    }

    /// The extensions of this database.
    pub fn extensions(&mut self) -> Result<BTreeSet<String>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for its extensions";
        const SQL: &str = "SELECT extname::text FROM pg_catalog.pg_extension";
        self.names(OPERATION, SQL)
    }

    /// The extensions whose files are on the machine.
    pub fn available_extensions(&mut self) -> Result<BTreeSet<String>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL which extensions there are";
        const SQL: &str = "SELECT name::text FROM pg_catalog.pg_available_extensions";
        self.names(OPERATION, SQL)
    }

    /// How much of a base backup was sent to this address, or of the only one there is, in percent; none when there is none,
    /// or it was not counted first how much it is.
    pub fn copied_to(&mut self, address: &str) -> Result<Option<u8>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL how far a copy is";
        const SQL: &str = "SELECT least(100, 100 * backup_streamed / nullif(backup_total, 0))::int2 \
            FROM pg_catalog.pg_stat_progress_basebackup JOIN pg_catalog.pg_stat_activity USING (pid) \
            WHERE pg_catalog.host(client_addr) = $1 OR \
            (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_progress_basebackup) = 1 \
            ORDER BY backend_start DESC LIMIT 1";
        let rows = self.query(OPERATION, SQL, &[&address])?;
        let percent: Option<i16> = match rows.first() {
            Some(row) => column(OPERATION, row, 0)?,
            None => None,
        };
        Ok(percent.and_then(|percent| u8::try_from(percent).ok()))
    }

    /// The standbys whose confirmation a commit waits for, by name; `*` stands for any.
    pub fn synchronous_standbys(&mut self) -> Result<Vec<String>, PostgresError> {
        Ok(standbys(&self.setting("synchronous_standby_names")?))
    }

    /// Settings that wait for a restart.
    pub fn pending_restart(&mut self) -> Result<Vec<Setting>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL which settings wait for a restart";
        const SQL: &str = "SELECT name, setting FROM pg_catalog.pg_settings \
            WHERE pending_restart ORDER BY name";
        let rows = self.query(OPERATION, SQL, &[])?;
        rows.iter().map(|row| setting(OPERATION, row)).collect()
    }

    /// The value of one setting, as `SHOW` prints it.
    pub fn setting(&mut self, name: &str) -> Result<String, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for a setting";
        let row = self.query_one(OPERATION, "SELECT pg_catalog.current_setting($1)", &[&name])?;
        column(OPERATION, &row, 0)
    }

    /// The values of several settings, as they are in force: numbers without their unit. One that this version does not have
    /// is left out.
    pub fn settings(&mut self, names: &[&str]) -> Result<Vec<Setting>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for settings";
        const SQL: &str =
            "SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY($1) ORDER BY name";
        let rows = self.query(OPERATION, SQL, &[&names])?;
        rows.iter().map(|row| setting(OPERATION, row)).collect()
    }

    /// Databases whose order of text is of another version here than where their indexes were built: those indexes can miss
    /// rows. PostgreSQL tells from version 15 on.
    pub fn with_another_collation(&mut self) -> Result<Vec<String>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for the versions of collations";
        const SQL: &str = "SELECT datname::text FROM pg_catalog.pg_database WHERE datallowconn AND datcollversion \
            IS DISTINCT FROM pg_catalog.pg_database_collation_actual_version(oid) ORDER BY 1";
        let rows = self.query(OPERATION, SQL, &[])?;
        rows.iter().map(|row| column(OPERATION, row, 0)).collect()
    }

    /// What the server had taken up when this session began.
    pub fn loaded(&mut self) -> Result<Loaded, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL what it has read of its configuration";
        const SQL: &str = "SELECT \
            (extract(epoch FROM pg_catalog.pg_conf_load_time()) * 1000000)::int8, \
            EXISTS (SELECT FROM pg_catalog.pg_hba_file_rules \
                WHERE type IN ('host', 'hostnossl', 'hostnogssenc')), \
            pg_catalog.current_setting('ssl') = 'on', pg_catalog.current_setting('hba_file')";
        let row = self.query_one(OPERATION, SQL, &[])?;
        Ok(Loaded {
            at: moment(OPERATION, &row, 0)?,
            plaintext: column(OPERATION, &row, 1)?,
            tls: column(OPERATION, &row, 2)?,
            rules: column::<String>(OPERATION, &row, 3)?.into(),
        })
    }

    /// When the last transaction was committed; `None` when `track_commit_timestamp` is off or there was none since.
    pub fn last_committed(&mut self) -> Result<Option<Timestamp>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for the last commit";
        // The function fails while the setting is off, so it stands where it is then not called.
        const SQL: &str = "SELECT CASE WHEN pg_catalog.current_setting('track_commit_timestamp')::bool \
            THEN (SELECT (extract(epoch FROM timestamp) * 1000000)::int8 \
                  FROM pg_catalog.pg_last_committed_xact()) END";
        let row = self.query_one(OPERATION, SQL, &[])?;
        moment(OPERATION, &row, 0)
    }

    /// How far recovery is; `None` on a primary.
    pub fn replay(&mut self) -> Result<Option<Replay>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL how far recovery is";
        let rows = self.query(OPERATION, include_str!("sql/replay.sql"), &[])?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let position = |index| -> Result<Option<Lsn>, PostgresError> {
            Ok(column::<Option<PgLsn>>(OPERATION, row, index)?.map(|lsn| Lsn::new(lsn.into())))
        };
        Ok(Some(Replay {
            received: position(0)?,
            replayed: position(1)?,
            last_commit: moment(OPERATION, row, 2)?,
            paused: column(OPERATION, row, 3)?,
        }))
    }

    /// Ends the current segment of the log and returns the last one that was ended: the file to see archived.
    ///
    /// A segment in which nothing was written is not ended; a restore point just before sees to it that something was.
    pub fn switch_wal(&mut self) -> Result<WalSegment, PostgresError> {
        const OPERATION: &str = "end the current segment of the write-ahead log";
        const SQL: &str = "SELECT pg_catalog.pg_walfile_name(pg_catalog.pg_switch_wal())";
        let row = self.query_one(OPERATION, SQL, &[])?;
        let name: String = column(OPERATION, &row, 0)?;
        name.parse().map_err(|_| PostgresError::Unreadable {
            operation: OPERATION,
            what: "the name of the segment",
        })
    }

    /// Marks a point that recovery can go to by name, and returns its position.
    pub fn create_restore_point(&mut self, name: &str) -> Result<Lsn, PostgresError> {
        const OPERATION: &str = "create a restore point";
        const SQL: &str = "SELECT pg_catalog.pg_create_restore_point($1)";
        let row = self.query_one(OPERATION, SQL, &[&name])?;
        Ok(Lsn::new(column::<PgLsn>(OPERATION, &row, 0)?.into()))
    }

    /// Writes everything to the data files.
    pub fn checkpoint(&mut self) -> Result<(), PostgresError> {
        self.batch("make a checkpoint", "CHECKPOINT")
    }

    /// Makes the server read its configuration anew.
    pub fn reload_configuration(&mut self) -> Result<(), PostgresError> {
        self.batch(
            "reload the configuration of PostgreSQL",
            "SELECT pg_catalog.pg_reload_conf()",
        )
    }

    /// Names of the databases that can be connected to, sorted; `template1` is one of them.
    pub fn databases(&mut self) -> Result<Vec<String>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for its databases";
        const SQL: &str = "SELECT datname::text FROM pg_catalog.pg_database WHERE datallowconn \
            ORDER BY datname";
        self.names(OPERATION, SQL)
    }

    /// Size of all databases in bytes.
    pub fn total_size(&mut self) -> Result<u64, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for the size of its databases";
        const SQL: &str = "SELECT coalesce(sum(pg_catalog.pg_database_size(oid)), 0)::int8 \
            FROM pg_catalog.pg_database";
        let row = self.query_one(OPERATION, SQL, &[])?;
        count(OPERATION, &row, 0)
    }

    /// Runs statements in one transaction: all of them or none.
    pub fn execute_all(&mut self, statements: &[String]) -> Result<(), PostgresError> {
        const OPERATION: &str = "run statements";
        self.in_transaction(OPERATION, |database| {
            statements
                .iter()
                .try_for_each(|statement| database.batch(OPERATION, statement))
        })
    }

    /// Runs one statement outside a transaction, as `CREATE DATABASE` and `ALTER SYSTEM` want.
    pub fn execute(&mut self, statement: &str) -> Result<(), PostgresError> {
        self.batch("run a statement", statement)
    }
}

/// The names in a value of `synchronous_standby_names`, however many of them have to confirm.
fn standbys(value: &str) -> Vec<String> {
    let list = value.split_once('(').map_or(value, |(_, list)| list);
    let names = list.trim_end().trim_end_matches(')').split(',');
    let names = names.map(|name| name.trim().trim_matches('"'));
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn setting(operation: &'static str, row: &Row) -> Result<Setting, PostgresError> {
    Ok(Setting {
        name: column(operation, row, 0)?,
        value: column::<Option<String>>(operation, row, 1)?.unwrap_or_default(),
    })
}

fn column<'a, T: FromSql<'a>>(
    operation: &'static str,
    row: &'a Row,
    index: usize,
) -> Result<T, PostgresError> {
    row.try_get(index).map_err(|_| PostgresError::Unreadable {
        operation,
        what: "a column",
    })
}

fn count(operation: &'static str, row: &Row, index: usize) -> Result<u64, PostgresError> {
    let number: i64 = column(operation, row, index)?;
    u64::try_from(number).map_err(|_| PostgresError::Unreadable {
        operation,
        what: "a count",
    })
}

/// A moment that travels as microseconds since 1970.
fn moment(
    operation: &'static str,
    row: &Row,
    index: usize,
) -> Result<Option<Timestamp>, PostgresError> {
    let microseconds: Option<i64> = column(operation, row, index)?;
    microseconds
        .map(Timestamp::from_microsecond)
        .transpose()
        .map_err(|_| PostgresError::Unreadable {
            operation,
            what: "a moment",
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_a_commit_waits_for_is_named_in_each_way_to_say_it() {
        for (value, wanted) in [
            ("", vec![]),
            ("*", vec!["*"]),
            (r#""postgresql-1""#, vec!["postgresql-1"]),
            (
                r#"2 ("postgresql-1","postgresql-2")"#,
                vec!["postgresql-1", "postgresql-2"],
            ),
            ("ANY 1 (a, \"b-2\")", vec!["a", "b-2"]),
        ] {
            assert_eq!(standbys(value), wanted, "{value}");
        }
    }
}
