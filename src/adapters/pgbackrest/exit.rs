//! Exit codes of pgBackRest as kinds of failure.

use crate::adapters::host::process::ProcessError;

/// What an exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitKind {
    /// Another one; its number is in the error.
    Other,
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
}

fn hint_lines(hints: &[String]) -> String {
    hints.iter().map(|hint| format!("\nHINT: {hint}")).collect()
}
