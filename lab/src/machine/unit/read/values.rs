//! Reading the kinds of values that many keys share.

use std::path::PathBuf;

use super::super::definition::ExitPattern;
use super::super::name::UnitName;
use super::super::specifiers::Specifiers;
use super::super::words;
use crate::machine::signal;

pub(super) fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// An absolute path with its specifiers replaced.
pub(super) fn path(value: &str, specifiers: &Specifiers<'_>) -> Result<PathBuf, String> {
    let expanded = expand(value, specifiers)?;
    if expanded.starts_with('/') {
        Ok(PathBuf::from(expanded))
    } else {
        Err(format!("Path '{value}' is not absolute, ignoring."))
    }
}

pub(super) fn expand(value: &str, specifiers: &Specifiers<'_>) -> Result<String, String> {
    specifiers
        .expand(value)
        .map_err(|error| format!("Failed to resolve unit specifiers in '{value}': {error}"))
}

/// Unit names separated by spaces; a name that is none is returned as the note.
pub(super) fn units(value: &str, specifiers: &Specifiers<'_>) -> Result<Vec<UnitName>, String> {
    let mut names = Vec::new();
    for word in words::split(value).map_err(|error| error.to_string())? {
        let expanded = expand(&word, specifiers)?;
        let name = UnitName::parse(&expanded)
            .ok_or_else(|| format!("Failed to add dependency on {expanded}, ignoring."))?;
        names.push(name);
    }
    Ok(names)
}

/// `0 3 SIGTERM`: exit codes and signals.
pub(super) fn exit_patterns(value: &str) -> Result<Vec<ExitPattern>, String> {
    let pattern = |word: &str| {
        word.parse::<u8>()
            .map(|code| ExitPattern::Code(i32::from(code)))
            .ok()
            .or_else(|| signal::parse(word).map(|number| ExitPattern::Signal(number.as_raw())))
            .or_else(|| signal::exit_code_of_name(word).map(ExitPattern::Code))
            .ok_or_else(|| format!("Failed to parse value, ignoring: {word}"))
    };
    value.split_whitespace().map(pattern).collect()
}

/// None is infinity.
type ResourceLimit = Option<u64>;

/// A resource limit: a number, possibly with K, M, G or T, or `infinity` (none).
pub(super) fn resource_limit(value: &str) -> Option<ResourceLimit> {
    if value == "infinity" {
        return Some(None);
    }
    let digits = value
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(value.len());
    let number: u64 = value[..digits].parse().ok()?;
    let factor = match value[digits..].trim_end_matches('B') {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1_u64 << 40,
        _ => return None,
    };
    number.checked_mul(factor).map(Some)
}

pub(super) fn octal(value: &str) -> Option<u32> {
    u32::from_str_radix(value, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
}
