//! Sizes for people.

/// Bytes in the largest unit that leaves a number of at least one, with one decimal.
///
/// ```
/// assert_eq!(postgresql_charm::domain::size::human(23_400_000), "22.3 MiB");
/// ```
pub fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut scaled = bytes;
    let mut tenths = 0;
    let mut unit = None;
    for name in UNITS {
        if scaled < 1024 {
            break;
        }
        tenths = scaled % 1024 * 10 / 1024;
        scaled /= 1024;
        unit = Some(name);
    }
    match unit {
        None => format!("{bytes} B"),
        Some(unit) => format!("{scaled}.{tenths} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn a_size_is_shown_in_the_unit_that_fits_it() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1 << 30, "1.0 GiB"),
            (u64::MAX, "16383.9 PiB"),
        ] {
            assert_eq!(human(bytes), shown);
        }
    }
}
