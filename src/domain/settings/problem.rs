//! What is wrong with an option.

use std::fmt;

/// One thing that is wrong with one option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The option, by the name under which it was set.
    pub option: String,
    /// The fact.
    pub message: String,
    /// The way out.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.option, self.message, self.hint)
    }
}
