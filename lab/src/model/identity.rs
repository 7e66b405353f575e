//! Names and identifiers: units, tags, UUIDs, secret ids.

use jiff::Timestamp;
use rand::Rng;
use std::fmt::Write as _;

/// `postgresql` of `postgresql/0`.
pub fn application_of(unit: &str) -> &str {
    unit.split_once('/')
        .map_or(unit, |(application, _)| application)
}

/// Number of a well-formed unit name.
pub fn unit_number(unit: &str) -> Option<u32> {
    let (application, number) = unit.split_once('/')?;
    let canonical = number == "0" || !number.starts_with('0');
    if is_application_name(application)
        && canonical
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        number.parse().ok()
    } else {
        None
    }
}

/// Juju's rule for application names: words of lower-case letters and digits joined by hyphens; the first starts
/// with a letter and no later word is a mere number.
pub fn is_application_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.split('-').enumerate().all(|(index, word)| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && (index == 0 || word.bytes().any(|byte| byte.is_ascii_lowercase()))
        })
}

/// Rule for model names: lower-case letters, digits and hyphens, starting and ending with a letter or digit.
pub fn is_model_name(name: &str) -> bool {
    let edge = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    edge(name.bytes().next())
        && edge(name.bytes().next_back())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// `unit-postgresql-0` of `postgresql/0`.
pub fn unit_tag(unit: &str) -> String {
    format!("unit-{}", unit.replace('/', "-"))
}

/// A random UUID (version 4).
pub fn uuid() -> String {
    let mut bytes: [u8; 16] = rand::rng().random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// 32 random hexadecimal digits.
pub fn token() -> String {
    let bytes: [u8; 16] = rand::rng().random();
    hex(&bytes)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A secret id in the form of an xid: 12 bytes, the first four the second of creation, as 20 digits of base 32.
pub fn secret_id(now: Timestamp) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut bytes: [u8; 12] = rand::rng().random();
    let [.., a, b, c, d] = now.as_second().to_be_bytes();
    bytes[..4].copy_from_slice(&[a, b, c, d]);
    let mut text = String::with_capacity(20);
    let (mut pending, mut bits) = (0_u32, 0);
    for byte in bytes {
        pending = pending << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(DIGITS[(pending >> bits & 31) as usize]));
        }
    }
    text.push(char::from(DIGITS[(pending << (5 - bits) & 31) as usize]));
    text
}

/// Bare id of a secret URI (`secret:<id>`, `secret://<model>/<id>`, `<id>`); none if it is not one.
pub fn parse_secret_uri(text: &str) -> Option<&str> {
    let id = match text.strip_prefix("secret:") {
        Some(rest) => rest.rsplit('/').next().unwrap_or(rest),
        None => text,
    };
    let valid = id.len() == 20
        && id
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'v'));
    valid.then_some(id)
}

/// The model that a secret URI names: `secret://<model>/<id>`.
pub fn secret_source(uri: &str) -> Option<&str> {
    let (model, _) = uri.strip_prefix("secret://")?.split_once('/')?;
    (!model.is_empty()).then_some(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_names_are_an_application_and_a_canonical_number() {
        assert_eq!(unit_number("postgresql/10"), Some(10));
        assert_eq!(unit_number("postgresql-k8s/0"), Some(0));
        for bad in [
            "postgresql",
            "postgresql/",
            "postgresql/01",
            "postgresql/-1",
            "/0",
            "Pg/0",
            "pg-1/0",
            "pg//0",
        ] {
            assert_eq!(unit_number(bad), None, "{bad}");
        }
    }

    #[test]
    fn secret_ids_have_twenty_digits_of_base_32_and_begin_with_their_second() {
        let id = secret_id(Timestamp::UNIX_EPOCH);
        assert_eq!(parse_secret_uri(&format!("secret:{id}")), Some(id.as_str()));
        assert_eq!(&id[..6], "000000");
    }

    #[test]
    fn secret_uris_are_read_with_and_without_scheme_and_model() {
        let id = "d0vdtqnmp25c762e7jug";
        assert_eq!(parse_secret_uri(id), Some(id));
        assert_eq!(parse_secret_uri(&format!("secret://c0ffee/{id}")), Some(id));
        assert_eq!(parse_secret_uri("secret:d0vdtqnmp25c762e7juz"), None);
        assert_eq!(parse_secret_uri("my-label"), None);
        assert_eq!(
            secret_source(&format!("secret://c0ffee/{id}")),
            Some("c0ffee")
        );
        assert_eq!(secret_source(&format!("secret:{id}")), None);
    }

    #[test]
    fn uuids_are_of_version_4() {
        let text = uuid();
        assert_eq!(text.len(), 36);
        assert_eq!(text.as_bytes()[14], b'4');
        assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}
