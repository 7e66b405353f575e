//! How an entry is printed.

use jiff::tz::TimeZone;

use crate::machine::journal::Entry;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::machine::tool) enum Format {
    Cat,
    Short,
    ShortIso,
    ShortPrecise,
    Json,
}

impl Format {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "cat" => Self::Cat,
            "short" => Self::Short,
            "short-iso" | "short-iso-precise" => Self::ShortIso,
            "short-precise" | "short-full" => Self::ShortPrecise,
            "json" => Self::Json,
            _ => return None,
        })
    }

    pub(super) fn has_header(self) -> bool {
        !matches!(self, Self::Cat | Self::Json)
    }

    pub(super) fn line(self, entry: &Entry, hostname: &str) -> String {
        let timed = |pattern| {
            let time = entry.time.to_zoned(TimeZone::system());
            format!(
                "{} {hostname} {}: {}",
                time.strftime(pattern),
                entry.source,
                entry.message
            )
        };
        match self {
            Self::Cat => entry.message.clone(),
            Self::Short => short(entry, hostname),
            Self::ShortIso => timed("%Y-%m-%dT%H:%M:%S%:z"),
            Self::ShortPrecise => timed("%b %d %H:%M:%S.%6f"),
            Self::Json => json(entry, hostname),
        }
    }
}

/// `Aug 21 10:00:00 host patroni[412]: message`.
pub(in crate::machine::tool) fn short(entry: &Entry, hostname: &str) -> String {
    let time = entry.time.to_zoned(TimeZone::system());
    format!(
        "{} {hostname} {}: {}",
        time.strftime("%b %d %H:%M:%S"),
        entry.source,
        entry.message
    )
}

fn json(entry: &Entry, hostname: &str) -> String {
    let (identifier, pid) = match entry.source.split_once('[') {
        Some((identifier, pid)) => (identifier, pid.trim_end_matches(']')),
        None => (entry.source.as_str(), ""),
    };
    serde_json::json!({
        "__REALTIME_TIMESTAMP": entry.time.as_microsecond().to_string(),
        "_HOSTNAME": hostname,
        "SYSLOG_IDENTIFIER": identifier,
        "_PID": pid,
        "MESSAGE": entry.message,
    })
    .to_string()
}
