//! Machines as the model sees them.

use super::Life;
use super::constraints::Constraints;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts: each may hold without the others"
)]
pub struct Machine {
    /// Number within the model.
    pub number: u32,
    /// Number within the lab: names the root directory and the address.
    /// None until the lab found a place for it.
    pub slot: Option<u32>,
    pub life: Life,
    pub created: Timestamp,
    /// When it came up, if it is up.
    pub started: Option<Timestamp>,
    /// False between a power cut and the next power-on.
    pub powered: bool,
    /// The operator added it, and no unit was placed there yet: it stays although it is empty.
    #[serde(default)]
    pub kept: bool,
    /// True while it hangs.
    #[serde(default)]
    pub frozen: bool,
    /// What it was asked to be.
    #[serde(default)]
    pub constraints: Constraints,
    /// True while nobody on the network reaches it, nor it anybody.
    #[serde(default)]
    pub cut_off: bool,
    /// Counts boots; agents run `start` again when it grew.
    pub boot: u64,
}

impl Machine {
    pub fn new(number: u32, now: Timestamp) -> Self {
        Self {
            number,
            slot: None,
            life: Life::Alive,
            created: now,
            started: None,
            powered: true,
            kept: false,
            frozen: false,
            constraints: Constraints::new(),
            cut_off: false,
            boot: 1,
        }
    }

    /// Whether its units' agents can work.
    pub fn is_up(&self) -> bool {
        self.powered && !self.frozen && self.started.is_some()
    }
}
