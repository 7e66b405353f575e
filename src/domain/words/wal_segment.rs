//! A file of the write-ahead log.

use std::fmt;
use std::str::FromStr;

use super::Lsn;
use super::malformed::{Malformed, shown};
use super::text::json_text;
use super::timeline::Timeline;

/// How large one WAL segment is: a power of two from 1 MiB to 1 GiB, chosen when the database was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SegmentSize(u32);

impl SegmentSize {
    /// 16 MiB, which nearly every database has.
    pub const DEFAULT: Self = Self(16 << 20);

    /// From bytes.
    pub fn new(bytes: u64) -> Result<Self, Malformed> {
        u32::try_from(bytes)
            .ok()
            .filter(|bytes| bytes.is_power_of_two() && (1 << 20..=1 << 30).contains(bytes))
            .map(Self)
            .ok_or(Malformed::SegmentSize(bytes))
    }

    /// In bytes.
    pub const fn bytes(self) -> u32 {
        self.0
    }

    /// Segments in each 4 GiB, which is what the middle part of a name counts.
    fn per_log(self) -> u64 {
        (1 << 32) / u64::from(self.0)
    }
}

impl Default for SegmentSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A WAL segment, which prints as the name of its file: `00000001000000000000002C`.
///
/// The last part of a name has a range that depends on the [`SegmentSize`], so stepping needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WalSegment {
    timeline: Timeline,
    log: u32,
    segment: u32,
}

impl WalSegment {
    /// The segment that holds the byte at `lsn`.
    pub fn holding(timeline: Timeline, lsn: Lsn, size: SegmentSize) -> Self {
        Self::numbered(timeline, lsn.byte() / u64::from(size.bytes()), size)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a segment number is at most 2^44, so its quotient by 4 to 4096 per log fits in 32 bits"
    )]
    fn numbered(timeline: Timeline, number: u64, size: SegmentSize) -> Self {
        Self {
            timeline,
            log: (number / size.per_log()) as u32,
            segment: (number % size.per_log()) as u32,
        }
    }

    fn number(self, size: SegmentSize) -> u64 {
        u64::from(self.log) * size.per_log() + u64::from(self.segment)
    }

    /// The timeline it was written on.
    pub const fn timeline(self) -> Timeline {
        self.timeline
    }

    /// Where it begins.
    pub fn start(self, size: SegmentSize) -> Lsn {
        Lsn::new(self.number(size).wrapping_mul(u64::from(size.bytes())))
    }

    /// The one after it on the same timeline; nothing follows the very last.
    pub fn next(self, size: SegmentSize) -> Option<Self> {
        let number = self.number(size) + 1;
        (number >> 32 < size.per_log()).then(|| Self::numbered(self.timeline, number, size))
    }

    /// The one before it on the same timeline; nothing precedes the very first.
    pub fn previous(self, size: SegmentSize) -> Option<Self> {
        let number = self.number(size).checked_sub(1)?;
        Some(Self::numbered(self.timeline, number, size))
    }

    /// The same place on another timeline.
    #[must_use]
    pub const fn on(self, timeline: Timeline) -> Self {
        Self { timeline, ..self }
    }
}

impl fmt::Display for WalSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{:08X}{:08X}",
            self.timeline.hex8(),
            self.log,
            self.segment
        )
    }
}

impl FromStr for WalSegment {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        parts(text).ok_or_else(|| Malformed::WalSegment(shown(text)))
    }
}

json_text!(WalSegment);

fn parts(text: &str) -> Option<WalSegment> {
    if text.len() != 24 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some(WalSegment {
        timeline: Timeline::from_hex(&text[..8]).ok()?,
        log: u32::from_str_radix(&text[8..16], 16).ok()?,
        segment: u32::from_str_radix(&text[16..], 16).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(name: &str) -> WalSegment {
        name.parse().unwrap()
    }

    #[test]
    fn with_16_mib_the_last_part_counts_to_ff() {
        let size = SegmentSize::DEFAULT;
        let last = segment("0000000100000000000000FF");
        assert_eq!(last.next(size), Some(segment("000000010000000100000000")));
        assert_eq!(
            segment("000000010000000100000000").previous(size),
            Some(last)
        );
    }

    #[test]
    fn with_1_gib_the_last_part_counts_to_3() {
        let size = SegmentSize::new(1 << 30).unwrap();
        let last = segment("000000010000000000000003");
        assert_eq!(last.next(size), Some(segment("000000010000000100000000")));
    }

    #[test]
    fn nothing_precedes_the_first_and_nothing_follows_the_last() {
        let size = SegmentSize::DEFAULT;
        assert_eq!(segment("000000010000000000000000").previous(size), None);
        assert_eq!(segment("00000001FFFFFFFF000000FF").next(size), None);
    }

    #[test]
    fn a_location_lies_in_the_segment_postgresql_names() {
        // select pg_walfile_name('0/2C000028') on timeline 1
        let lsn = "0/2C000028".parse().unwrap();
        let holding = WalSegment::holding(Timeline::FIRST, lsn, SegmentSize::DEFAULT);
        assert_eq!(holding.to_string(), "00000001000000000000002C");
    }

    #[test]
    fn only_powers_of_two_from_1_mib_to_1_gib_are_segment_sizes() {
        for bytes in [0, 1, 1 << 19, 3 << 20, 1 << 31, 1 << 40] {
            assert!(SegmentSize::new(bytes).is_err(), "{bytes}");
        }
    }

    #[test]
    fn other_files_of_the_archive_are_no_segments() {
        for name in [
            "",
            "00000002.history",
            "000000010000000000000003.partial",
            "00000000000000000000000A",
        ] {
            assert!(name.parse::<WalSegment>().is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_segment_is_found_again_by_its_name_its_start_and_its_neighbours(
            timeline in 1..=u32::MAX, byte in 0..=u64::MAX, power in 20..=30_u32,
        ) {
            let size = SegmentSize::new(1 << power).unwrap();
            let timeline = Timeline::new(timeline).unwrap();
            let segment = WalSegment::holding(timeline, Lsn::new(byte), size);
            prop_assert_eq!(segment.to_string().parse(), Ok(segment));
            prop_assert_eq!(WalSegment::holding(timeline, segment.start(size), size), segment);
            prop_assert!(segment.start(size).byte() <= byte);
            prop_assert!(byte - segment.start(size).byte() < u64::from(size.bytes()));
            if let Some(next) = segment.next(size) {
                prop_assert!(next > segment);
                prop_assert_eq!(next.previous(size), Some(segment));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*", digits in "[0-9A-Fa-fü]{22,26}") {
            let _ = text.parse::<WalSegment>();
            if let Ok(segment) = digits.parse::<WalSegment>() {
                let _ = segment.next(SegmentSize::DEFAULT);
                let _ = segment.previous(SegmentSize::DEFAULT);
                let _ = segment.start(SegmentSize::DEFAULT);
            }
        }
    }
}
