//! How pgBackRest fails, with what it said as text for people.

mod kind;

pub use kind::ExitKind;

use crate::adapters::host::process::ProcessError;

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
mod tests;
