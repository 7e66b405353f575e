//! What to do: a closed set of steps that print as sentences.
//!
//! The same text is the log line, the dry run, the golden test and the bug report. A plan leaves no choice to whoever
//! performs it.

mod sentence;
mod step;

use std::fmt;

pub use step::Step;

/// Steps in order, and the ones that follow even after one of them failed.
#[must_use = "a plan nobody performs changes nothing"]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What it is for, as a line.
    pub purpose: String,
    /// The steps.
    pub steps: Vec<Step>,
    /// The steps performed in any case.
    pub always: Vec<Step>,
}

impl Plan {
    /// A plan for a purpose.
    pub fn new(purpose: impl Into<String>, steps: Vec<Step>) -> Self {
        Self {
            purpose: purpose.into(),
            steps,
            always: Vec::new(),
        }
    }

    /// The same plan, with steps performed in any case.
    pub fn always(mut self, always: Vec<Step>) -> Self {
        self.always = always;
        self
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.purpose)?;
        for (number, step) in (1..).zip(&self.steps) {
            write!(f, "\n  {number}. {step}")?;
        }
        if !self.always.is_empty() {
            write!(f, "\nalways")?;
            for (number, step) in (self.steps.len() + 1..).zip(&self.always) {
                write!(f, "\n  {number}. {step}")?;
            }
        }
        Ok(())
    }
}
