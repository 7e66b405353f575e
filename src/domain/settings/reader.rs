//! Reading options one by one while keeping every problem.

use std::collections::BTreeMap;

use super::declaration::{Declaration, Kind};
use super::{Machine, OptionValue, Problem};

/// The options, and what was found wrong with them so far.
pub(super) struct Reader<'a> {
    options: &'a BTreeMap<String, OptionValue>,
    machine: &'a Machine,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(options: &'a BTreeMap<String, OptionValue>, machine: &'a Machine) -> Self {
        Self {
            options,
            machine,
            problems: Vec::new(),
        }
    }

    /// Everything that was wrong, by the name of the option.
    pub(super) fn finish(mut self) -> Result<(), Vec<Problem>> {
        self.problems
            .sort_by(|left, right| left.option.cmp(&right.option));
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(self.problems)
        }
    }

    pub(super) fn problem(&mut self, option: String, message: String, hint: impl Into<String>) {
        self.problems.push(Problem {
            option,
            message,
            hint: hint.into(),
        });
    }

    /// The name under which an option is set: the hyphenated one wins; the hyphenated one when it is not set at all.
    pub(super) fn name_in_use(&self, option: &Declaration) -> String {
        self.given(option)
            .map_or_else(|| option.name.to_owned(), |(name, _)| name)
    }

    /// The value of an option, or its default. `None` when it has neither, and when the value is wrong, which is noted.
    pub(super) fn read(&mut self, option: &Declaration) -> Option<OptionValue> {
        let Some((name, given)) = self.given(option) else {
            return option.kind.default();
        };
        let checked = check(option.kind, given, self.machine);
        if let Err(message) = &checked {
            let hint = format!("allowed: {}", option.kind.allowed());
            self.problem(name, message.clone(), hint);
        }
        checked.ok()
    }

    pub(super) fn text(&mut self, option: &Declaration) -> Option<String> {
        match self.read(option)? {
            OptionValue::String(text) => Some(text),
            OptionValue::Int(_) | OptionValue::Float(_) | OptionValue::Bool(_) => None,
        }
    }

    pub(super) fn int(&mut self, option: &Declaration) -> Option<i64> {
        match self.read(option)? {
            OptionValue::Int(number) => Some(number),
            OptionValue::String(_) | OptionValue::Float(_) | OptionValue::Bool(_) => None,
        }
    }

    pub(super) fn truth(&mut self, option: &Declaration) -> Option<bool> {
        match self.read(option)? {
            OptionValue::Bool(truth) => Some(truth),
            OptionValue::String(_) | OptionValue::Int(_) | OptionValue::Float(_) => None,
        }
    }

    /// An empty text is how Juju's users unset an option.
    fn given(&self, option: &Declaration) -> Option<(String, &'a OptionValue)> {
        let set = |name: String| {
            let value = self.options.get(&name)?;
            let empty = matches!(value, OptionValue::String(text) if text.is_empty());
            (!empty).then_some((name, value))
        };
        set(option.name.to_owned()).or_else(|| set(option.underscored()?))
    }
}

/// The value, in the type of the option, or what is wrong with it.
fn check(kind: Kind, given: &OptionValue, machine: &Machine) -> Result<OptionValue, String> {
    let wrong = || format!("cannot be {given}");
    match (kind, given) {
        (Kind::Bool { .. }, OptionValue::Bool(_)) => Ok(given.clone()),
        (Kind::Int { least, most, .. }, OptionValue::Int(number)) => {
            if (least..=most).contains(number) {
                Ok(given.clone())
            } else {
                Err(wrong())
            }
        }
        (Kind::Float { least, most, .. }, OptionValue::Int(_) | OptionValue::Float(_)) => {
            let number = as_float(given);
            if (least..=most).contains(&number) {
                Ok(OptionValue::Float(number))
            } else {
                Err(wrong())
            }
        }
        (Kind::Choice { allowed, .. }, OptionValue::String(text)) => {
            if allowed.contains(&text.as_str()) {
                Ok(given.clone())
            } else {
                Err(wrong())
            }
        }
        (Kind::Text { shape, .. }, OptionValue::String(text)) => {
            if shape.fits(text, machine) {
                Ok(given.clone())
            } else {
                Err(wrong())
            }
        }
        (kind, _) => Err(format!(
            "is of type {} and cannot be {given}",
            kind.type_name()
        )),
    }
}

/// Juju writes the float 2.0 as 2.
#[allow(
    clippy::cast_precision_loss,
    reason = "no option takes numbers near 2^53"
)]
fn as_float(value: &OptionValue) -> f64 {
    match value {
        OptionValue::Int(number) => *number as f64,
        OptionValue::Float(number) => *number,
        OptionValue::String(_) | OptionValue::Bool(_) => f64::NAN,
    }
}
