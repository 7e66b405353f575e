//! What `secret-add` and `secret-set` take: content, and attributes such as rotation and expiry.

use super::ToolError;
use super::context::SecretUpdate;
use super::files;
use super::parse::Args;
use super::server::Invocation;
use crate::model::config::duration;
use crate::model::secret::Rotate;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Largest size of one value and of a whole content, in bytes of base64.
const LARGEST: usize = 1_000_000;

/// Reads everything the two tools share. The content is none if there was none.
pub(super) fn update(
    invocation: &Invocation<'_>,
    args: &Args,
    pairs: &[String],
) -> Result<SecretUpdate, ToolError> {
    let rotate = args
        .get("rotate")
        .map(|text| {
            Rotate::parse(text).ok_or_else(|| invalid(&format!("rotate policy \"{text}\"")))
        })
        .transpose()?;
    let expires = args
        .get("expire")
        .map(|text| expiry(text, invocation.now))
        .transpose()?;
    let content = content(invocation, args, pairs)?;
    Ok(SecretUpdate {
        label: args.get("label").map(str::to_owned),
        description: args.get("description").map(str::to_owned),
        rotate,
        expires,
        content: (!content.is_empty()).then_some(content),
    })
}

fn invalid(what: &str) -> ToolError {
    ToolError::usage(format!("{what} not valid"))
}

/// A moment, or a duration from now, in the forms Juju reads.
fn expiry(text: &str, now: Timestamp) -> Result<Timestamp, ToolError> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(time) = text.parse::<DateTime>()
        && let Ok(zoned) = time.to_zoned(TimeZone::UTC)
        && text.contains('T')
    {
        return Ok(zoned.timestamp());
    }
    match duration(text) {
        Some(duration) if duration.is_positive() => Ok(now + duration),
        _ => Err(invalid(&format!("expire time or duration \"{text}\""))),
    }
}

/// Content from arguments and `--file`; the file wins.
fn content(
    invocation: &Invocation<'_>,
    args: &Args,
    pairs: &[String],
) -> Result<BTreeMap<String, String>, ToolError> {
    let mut content = BTreeMap::new();
    for arg in pairs {
        let Some((key, value)) = arg.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            // The argument may be a misplaced secret value: do not repeat it.
            return Err(invalid("key value pair"));
        };
        let (key, value) = match key.split_once('#') {
            None => (key, value.to_owned()),
            Some((key, "base64")) => (key, decoded(key, value)?),
            Some((key, "file")) => (key, file_content(invocation, key, value)?),
            Some(_) => return Err(invalid(&format!("key \"{key}\""))),
        };
        content.insert(key.to_owned(), value);
    }
    if let Some(file) = args.get("file") {
        for (key, value) in files::flat_map(&files::read(invocation, file)?)? {
            match key.strip_suffix("#base64") {
                Some(plain) => content.insert(plain.to_owned(), decoded(plain, &value)?),
                None => content.insert(key, value),
            };
        }
    }
    check(&content)?;
    Ok(content)
}

fn decoded(key: &str, value: &str) -> Result<String, ToolError> {
    let bytes = STANDARD
        .decode(value)
        .map_err(|_| invalid(&format!("base64 value of key \"{key}\"")))?;
    String::from_utf8(bytes).map_err(|_| {
        invalid(&format!(
            "value of key \"{key}\" (only UTF-8 text is supported)"
        ))
    })
}

fn file_content(invocation: &Invocation<'_>, key: &str, file: &str) -> Result<String, ToolError> {
    let path = invocation.path(file);
    let bytes = std::fs::read(&path).map_err(|error| {
        ToolError::runtime(format!("reading content for secret key \"{key}\": {error}"))
    })?;
    String::from_utf8(bytes).map_err(|_| {
        invalid(&format!(
            "value of key \"{key}\" (only UTF-8 text is supported)"
        ))
    })
}

/// Checks keys and sizes; also for secrets of the operator.
pub(crate) fn check(content: &BTreeMap<String, String>) -> Result<(), ToolError> {
    let encoded = |value: &String| value.len().div_ceil(3) * 4;
    let mut total = 0;
    for (key, value) in content {
        if !is_key(key) {
            return Err(invalid(&format!("key \"{key}\"")));
        }
        total += encoded(value);
        if encoded(value) > LARGEST {
            return Err(ToolError::usage(format!(
                "secret content for key \"{key}\" too large: {} bytes",
                encoded(value)
            )));
        }
    }
    if total > LARGEST {
        return Err(ToolError::usage(format!(
            "secret content too large: {total} bytes"
        )));
    }
    Ok(())
}

/// A letter and at least two more letters or digits, with single hyphens between them.
fn is_key(key: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.bytes().filter(|byte| alphanumeric(*byte)).count() >= 3
        && key
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_three_characters_or_more_and_no_underscore() {
        for good in ["abc", "password", "a-b-c", "tls-ca", "a1b2"] {
            assert!(is_key(good), "{good}");
        }
        for bad in ["", "ab", "a-b", "a_b_c", "Abc", "1ab", "abc-", "ab--c"] {
            assert!(!is_key(bad), "{bad}");
        }
    }

    #[test]
    fn an_expiry_is_a_time_or_a_duration_without_days() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(
            expiry("90m", now),
            Ok(now + jiff::SignedDuration::from_mins(90))
        );
        assert!(expiry("2026-01-01T00:00:00Z", now).is_ok());
        assert_eq!(
            expiry("2026-01-01T00:00:00", now),
            expiry("2026-01-01T00:00:00Z", now)
        );
        assert!(expiry("1d", now).is_err());
        assert!(expiry("soon", now).is_err());
    }

    #[test]
    fn the_size_limit_counts_base64() {
        let of = |bytes: usize| check(&BTreeMap::from([("key".to_owned(), "x".repeat(bytes))]));
        assert_eq!(of(750_000), Ok(()));
        assert!(of(750_001).is_err());
    }
}
