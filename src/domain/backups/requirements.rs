//! The settings that recovery may not have lower than the database whose log it replays.
//!
//! PostgreSQL keeps them in the control file, and a recovery that could be read from stops where it finds a lower one. They
//! are written on each backup too, so that a plan can name them before anything is fetched.

use std::fmt;
use std::str::FromStr;

/// The annotation of a backup that holds them.
pub const ANNOTATION: &str = "requires";

/// PostgreSQL's names for them, in its order. A replica recovers all the time, so it may not have less of them than its
/// primary either.
pub const SETTINGS: [&str; 5] = [
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_transactions",
    "max_locks_per_transaction",
];

/// The settings of a database that its recovery needs at least, in PostgreSQL's order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requirements([u32; 5]);

/// A setting that is lower here than recovery needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// PostgreSQL's name for it.
    pub name: &'static str,
    /// What recovery needs.
    pub needed: u32,
    /// What there is here.
    pub here: u32,
}

impl Requirements {
    /// `max_connections`, `max_worker_processes`, `max_wal_senders`, `max_prepared_transactions` and
    /// `max_locks_per_transaction`.
    pub const fn new(values: [u32; 5]) -> Self {
        Self(values)
    }

    /// Each setting with its value.
    pub fn settings(&self) -> impl Iterator<Item = (&'static str, u32)> {
        SETTINGS.into_iter().zip(self.0)
    }

    /// The least that satisfies both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut values = self.0;
        for (value, other) in values.iter_mut().zip(other.0) {
            *value = (*value).max(other);
        }
        Self(values)
    }

    /// Those that are lower in a cluster with these.
    pub fn raised_from(self, here: Self) -> Vec<Raised> {
        let both = self.settings().zip(here.0);
        both.filter(|((_, needed), here)| needed > here)
            .map(|((name, needed), here)| Raised { name, needed, here })
            .collect()
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, needed, here } = self;
        write!(f, "{name} {needed} instead of {here}")
    }
}

/// The annotation's text, such as `100/8/10/0/64`.
impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&words.join("/"))
    }
}

/// The text is not five numbers between slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not five numbers between slashes")]
pub struct NotRequirements;

impl FromStr for Requirements {
    type Err = NotRequirements;

    fn from_str(text: &str) -> Result<Self, NotRequirements> {
        let values: Result<Vec<u32>, _> = text.split('/').map(str::parse).collect();
        let values = values.map_err(|_| NotRequirements)?;
        values.try_into().map(Self).map_err(|_| NotRequirements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Requirements = Requirements::new([100, 8, 10, 0, 64]);

    #[test]
    fn the_annotation_reads_back_and_nothing_else_does() {
        assert_eq!(HERE.to_string(), "100/8/10/0/64");
        assert_eq!("100/8/10/0/64".parse(), Ok(HERE));
        for text in [
            "",
            "100",
            "100/8/10/0",
            "100/8/10/0/64/1",
            "100/8/10/-1/64",
            "a/b/c/d/e",
        ] {
            assert_eq!(text.parse::<Requirements>(), Err(NotRequirements), "{text}");
        }
    }

    #[test]
    fn only_what_is_lower_here_is_raised() {
        let needed = Requirements::new([200, 8, 5, 10, 64]);
        let raised: Vec<String> = needed
            .raised_from(HERE)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            raised,
            [
                "max_connections 200 instead of 100",
                "max_prepared_transactions 10 instead of 0"
            ]
        );
        assert_eq!(HERE.raised_from(HERE), []);
        assert_eq!(needed.and(HERE), Requirements::new([200, 8, 10, 10, 64]));
    }
}
