//! One entry and its line in the file: `2026-08-21T10:00:00.123456Z patroni[412]: message`.

use jiff::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) time: Timestamp,
    /// Who wrote it, with the process id when one is known: `patroni[412]`.
    pub(crate) source: String,
    pub(crate) message: String,
}

impl Entry {
    pub(crate) fn line(&self) -> String {
        let time = self.time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ");
        format!("{time} {}: {}\n", self.source, self.message)
    }

    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (time, rest) = line.split_once(' ')?;
        // A source holds no colon followed by a space: `source` sees to it.
        let (source, message) = rest
            .split_once(": ")
            .or_else(|| rest.strip_suffix(':').map(|source| (source, "")))?;
        Some(Self {
            time: time.parse().ok()?,
            source: source.to_owned(),
            message: message.to_owned(),
        })
    }
}

/// `identifier[pid]` with everything that would break a line replaced.
pub(super) fn source(identifier: &str, pid: Option<u32>) -> String {
    let identifier: String = identifier
        .chars()
        .map(|character| match character {
            ':' => '_',
            other if other.is_whitespace() || other.is_control() => '_',
            other => other,
        })
        .collect();
    match pid {
        Some(pid) => format!("{identifier}[{pid}]"),
        None => identifier,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_its_line() {
        let entry = Entry {
            time: "2026-08-21T10:00:00.000120Z".parse().unwrap(),
            source: source("my: tool", Some(7)),
            message: "LOG: a: b".to_owned(),
        };
        assert_eq!(
            entry.line(),
            "2026-08-21T10:00:00.000120Z my__tool[7]: LOG: a: b\n"
        );
        assert_eq!(Entry::parse(entry.line().trim_end()), Some(entry));
    }

    #[test]
    fn an_empty_message_is_a_message() {
        let line = "2026-08-21T10:00:00.000000Z sh[7]:";
        assert_eq!(Entry::parse(line).unwrap().message, "");
        assert_eq!(Entry::parse("half a li"), None);
    }
}
