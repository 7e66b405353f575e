//! Time spans as unit files write them (`90`, `1min 30s`, `500ms`, `infinity`) and as systemd prints them.

use std::time::Duration;

/// A span, or no limit at all.
pub(crate) type Limit = Option<Duration>;

const UNITS: &[(&str, u64)] = &[
    ("usec", 1),
    ("us", 1),
    ("µs", 1),
    ("msec", 1_000),
    ("ms", 1_000),
    ("seconds", 1_000_000),
    ("second", 1_000_000),
    ("sec", 1_000_000),
    ("s", 1_000_000),
    ("minutes", 60_000_000),
    ("minute", 60_000_000),
    ("min", 60_000_000),
    ("m", 60_000_000),
    ("hours", 3_600_000_000),
    ("hour", 3_600_000_000),
    ("hr", 3_600_000_000),
    ("h", 3_600_000_000),
    ("days", 86_400_000_000),
    ("day", 86_400_000_000),
    ("d", 86_400_000_000),
    ("weeks", 604_800_000_000),
    ("week", 604_800_000_000),
    ("w", 604_800_000_000),
];

/// Parses a span; a number without a unit is in seconds. None when `text` is not a time span.
pub(crate) fn parse(text: &str) -> Option<Limit> {
    let text = text.trim();
    if text == "infinity" {
        return Some(None);
    }
    let mut total: u64 = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number = &rest[..digits];
        let after = rest[digits..].trim_start();
        let letters = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let unit = match &after[..letters] {
            "" => 1_000_000,
            name => UNITS.iter().find(|(known, _)| *known == name)?.1,
        };
        total = total.checked_add(scale(number, unit)?)?;
        rest = after[letters..].trim_start();
    }
    Some(Some(Duration::from_micros(total)))
}

/// `number` (with an optional fraction) times `unit` microseconds.
fn scale(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut total = match whole {
        "" => 0,
        digits => digits.parse::<u64>().ok()?.checked_mul(unit)?,
    };
    let mut place = unit;
    for digit in fraction.chars() {
        place /= 10;
        total = total.checked_add(u64::from(digit.to_digit(10)?) * place)?;
    }
    Some(total)
}

/// `1min 30s`, `100ms`, `infinity`: the way `systemctl show` prints a span.
pub(crate) fn format(limit: Limit) -> String {
    let Some(span) = limit else {
        return "infinity".to_owned();
    };
    let mut micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    if micros == 0 {
        return "0".to_owned();
    }
    let mut parts = Vec::new();
    for (name, unit) in [
        ("w", 604_800_000_000),
        ("d", 86_400_000_000),
        ("h", 3_600_000_000),
        ("min", 60_000_000),
    ] {
        if micros >= unit {
            parts.push(format!("{}{name}", micros / unit));
            micros %= unit;
        }
    }
    for (name, unit) in [("s", 1_000_000_u64), ("ms", 1_000), ("us", 1)] {
        if micros >= unit {
            let fraction = micros % unit;
            let digits = unit.ilog10() as usize;
            let text = format!("{}.{fraction:0digits$}", micros / unit);
            let text = text.trim_end_matches('0').trim_end_matches('.');
            parts.push(format!("{text}{name}"));
            break;
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> u128 {
        parse(text).unwrap().unwrap().as_micros()
    }

    #[test]
    fn a_bare_number_is_in_seconds() {
        assert_eq!(micros("90"), 90_000_000);
        assert_eq!(micros("0.5"), 500_000);
    }

    #[test]
    fn units_add_up_with_and_without_spaces() {
        assert_eq!(micros("1min 30s"), 90_000_000);
        assert_eq!(micros("1h2min3.25s"), 3_723_250_000);
        assert_eq!(micros("5 min"), 300_000_000);
        assert_eq!(micros("100ms"), 100_000);
    }

    #[test]
    fn infinity_is_no_limit() {
        assert_eq!(parse("infinity"), Some(None));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "soon", "5 parsecs", "-3", ".", "1..2"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn spans_print_as_systemd_prints_them() {
        let print = |text| format(parse(text).unwrap());
        assert_eq!(print("90"), "1min 30s");
        assert_eq!(print("100ms"), "100ms");
        assert_eq!(print("1.5s"), "1.5s");
        assert_eq!(print("0"), "0");
        assert_eq!(print("infinity"), "infinity");
        assert_eq!(print("25h"), "1d 1h");
        assert_eq!(print("1234us"), "1.234ms");
    }
}
