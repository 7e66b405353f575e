//! `is-leader`.

use std::time::{Duration, Instant};

use super::ToolError;
use crate::Juju;

/// Juju promises that a unit it called leader stays so for 30 seconds. A `true` older than this is
/// asked again; the rest is for what the hook still has to do before Juju commits it.
const TRUST_A_YES_FOR: Duration = Duration::from_secs(20);

#[derive(Debug, Default)]
pub(super) struct Session {
    answer: Option<(bool, Instant)>,
}

impl Juju {
    /// Whether this unit is the leader of its application.
    ///
    /// A `true` is remembered for 20 of the 30 seconds for which Juju promises it, a `false` for
    /// the whole hook: who becomes leader meanwhile gets `leader-elected`.
    pub fn is_leader(&self) -> Result<bool, ToolError> {
        let known = self.session().leadership.answer;
        if let Some((leads, asked)) = known
            && (!leads || asked.elapsed() <= TRUST_A_YES_FOR)
        {
            return Ok(leads);
        }
        // Taken before the call: the promise runs from the answer, and this is never later.
        let asked = Instant::now();
        let leads: bool = self.read("is-leader", &[])?;
        self.session().leadership.answer = Some((leads, asked));
        Ok(leads)
    }

    /// Refuses work that only the leader may do. Juju would refuse it as well, but after the hook.
    pub(super) fn must_lead(&self, tool: &str, what: &str) -> Result<(), ToolError> {
        if self.is_leader()? {
            Ok(())
        } else {
            Err(ToolError::not_leader(
                tool,
                format!("cannot {what}: this unit is not the leader"),
            ))
        }
    }
}
