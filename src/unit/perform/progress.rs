//! Progress of pgBackRest, for the one who waits for an action.

use crate::adapters::pgbackrest::progress;
use crate::unit::Unit;

/// A line for every ten percent.
pub(super) struct Progress<'a, 'b> {
    unit: &'a Unit<'b>,
    what: &'static str,
    next: f64,
}

impl<'a, 'b> Progress<'a, 'b> {
    pub(super) fn of(unit: &'a Unit<'b>, what: &'static str) -> Self {
        Self {
            unit,
            what,
            next: 10.0,
        }
    }

    /// Takes a line that pgBackRest logged.
    pub(super) fn line(&mut self, line: &str) {
        let reached = progress::percent(line).filter(|percent| *percent >= self.next);
        if let Some(percent) = reached {
            self.unit.tell(&format!("{} {percent:.0} %", self.what));
            self.next = percent + 10.0;
        }
    }
}
