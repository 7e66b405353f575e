//! `Condition…=` and `Assert…=`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::machine::unit::definition::{Check, Condition};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Met,
    /// The start is skipped and counts as done.
    Skip,
    /// The start fails.
    Refuse,
}

pub(super) fn check(conditions: &[Condition]) -> Verdict {
    if !holds(conditions.iter().filter(|condition| condition.assertion)) {
        return Verdict::Refuse;
    }
    if !holds(conditions.iter().filter(|condition| !condition.assertion)) {
        return Verdict::Skip;
    }
    Verdict::Met
}

/// All plain conditions hold, and at least one of the triggering ones if there are any.
fn holds<'a>(conditions: impl Iterator<Item = &'a Condition>) -> bool {
    let (triggering, plain): (Vec<_>, Vec<_>) =
        conditions.partition(|condition| condition.triggering);
    plain.into_iter().all(is_met) && (triggering.is_empty() || triggering.into_iter().any(is_met))
}

fn is_met(condition: &Condition) -> bool {
    let path = &condition.path;
    let met = match condition.check {
        Check::PathExists => path.exists(),
        Check::PathIsDirectory => path.is_dir(),
        Check::DirectoryNotEmpty => {
            fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
        }
        Check::FileNotEmpty => {
            fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() > 0)
        }
        Check::FileIsExecutable => fs::metadata(path)
            .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0),
    };
    met != condition.negated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exists(path: &str, negated: bool, triggering: bool) -> Condition {
        Condition {
            check: Check::PathExists,
            path: path.into(),
            negated,
            assertion: false,
            triggering,
        }
    }

    #[test]
    fn plain_conditions_must_all_hold() {
        assert_eq!(check(&[]), Verdict::Met);
        assert_eq!(check(&[exists("/", false, false)]), Verdict::Met);
        assert_eq!(
            check(&[exists("/", false, false), exists("/nowhere", false, false)]),
            Verdict::Skip
        );
        assert_eq!(check(&[exists("/nowhere", true, false)]), Verdict::Met);
    }

    #[test]
    fn one_triggering_condition_is_enough() {
        let here = exists("/", false, true);
        let gone = exists("/nowhere", false, true);
        assert_eq!(check(&[here, gone.clone()]), Verdict::Met);
        assert_eq!(check(&[gone]), Verdict::Skip);
    }

    #[test]
    fn a_failed_assertion_refuses() {
        let mut condition = exists("/nowhere", false, false);
        condition.assertion = true;
        assert_eq!(check(&[condition]), Verdict::Refuse);
    }
}
