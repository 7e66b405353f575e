//! The line format of pgBackRest's own files.

use crate::domain::words::Malformed;

/// A file of the repository that cannot be used as it is.
///
/// Shows where, and never the line: `backup.info` of an encrypted repository holds a key.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("{file} ends before its checksum: it was cut short")]
    CutShort { file: &'static str },
    #[error("{file} is in format {format}, which is not known here")]
    Format { file: &'static str, format: u32 },
    #[error("{file} has no {key} in section [{section}]")]
    Missing {
        file: &'static str,
        section: &'static str,
        key: &'static str,
    },
    #[error("{file}, line {line}: not text in UTF-8")]
    NoText { file: &'static str, line: usize },
    #[error("{file}, line {line}: not of the form key=value")]
    NoValue { file: &'static str, line: usize },
    #[error("{file}, line {line}: the value cannot be read")]
    Value {
        file: &'static str,
        line: usize,
        source: serde_json::Error,
    },
    #[error("{file}, line {line}")]
    Word {
        file: &'static str,
        line: usize,
        source: Malformed,
    },
    #[error("{file}, line {line}: `{number}` is no database number")]
    DatabaseNumber {
        file: &'static str,
        line: usize,
        number: String,
    },
    #[error("{file}, line {line}: a timeline, a WAL location and a reason are expected")]
    Branch { file: &'static str, line: usize },
    #[error("the listing of the archive cannot be read")]
    Listing { source: serde_json::Error },
}

impl Unreadable {
    /// What the operator can do.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Format { .. } => {
                "the repository was written by another generation of pgBackRest; use the one that wrote it"
            }
            _ => {
                "nothing was changed; the repository keeps a copy beside each of these files (with `.copy` added): \
                 compare them with `pgbackrest repo-get` and repair the damaged one"
            }
        }
    }
}

/// One `key=value` line and where it stands.
pub(super) struct Entry<'a> {
    pub section: &'a str,
    pub key: &'a str,
    /// JSON.
    pub value: &'a str,
    pub line: usize,
}

/// How far a file was read, line by line.
pub(super) struct Place {
    file: &'static str,
    section: String,
    line: usize,
}

impl Place {
    pub(super) const fn at_the_beginning_of(file: &'static str) -> Self {
        Self {
            file,
            section: String::new(),
            line: 0,
        }
    }

    /// Takes the next line, without what ends it; none when there is no entry in it.
    pub(super) fn next<'a>(
        &'a mut self,
        content: &'a [u8],
    ) -> Option<Result<Entry<'a>, Unreadable>> {
        self.line += 1;
        let (file, line) = (self.file, self.line);
        let Ok(content) = std::str::from_utf8(content) else {
            return Some(Err(Unreadable::NoText { file, line }));
        };
        if content.is_empty() {
            return None;
        }
        if let Some(name) = content
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            name.clone_into(&mut self.section);
            return None;
        }
        Some(match content.split_once('=') {
            Some((key, value)) => Ok(Entry {
                section: &self.section,
                key,
                value,
                line,
            }),
            None => Err(Unreadable::NoValue { file, line }),
        })
    }
}

impl Entry<'_> {
    /// The value as what it should be.
    pub(super) fn read<'de, V: serde::Deserialize<'de>>(
        &'de self,
        file: &'static str,
    ) -> Result<V, Unreadable> {
        serde_json::from_str(self.value).map_err(|source| Unreadable::Value {
            file,
            line: self.line,
            source,
        })
    }
}
