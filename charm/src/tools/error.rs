//! What can go wrong with a hook tool, sorted by what a charm can do about it.

use std::io;

/// A hook tool did not do what it was asked.
///
/// The arguments are left out on purpose: nobody has to wonder whether one of them was a secret.
#[derive(Debug, thiserror::Error)]
#[error("{tool} failed: {message}")]
pub struct ToolError {
    tool: String,
    kind: ToolErrorKind,
    exit: Option<i32>,
    message: String,
    #[source]
    source: Option<io::Error>,
}

/// What a charm can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolErrorKind {
    /// The program could not be started: not run by Juju, or the tool is of another version.
    NotStarted,
    /// The secret, relation, storage or resource does not exist (or not for this unit).
    NotFound,
    /// Juju refuses: not granted yet, revoked, another unit's, or a relation already forgotten.
    PermissionDenied,
    /// Only the leader may do this, and this unit is not the leader (any more).
    NotLeader,
    /// The call was refused before a tool was started: it could not have worked.
    Refused,
    /// The tool succeeded but its output was not understood.
    Malformed,
    /// Anything else; the message is the tool's own.
    Failed,
}

impl ToolError {
    /// The tool ran and returned a status other than 0.
    pub fn exited(tool: &str, exit: Option<i32>, stderr: &str) -> Self {
        let message = stderr.trim();
        let message = message.strip_prefix("ERROR ").unwrap_or(message);
        let message = match (message, exit) {
            ("", Some(exit)) => format!("exit status {exit}"),
            ("", None) => "killed by a signal".to_owned(),
            _ => message.to_owned(),
        };
        Self {
            tool: tool.to_owned(),
            kind: classify(&message),
            exit,
            message,
            source: None,
        }
    }

    /// The tool could not be started.
    pub fn not_started(tool: &str, source: io::Error) -> Self {
        Self {
            tool: tool.to_owned(),
            kind: ToolErrorKind::NotStarted,
            exit: None,
            message: "cannot start it".to_owned(),
            source: Some(source),
        }
    }

    pub(crate) fn refused(tool: &str, message: impl Into<String>) -> Self {
        Self {
            tool: tool.to_owned(),
            kind: ToolErrorKind::Refused,
            exit: None,
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn not_leader(tool: &str, message: impl Into<String>) -> Self {
        Self {
            kind: ToolErrorKind::NotLeader,
            ..Self::refused(tool, message)
        }
    }

    pub(crate) fn malformed(tool: &str, message: impl Into<String>) -> Self {
        Self {
            kind: ToolErrorKind::Malformed,
            ..Self::refused(tool, message)
        }
    }

    pub(crate) fn io(tool: &str, message: impl Into<String>, source: io::Error) -> Self {
        Self {
            kind: ToolErrorKind::Failed,
            source: Some(source),
            ..Self::refused(tool, message)
        }
    }

    /// The hook tool, such as `relation-get`.
    pub fn tool(&self) -> &str {
        &self.tool
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ToolErrorKind {
        self.kind
    }

    /// The exit status: 1 when the request failed, 2 when it was not understood.
    pub fn exit(&self) -> Option<i32> {
        self.exit
    }

    /// What the tool wrote to its standard error, without `ERROR`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the thing does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind == ToolErrorKind::NotFound
    }

    /// Whether Juju refused.
    pub fn is_permission_denied(&self) -> bool {
        self.kind == ToolErrorKind::PermissionDenied
    }

    /// Whether this is work for the leader.
    pub fn is_not_leader(&self) -> bool {
        self.kind == ToolErrorKind::NotLeader
    }
}

/// Juju reports by text only, and the texts differ between versions.
fn classify(message: &str) -> ToolErrorKind {
    let message = message.to_lowercase();
    let has = |text: &str| message.contains(text);
    if has("not the leader") || has("not leader") || has("cannot write relation settings") {
        ToolErrorKind::NotLeader
    } else if has("permission denied") || has("unauthorized") {
        ToolErrorKind::PermissionDenied
    } else if has("not found") {
        ToolErrorKind::NotFound
    } else {
        ToolErrorKind::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::{ToolError, ToolErrorKind};

    fn check(stderr: &str, kind: ToolErrorKind) {
        assert_eq!(
            ToolError::exited("a-tool", Some(1), stderr).kind(),
            kind,
            "{stderr}"
        );
    }

    #[test]
    fn failures_are_told_apart_by_jujus_wording() {
        check("ERROR permission denied\n", ToolErrorKind::PermissionDenied);
        check(
            "ERROR permission denied (unauthorized access)\n",
            ToolErrorKind::PermissionDenied,
        );
        check("ERROR secret \"d0vd\" not found\n", ToolErrorKind::NotFound);
        check(
            "ERROR this unit is not the leader\n",
            ToolErrorKind::NotLeader,
        );
        check(
            "ERROR cannot write relation settings\n",
            ToolErrorKind::NotLeader,
        );
        check("ERROR connection is shut down\n", ToolErrorKind::Failed);
    }

    #[test]
    fn the_message_is_the_tools_own_or_the_exit_status() {
        let error = ToolError::exited("state-set", Some(1), "ERROR max allowed size exceeded\n");
        assert_eq!(
            error.to_string(),
            "state-set failed: max allowed size exceeded"
        );
        let silent = ToolError::exited("state-set", Some(3), "");
        assert_eq!(silent.to_string(), "state-set failed: exit status 3");
        let killed = ToolError::exited("state-set", None, "");
        assert_eq!(killed.to_string(), "state-set failed: killed by a signal");
    }
}
