//! Durations as Go writes them: `1h30m`, `0.5s`, `300ms`, with an optional sign. There is no unit for days.

use std::time::Duration;

use thiserror::Error;

#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum DurationError {
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit { unit: String, text: String },
}

/// A duration that may be negative, which several flags read as "without limit".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Within(Duration),
    Unlimited,
}

impl std::str::FromStr for Limit {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        match text.strip_prefix('-') {
            Some(rest) => parse(rest).map(|length| {
                if length.is_zero() {
                    Self::Within(length)
                } else {
                    Self::Unlimited
                }
            }),
            None => parse(text).map(Self::Within),
        }
    }
}

/// Parses a duration that is not negative.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let number_end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_end);
        let amount: f64 = number.parse().map_err(|_| invalid())?;
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            "" => return Err(DurationError::MissingUnit(text.to_owned())),
            other => {
                return Err(DurationError::UnknownUnit {
                    unit: other.to_owned(),
                    text: text.to_owned(),
                });
            }
        };
        total += amount * seconds;
        rest = after;
    }
    Duration::try_from_secs_f64(total).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_follow_go() {
        let cases = [
            ("0", Ok(Duration::ZERO)),
            ("5s", Ok(Duration::from_secs(5))),
            ("0.5s", Ok(Duration::from_millis(500))),
            ("1h30m", Ok(Duration::from_mins(90))),
            ("1m0.25s", Ok(Duration::from_millis(60_250))),
            ("300ms", Ok(Duration::from_millis(300))),
            ("", Err(DurationError::Invalid(String::new()))),
            ("s", Err(DurationError::Invalid("s".to_owned()))),
            ("5", Err(DurationError::MissingUnit("5".to_owned()))),
            (
                "1d",
                Err(DurationError::UnknownUnit {
                    unit: "d".to_owned(),
                    text: "1d".to_owned(),
                }),
            ),
            ("-1s", Err(DurationError::Invalid("-1s".to_owned()))),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_negative_limit_is_no_limit() {
        assert_eq!("-1s".parse(), Ok(Limit::Unlimited));
        assert_eq!("60s".parse(), Ok(Limit::Within(Duration::from_mins(1))));
        assert_eq!(
            "-x".parse::<Limit>(),
            Err(DurationError::Invalid("x".to_owned()))
        );
    }

    proptest! {
        #[test]
        fn whole_seconds_survive_any_split_into_units(h in 0_u64..100, m in 0_u64..60, s in 0_u64..60) {
            prop_assert_eq!(parse(&format!("{h}h{m}m{s}s")), Ok(Duration::from_secs(h * 3600 + m * 60 + s)));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,12}") {
            let _ = parse(&text);
        }
    }
}
