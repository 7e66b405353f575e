//! How a command ends badly: what is printed, and with which exit status.

use std::io;

use thiserror::Error;

use crate::client::CallError;
use crate::home::HomeError;
use crate::ui::UiError;

use super::durations::DurationError;
use super::yaml::YamlError;

#[derive(Debug, Error)]
pub(crate) enum CliError {
    /// The command line makes no sense. Exit 2.
    #[error("{0}")]
    Usage(String),
    /// Something asked for could not be done. Exit 1.
    #[error("{0}")]
    Failed(String),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Ui(#[from] UiError),
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error(transparent)]
    Duration(#[from] DurationError),
    #[error("cannot {action}: {source}")]
    Io { action: String, source: io::Error },
    #[error("cannot write the result as text: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot write the result as text: {0}")]
    YamlText(#[from] serde_yaml::Error),
    /// Everything to say was said; the status of a remote command, for example.
    #[error("exit status {0}")]
    Exit(u8),
}

impl CliError {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// For `map_err` of an I/O operation: `action` completes "cannot …".
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Yaml(_) | Self::Duration(_) => 2,
            Self::Exit(code) => *code,
            _ => 1,
        }
    }

    /// Nobody reads our output any more; there is nothing left to say.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
