//! The forms of options that are text but neither a number nor one of a few words.

use std::collections::BTreeSet;

use super::Machine;

/// What a text has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `auto` or a number of worker processes.
    Workers,
    /// `all`, `majority` or a number of members.
    SynchronousNodes,
    /// The name of an object in the database, with or without a schema.
    ObjectName,
    /// How dates look, and in which order their parts are read.
    DateStyle,
    /// A name of the time zone database.
    TimeZone,
    /// A locale of the C library.
    Locale,
}

/// Locales that every machine has.
const LOCALES: [&str; 3] = ["C", "C.UTF-8", "POSIX"];
/// Time zones that every machine has.
const TIME_ZONES: [&str; 2] = ["UTC", "GMT"];
const DATE_FORMATS: [&str; 4] = ["ISO", "SQL", "POSTGRES", "GERMAN"];
const DATE_ORDERS: [&str; 3] = ["DMY", "MDY", "YMD"];

impl Shape {
    pub(super) fn allowed(self) -> &'static str {
        match self {
            Self::Workers => "auto, or a number from 2 to ten times the processors",
            Self::SynchronousNodes => "all, majority, or a number from 1",
            Self::ObjectName => "a name, with or without a schema in front",
            Self::DateStyle => {
                "ISO, SQL, Postgres or German, then a comma and DMY, MDY or YMD, such as: ISO, MDY"
            }
            Self::TimeZone => "a name of the time zone database, such as Europe/Prague",
            Self::Locale => "C, POSIX, C.UTF-8, or a locale that is installed on the machines",
        }
    }

    /// Whether `text` has this shape on this machine. A server that finds a wrong one in its configuration does not
    /// start, so what the machine knows is asked as far as it is known.
    pub(super) fn fits(self, text: &str, machine: &Machine) -> bool {
        match self {
            Self::Workers => text == "auto" || is_count(text, 2, machine.cpus.saturating_mul(10)),
            Self::SynchronousNodes => {
                matches!(text, "all" | "majority") || is_count(text, 1, u32::MAX)
            }
            Self::ObjectName => text.split('.').count() <= 2 && text.split('.').all(is_plain_name),
            Self::DateStyle => is_date_style(text),
            Self::TimeZone => {
                TIME_ZONES.contains(&text)
                    || text.split('/').all(is_file_name) && known(machine.time_zones.as_ref(), text)
            }
            Self::Locale => {
                LOCALES.contains(&text)
                    || is_file_name(text)
                        && machine.locales.as_ref().is_none_or(|locales| {
                            locales.iter().any(|locale| same_locale(locale, text))
                        })
            }
        }
    }
}

fn is_count(text: &str, least: u32, most: u32) -> bool {
    text.parse()
        .is_ok_and(|number: u32| (least..=most).contains(&number))
}

fn is_plain_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn is_file_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_+-.@".contains(&b))
}

fn known(names: Option<&BTreeSet<String>>, text: &str) -> bool {
    names.is_none_or(|names| names.contains(text))
}

/// The C library takes `en_US.UTF-8` and `en_US.utf8` for the same.
fn same_locale(left: &str, right: &str) -> bool {
    let simple = |name: &str| name.replace('-', "").to_ascii_lowercase();
    simple(left) == simple(right)
}

fn is_date_style(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let words: Vec<&str> = upper.split(',').map(str::trim).collect();
    match words[..] {
        [one] => DATE_FORMATS.contains(&one) || DATE_ORDERS.contains(&one),
        [format, order] => DATE_FORMATS.contains(&format) && DATE_ORDERS.contains(&order),
        _ => false,
    }
}
