//! What is wrong with a charm's file, said so that its author can mend it.

/// A file of a charm cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not YAML, or a value has the wrong shape. The message names line and column.
    #[error("cannot read {file}")]
    Syntax {
        /// The file, such as `metadata.yaml`.
        file: &'static str,
        /// What the reader says.
        #[source]
        source: serde_yaml::Error,
    },
    /// It can be read, but Juju would refuse it.
    #[error("cannot use {file}: {}", .problems.join("; "))]
    Invalid {
        /// The file, such as `metadata.yaml`.
        file: &'static str,
        /// Everything that is wrong, not only the first thing.
        problems: Vec<String>,
    },
    /// It cannot be opened.
    #[error("cannot open {file}")]
    Open {
        /// The file, such as `metadata.yaml`.
        file: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl FileError {
    pub(crate) fn syntax(file: &'static str) -> impl FnOnce(serde_yaml::Error) -> Self {
        move |source| Self::Syntax { file, source }
    }

    /// `Ok` when there are no problems.
    pub(crate) fn unless_empty(file: &'static str, problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self::Invalid { file, problems })
        }
    }
}

/// Juju's rule for the names of actions and the keys of their parameters:
/// lower-case letters, digits and hyphens, starting and ending with a letter or digit.
pub(crate) fn is_action_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|b| inner(*b))
        && bytes.last().is_some_and(|b| inner(*b))
        && bytes.iter().all(|b| inner(*b) || *b == b'-')
}
