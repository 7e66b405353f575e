//! What the values of options are checked against and derived from.

use std::collections::BTreeSet;

/// The machine a unit runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Physical memory, in bytes.
    pub memory: u64,
    /// Processors.
    pub cpus: u32,
    /// The names `locale -a` prints; `None` when nobody asked, and then any name of the right form is taken.
    pub locales: Option<BTreeSet<String>>,
    /// The time zones the machine knows, such as `Europe/Prague`; `None` when nobody asked.
    pub time_zones: Option<BTreeSet<String>>,
}

impl Machine {
    /// A machine of which only the size is known.
    pub fn new(memory: u64, cpus: u32) -> Self {
        Self {
            memory,
            cpus,
            locales: None,
            time_zones: None,
        }
    }
}
