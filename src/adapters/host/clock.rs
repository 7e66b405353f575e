//! Time: what the wall clock says, and how long a call may still take.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The wall clock.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Waits.
pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

/// The moment by which a call has to be over.
///
/// A hook makes one and hands it to everything it calls, so that the sum of all waits is bounded, not each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    at: Instant,
}

impl Deadline {
    /// A deadline `duration` from now.
    pub fn after(duration: Duration) -> Self {
        // A duration too long for the clock is capped to a century, which nobody waits out.
        const CENTURY: Duration = Duration::from_hours(100 * 366 * 24);
        let now = Instant::now();
        let at = now.checked_add(duration.min(CENTURY)).unwrap_or(now);
        Self { at }
    }

    /// A deadline `seconds` from now.
    pub fn seconds(seconds: u64) -> Self {
        Self::after(Duration::from_secs(seconds))
    }

    /// The earlier one of this deadline and `duration` from now: the bound of a part of the work.
    #[must_use]
    pub fn at_most(self, duration: Duration) -> Self {
        self.min(Self::after(duration))
    }

    /// What is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn is_over(self) -> bool {
        self.remaining().is_zero()
    }

    /// The deadline as a moment of the monotonic clock, for libraries that take one.
    pub fn instant(self) -> Instant {
        self.at
    }
}

/// How long something has gone on.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    since: Instant,
}

impl Stopwatch {
    /// Begins now.
    pub fn start() -> Self {
        Self {
            since: Instant::now(),
        }
    }

    /// The time since it began.
    pub fn elapsed(self) -> Duration {
        self.since.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_never_outlives_the_whole() {
        let whole = Deadline::seconds(10);
        assert_eq!(whole.at_most(Duration::from_hours(1)), whole);
        assert!(whole.at_most(Duration::from_secs(1)) < whole);
    }

    #[test]
    fn a_deadline_that_passed_has_nothing_left() {
        let past = Deadline::after(Duration::ZERO);
        assert!(past.is_over());
        assert_eq!(past.remaining(), Duration::ZERO);
    }

    #[test]
    fn a_duration_beyond_the_clock_is_far_away_and_not_now() {
        assert!(!Deadline::after(Duration::MAX).is_over());
    }
}
