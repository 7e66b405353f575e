//! Exit codes of pgBackRest as kinds of failure.
//!
//! pgBackRest ends with the code of its error; the table of codes is part of its interface and stable.

/// What an exit code says, as far as callers tell failures apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitKind {
    /// 26: a checksum does not fit.
    Checksum,
    /// 27: the configuration fits nothing that runs, such as a database that does not answer.
    Configuration,
    /// 28, 29, 99: a file of the repository cannot be understood.
    UnreadableFile,
    /// 31, 32, 43, 48, 96: an option or command it does not take, mostly because its version is older.
    InvalidOption,
    /// 37: an option is missing.
    OptionMissing,
    /// 38: the data directory is in use.
    PostgresRunning,
    /// 39: another pgBackRest spoke another language: its version differs.
    Protocol,
    /// 40: the directory to restore to is not empty.
    NotEmpty,
    /// 41, 42, 53: a file or directory could not be read.
    Read,
    /// 44, 58: the repository belongs to another database.
    AnotherDatabase,
    /// 45: the segment is in the archive already, with another content.
    ArchiveDuplicate,
    /// 46: the version of PostgreSQL is not supported.
    UnsupportedPostgres,
    /// 47, 52, 54, 64, 74, 79: a file or directory could not be written.
    Write,
    /// 49: a host cannot be reached; an object store, too.
    HostConnect,
    /// 50: another pgBackRest is at work.
    Locked,
    /// 51, 75: there is no such backup, or none that fits the target.
    NoSuchBackup,
    /// 55, 73: a file or directory is missing.
    Missing,
    /// 56: the database cannot be reached, or none of them is a primary.
    DatabaseConnect,
    /// 57: the database did not do what was asked.
    DatabaseQuery,
    /// 60, 61: a file or directory could not be removed.
    Remove,
    /// 62: commands were stopped with `stop`.
    Stopped,
    /// 63: it was asked to end.
    Terminated,
    /// 68, 87: the database does not archive through pgBackRest.
    NotArchiving,
    /// 76: a tablespace has no place to go.
    Tablespaces,
    /// 82: a segment did not reach the archive in time.
    ArchiveTimeout,
    /// 95: the repository is encrypted otherwise.
    Crypto,
    /// 101: the object store failed.
    Service,
    /// 103: no repository can be used.
    NoRepository,
    /// 104: several errors happened.
    Several,
    /// 105, and 39 of older versions after an answer 401 or 403: the object store did not accept the keys.
    Access,
    /// The object store has no such bucket.
    NoBucket,
    /// 106: the clock or the time zone changed.
    Clock,
    /// Another one.
    Other,
}

impl ExitKind {
    /// From an exit code.
    pub fn of(code: i32) -> Self {
        match code {
            26 => Self::Checksum,
            27 => Self::Configuration,
            28 | 29 | 99 => Self::UnreadableFile,
            31 | 32 | 43 | 48 | 96 => Self::InvalidOption,
            37 => Self::OptionMissing,
            38 => Self::PostgresRunning,
            39 => Self::Protocol,
            40 => Self::NotEmpty,
            41 | 42 | 53 => Self::Read,
            44 | 58 => Self::AnotherDatabase,
            45 => Self::ArchiveDuplicate,
            46 => Self::UnsupportedPostgres,
            47 | 52 | 54 | 64 | 74 | 79 => Self::Write,
            49 => Self::HostConnect,
            50 => Self::Locked,
            51 | 75 => Self::NoSuchBackup,
            55 | 73 => Self::Missing,
            56 => Self::DatabaseConnect,
            57 => Self::DatabaseQuery,
            60 | 61 => Self::Remove,
            62 => Self::Stopped,
            63 => Self::Terminated,
            68 | 87 => Self::NotArchiving,
            76 => Self::Tablespaces,
            82 => Self::ArchiveTimeout,
            95 => Self::Crypto,
            101 => Self::Service,
            103 => Self::NoRepository,
            104 => Self::Several,
            105 => Self::Access,
            106 => Self::Clock,
            _ => Self::Other,
        }
    }
}
