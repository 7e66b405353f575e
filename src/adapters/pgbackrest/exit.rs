//! Exit codes of pgBackRest as kinds of failure, and what it said as text for people.
//!
//! pgBackRest ends with the code of its error; the table of codes is part of its interface and stable.

use crate::adapters::host::process::ProcessError;

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

/// pgBackRest was not run, or failed.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum PgBackRestError {
    #[error("run pgbackrest {command}")]
    Run {
        command: &'static str,
        #[source]
        source: ProcessError,
    },
    #[error("pgbackrest {command} failed: {message}{}", hint_lines(hints))]
    Failed {
        command: &'static str,
        kind: ExitKind,
        code: i32,
        message: String,
        hints: Vec<String>,
    },
    #[error("pgbackrest {command} was ended by signal {signal}")]
    Killed { command: &'static str, signal: i32 },
    #[error("read the answer of pgbackrest {command}")]
    Unreadable {
        command: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("pgbackrest version answered {said:?}, which is no version")]
    NoVersion { said: String },
}

impl PgBackRestError {
    /// The kind of failure, when pgBackRest ended with a code.
    pub fn kind(&self) -> Option<ExitKind> {
        match self {
            Self::Failed { kind, .. } => Some(*kind),
            _ => None,
        }
    }
}

fn hint_lines(hints: &[String]) -> String {
    let mut lines = String::new();
    for hint in hints {
        lines += "
HINT: ";
        lines += hint;
    }
    lines
}

/// Characters of a message that are kept.
const MESSAGE: usize = 500;

/// Hints that are kept.
const HINTS: usize = 5;

/// The failure that its output describes.
pub(super) fn failure(command: &'static str, code: i32, output: &str) -> PgBackRestError {
    failed(command, code, ExitKind::of(code), Said::find(output))
}

/// The code `info` gives a repository it could not read. It exits with 0 all the same.
pub(super) const UNREADABLE_REPOSITORY: u32 = 99;

/// The failure that `info` reports as a status: `[HostConnectError] unable to connect …`.
pub(super) fn reported(command: &'static str, status: &str) -> PgBackRestError {
    let named = status
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "));
    let (name, words) = named.unwrap_or(("", status));
    let code = match name {
        "ConfigError" => 27,
        "FormatError" => 29,
        "ProtocolError" => 39,
        "FileOpenError" => 41,
        "FileReadError" => 42,
        "HostConnectError" => 49,
        "PathOpenError" => 53,
        "FileMissingError" => 55,
        "CryptoError" => 95,
        "ServiceError" => 101,
        "AccessError" => 105,
        _ => 0,
    };
    let mut lines = words.lines();
    let said = lines.next().map(|first| Said {
        first,
        rest: lines.map(str::trim).collect(),
    });
    failed(command, code, ExitKind::of(code), said)
}

fn failed(
    command: &'static str,
    code: i32,
    kind: ExitKind,
    said: Option<Said<'_>>,
) -> PgBackRestError {
    PgBackRestError::Failed {
        command,
        kind: said.as_ref().and_then(Said::kind).unwrap_or(kind),
        code,
        hints: said.as_ref().map(Said::hints).unwrap_or_default(),
        message: said.map_or_else(
            || format!("exit code {code} without a message"),
            |said| said.message(),
        ),
    }
}

/// The message and hints of the first error in a log; also of one that a job left behind.
pub fn explanation(log: &str) -> (Option<String>, Vec<String>) {
    match Said::find(log) {
        Some(said) => (Some(said.message()), said.hints()),
        None => (None, Vec::new()),
    }
}

/// What pgBackRest said of an error: its first line, and the indented ones after it.
struct Said<'a> {
    first: &'a str,
    rest: Vec<&'a str>,
}

impl<'a> Said<'a> {
    /// The first error of a log.
    fn find(log: &'a str) -> Option<Self> {
        let mut lines = log.lines().skip_while(|line| after_error(line).is_none());
        let first = lines.next().and_then(after_error)?;
        // The next entry of the log is not indented.
        let rest = lines
            .take_while(|line| line.starts_with(' '))
            .map(str::trim)
            .collect();
        Some(Self { first, rest })
    }

    fn hints(&self) -> Vec<String> {
        let hints = self
            .rest
            .iter()
            .filter_map(|line| line.strip_prefix("HINT: "));
        hints
            .take(HINTS)
            .map(|hint| shortened(hint).to_owned())
            .collect()
    }

    /// What an object store was sent and answered follows its error line by line. Headers and signed text are left out:
    /// they name the access key.
    fn message(&self) -> String {
        let store = self.element("Message").or_else(|| self.element("Code"));
        let store = store.map(|said| format!(": {said}")).unwrap_or_default();
        let first = self.first.trim_end_matches(':');
        shortened(&format!("{first}{store}")).to_owned()
    }

    /// What the answer of an object store says beyond the exit code.
    fn kind(&self) -> Option<ExitKind> {
        let status = self.first.strip_prefix("HTTP request failed with ")?;
        if self.element("Code").as_deref() == Some("NoSuchBucket") {
            return Some(ExitKind::NoBucket);
        }
        (status.starts_with("401") || status.starts_with("403")).then_some(ExitKind::Access)
    }

    /// The content of an XML element of an object store's answer.
    fn element(&self, name: &str) -> Option<String> {
        self.rest.iter().find_map(|line| {
            let (_, after) = line.split_once(&format!("<{name}>"))?;
            let (content, _) = after.split_once(&format!("</{name}>"))?;
            let plain = content.replace("&apos;", "'").replace("&quot;", "\"");
            Some(
                plain
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&amp;", "&"),
            )
        })
    }
}

/// The text after `ERROR: [056]: `.
fn after_error(line: &str) -> Option<&str> {
    let (_, after) = line.split_once("ERROR: [")?;
    let (code, message) = after.split_once("]: ")?;
    code.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(message)
}

fn shortened(text: &str) -> &str {
    text.char_indices()
        .nth(MESSAGE)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_decide_something() {
        for (code, kind) in [
            (25, ExitKind::Other),
            (37, ExitKind::OptionMissing),
            (38, ExitKind::PostgresRunning),
            (45, ExitKind::ArchiveDuplicate),
            (49, ExitKind::HostConnect),
            (50, ExitKind::Locked),
            (55, ExitKind::Missing),
            (56, ExitKind::DatabaseConnect),
            (75, ExitKind::NoSuchBackup),
            (82, ExitKind::ArchiveTimeout),
            (103, ExitKind::NoRepository),
            (105, ExitKind::Access),
        ] {
            assert_eq!(ExitKind::of(code), kind, "{code}");
        }
    }

    #[test]
    fn warnings_before_the_error_are_not_the_error() {
        let stderr = "WARN: unable to open log file '/x': No such file or directory\n      \
            NOTE: process will continue without log file.\n\
            ERROR: [056]: unable to find primary cluster - cannot proceed\n       \
            HINT: are all available clusters in recovery?\n";
        assert_eq!(
            failure("backup", 56, stderr).to_string(),
            "pgbackrest backup failed: unable to find primary cluster - cannot proceed\n\
             HINT: are all available clusters in recovery?"
        );
    }

    #[test]
    fn an_error_in_a_log_with_times_is_found() {
        let log = "2026-11-27 16:58:29.413 P00   INFO: backup command begin 2.45: --type=full\n\
            2026-11-27 16:58:29.413 P00  ERROR: [050]: unable to acquire lock on file '/l': Resource \
            temporarily unavailable\n                                    \
            HINT: is another pgBackRest process running?\n\
            2026-11-27 16:58:29.414 P00   INFO: backup command end: aborted with exception [050]\n";
        let (message, hints) = explanation(log);
        assert_eq!(
            message.unwrap(),
            "unable to acquire lock on file '/l': Resource temporarily unavailable"
        );
        assert_eq!(hints, ["is another pgBackRest process running?"]);
    }

    /// As pgBackRest 2.45 tells of an answer of an object store.
    fn http(status: &str, answer: &str) -> String {
        format!(
            "ERROR: [039]: HTTP request failed with {status}:\n       *** Path/Query ***:\n       \
             GET /bucket?list-type=2\n       *** Request Headers ***:\n       authorization: <redacted>\n       \
             *** Response Content ***:\n       <?xml version=\"1.0\"?>{answer}\n"
        )
    }

    #[test]
    fn what_an_object_store_said_is_told_without_what_it_was_sent() {
        let answer = "<Error><Code>InvalidAccessKeyId</Code><Message>no such key, it&apos;s said</Message>\
            <AWSAccessKeyId>AKIAEXAMPLE</AWSAccessKeyId></Error>";
        let error = failure("info", 39, &http("403 (Forbidden)", answer));
        assert_eq!(error.kind(), Some(ExitKind::Access));
        assert_eq!(
            error.to_string(),
            "pgbackrest info failed: HTTP request failed with 403 (Forbidden): no such key, it's said"
        );
    }

    #[test]
    fn a_missing_bucket_is_told_from_a_missing_file() {
        let answer = "<Error><Code>NoSuchBucket</Code></Error>";
        let error = failure("repo-ls", 39, &http("404 (Not Found)", answer));
        assert_eq!(error.kind(), Some(ExitKind::NoBucket));
        assert_eq!(
            error.to_string(),
            "pgbackrest repo-ls failed: HTTP request failed with 404 (Not Found): NoSuchBucket"
        );
    }

    #[test]
    fn a_failure_that_info_reports_as_a_status_is_one() {
        let error = reported(
            "info",
            "[HostConnectError] unable to connect to 'h:9': [111] Connection refused",
        );
        assert_eq!(error.kind(), Some(ExitKind::HostConnect));
        assert_eq!(
            error.to_string(),
            "pgbackrest info failed: unable to connect to 'h:9': [111] Connection refused"
        );
        let answer = http(
            "403 (Forbidden)",
            "<Error><Code>AccessDenied</Code></Error>",
        );
        let status = answer.replace("ERROR: [039]: ", "[ProtocolError] ");
        assert_eq!(reported("info", &status).kind(), Some(ExitKind::Access));
        assert_eq!(reported("info", "other").kind(), Some(ExitKind::Other));
    }

    #[test]
    fn an_exit_without_words_is_told_by_its_code() {
        assert_eq!(
            failure("check", 27, "").to_string(),
            "pgbackrest check failed: exit code 27 without a message"
        );
    }

    #[test]
    fn a_long_message_is_cut() {
        let stderr = format!("ERROR: [025]: {}", "x".repeat(5000));
        let PgBackRestError::Failed { message, .. } = failure("info", 25, &stderr) else {
            panic!("it failed");
        };
        assert_eq!(message.len(), MESSAGE);
    }
}
