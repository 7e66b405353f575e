//! The one error of a step: what was attempted, what happened, and the way out when there is one.

use std::fmt;

use crate::domain::plan::Step;

/// A step that did not take effect.
#[derive(Debug)]
pub struct StepError {
    step: Option<String>,
    problem: String,
    hint: String,
    expected: bool,
    remembered: bool,
}

impl StepError {
    /// Something that happens in a healthy charm: a wrong key, an unreachable store. It is shown, and tried again.
    pub fn expected(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            step: None,
            problem: problem.into(),
            hint: hint.into(),
            expected: true,
            remembered: false,
        }
    }

    /// Something that should not have happened, with its whole chain of causes.
    pub fn because(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut problem = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !problem.contains(&text) {
                problem = format!("{problem}: {text}");
            }
            cause = inner.source();
        }
        Self {
            step: None,
            problem,
            hint: String::new(),
            expected: false,
            remembered: false,
        }
    }

    /// The same, when the next look will show it: the loop then goes on instead of ending here.
    #[must_use]
    pub fn remembered(mut self) -> Self {
        self.remembered = true;
        self
    }

    /// Whether the next look will show it.
    pub fn is_remembered(&self) -> bool {
        self.remembered
    }

    /// The same, saying in which step.
    #[must_use]
    pub fn during(mut self, step: &Step) -> Self {
        self.step.get_or_insert_with(|| step.to_string());
        self
    }

    /// What happened.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// The way out; empty when there is none to name.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// Whether this happens in a healthy charm.
    pub fn is_expected(&self) -> bool {
        self.expected
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.step, self.expected) {
            (Some(step), false) => write!(f, "failed to {step}: {}", self.problem)?,
            _ => write!(f, "{}", self.problem)?,
        }
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for StepError {}
