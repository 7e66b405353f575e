//! Timeline history files: how a timeline came about.

use std::fmt;

use super::ini::Unreadable;
use crate::domain::words::{Lsn, Timeline};

/// A step of a timeline's history: an earlier timeline, and where it was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    pub from: Timeline,
    /// WAL from here on belongs to the next timeline.
    pub at: Lsn,
    /// PostgreSQL's words, such as `no recovery target specified` for a promotion.
    pub reason: String,
}

/// The history of a timeline, as `0000000N.history` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub timeline: Timeline,
    /// All ancestors, oldest first; the last is the parent.
    pub branches: Vec<Branch>,
}

impl History {
    /// Parses the text of the history file of `timeline`. PostgreSQL skips empty lines and comments, and lets the
    /// reason be anything.
    pub fn parse(timeline: Timeline, text: &str) -> Result<Self, Unreadable> {
        let file = "a timeline history file";
        let mut branches: Vec<Branch> = Vec::new();
        for (content, line) in text.lines().zip(1..) {
            let content = content.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let mut words = content.splitn(3, char::is_whitespace);
            let (Some(from), Some(at)) = (words.next(), words.next()) else {
                return Err(Unreadable::Branch { file, line });
            };
            let word = |source| Unreadable::Word { file, line, source };
            let from: Timeline = from.parse().map_err(word)?;
            let at = at.parse().map_err(word)?;
            // A timeline descends from earlier ones, in order.
            if from >= timeline || branches.last().is_some_and(|last| last.from >= from) {
                return Err(Unreadable::Branch { file, line });
            }
            let reason = words.next().unwrap_or_default().trim().to_owned();
            branches.push(Branch { from, at, reason });
        }
        Ok(Self { timeline, branches })
    }

    /// The timeline it branched off from; the first has none.
    pub fn parent(&self) -> Option<&Branch> {
        self.branches.last()
    }

    /// Where this timeline's history left `ancestor`; `None` when that is no ancestor.
    pub fn left(&self, ancestor: Timeline) -> Option<Lsn> {
        self.branches
            .iter()
            .find(|branch| branch.from == ancestor)
            .map(|branch| branch.at)
    }
}

/// As PostgreSQL writes it.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.branches
            .iter()
            .try_for_each(|branch| writeln!(f, "{}\t{}\t{}", branch.from, branch.at, branch.reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn timeline(number: u32) -> Timeline {
        Timeline::new(number).unwrap()
    }

    #[test]
    fn a_real_file_gives_each_ancestor_where_it_was_left_and_why() {
        let text = include_str!("recorded/00000004.history");
        let history = History::parse(timeline(4), text).unwrap();
        let branch = |from, at: &str, reason: &str| Branch {
            from: timeline(from),
            at: at.parse().unwrap(),
            reason: reason.to_owned(),
        };
        assert_eq!(
            history.branches,
            [
                branch(1, "0/9000000", "before 2026-11-27 16:29:01.993757+00"),
                branch(2, "0/B000000", "no recovery target specified"),
            ]
        );
        assert_eq!(history.parent().unwrap().from, timeline(2));
        assert_eq!(
            history.left(timeline(1)),
            Some("0/9000000".parse().unwrap())
        );
        assert_eq!(history.left(timeline(3)), None);
    }

    #[test]
    fn comments_and_missing_reasons_are_taken_as_postgresql_takes_them() {
        let history = History::parse(timeline(3), "# made by hand\n\n 1 0/3000000\n").unwrap();
        assert_eq!(history.branches.len(), 1);
        assert_eq!(history.branches[0].reason, "");
    }

    #[test]
    fn ancestors_that_are_not_earlier_or_not_in_order_are_refused() {
        for text in [
            "3\t0/1\tx",
            "4\t0/1\tx",
            "2\t0/1\tx\n1\t0/2\tx",
            "1\t0/1\tx\n1\t0/2\tx",
            "1",
            "0 0/1",
            "a 0/1",
        ] {
            assert!(History::parse(timeline(3), text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_history_reads_back(branches in proptest::collection::btree_map(1..1000_u32, (any::<u64>(), "[a-z0-9]{1,9}( [a-z0-9]{1,9})?"), 0..20)) {
            let history = History {
                timeline: timeline(1000),
                branches: (branches.into_iter())
                    .map(|(from, (at, reason))| Branch { from: timeline(from), at: Lsn::new(at), reason })
                    .collect(),
            };
            let read = History::parse(timeline(1000), &history.to_string()).unwrap();
            prop_assert_eq!(read, history);
        }

        #[test]
        fn any_text_is_read_without_panic(text in "([0-9a-f]{0,3}[ \t]?[0-9A-F/]{0,9}[ \t]?[ -~ü]{0,9}\n?){0,6}") {
            let _ = History::parse(timeline(9), &text);
        }
    }
}
