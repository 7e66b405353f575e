//! Times of day as digits, in labels and ids.

use std::fmt;

use jiff::civil::DateTime;

/// `20260101-120000`.
pub(super) fn compact(at: DateTime, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let [century, year, month, day, hour, minute, second] = pairs(at);
    let (date, time) = ([century, year, month, day], [hour, minute, second]);
    f.write_str(ascii(date.as_flattened()))?;
    f.write_str("-")?;
    f.write_str(ascii(time.as_flattened()))
}

/// A listing writes tens of thousands of times, and the formatting machinery is slow at short numbers.
pub(super) fn pairs(at: DateTime) -> [[u8; 2]; 7] {
    let two = |number: i8| {
        let number = number.unsigned_abs() % 100;
        [b'0' + number / 10, b'0' + number % 10]
    };
    // Between 0 and 99, as years are between -9999 and 9999 and no backup was made before the year 0.
    let half = |number: i16| two(i8::try_from(number).unwrap_or_default());
    let year = at.year().max(0);
    [
        half(year / 100),
        half(year % 100),
        two(at.month()),
        two(at.day()),
        two(at.hour()),
        two(at.minute()),
        two(at.second()),
    ]
}

/// Digits are ASCII.
pub(super) fn ascii(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}
/// Reads what [`compact`] writes.
pub(super) fn read_compact(text: &[u8]) -> Option<DateTime> {
    let [date @ .., b'-', _, _, _, _, _, _] = text else {
        return None;
    };
    let time = &text[text.len() - 6..];
    let year = i16::from(two(date.get(..2)?)?) * 100 + i16::from(two(date.get(2..4)?)?);
    let rest = date.get(4..)?;
    if rest.len() != 4 {
        return None;
    }
    DateTime::new(
        year,
        two(&rest[..2])?,
        two(&rest[2..])?,
        two(&time[..2])?,
        two(&time[2..4])?,
        two(&time[4..])?,
        0,
    )
    .ok()
}

fn two(digits: &[u8]) -> Option<i8> {
    match digits {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()
        }
        _ => None,
    }
}
