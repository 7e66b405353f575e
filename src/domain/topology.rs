//! What of the cluster a unit's hooks should hear of at once, and when they are told.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::observed::{Member, MemberState};

/// Looks in a row that got no answer, before that counts: a member that restarts answers again sooner.
const SILENT_LOOKS: u32 = 5;
/// Looks between two hooks that only tell how far a copy is.
const LOOKS_OF_A_COPY: u32 = 60;

/// Who is a member, who leads, and on which timeline: what changes only when something happens.
///
/// How far a replica is behind, and whatever else changes with every write, is not in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology(String);

impl Topology {
    /// The topology in Patroni's words.
    pub fn of(members: &[Member]) -> Self {
        let mut lines: Vec<String> = members
            .iter()
            .map(|member| {
                let state = match &member.state {
                    MemberState::Running => "running",
                    MemberState::Other(state) => state,
                };
                let mut line = format!("{} {} {state}", member.name, member.role);
                if let Some(timeline) = member.timeline {
                    let _ = write!(line, " {timeline}");
                }
                if member.pending_restart {
                    line.push_str(" to be restarted");
                }
                line
            })
            .collect();
        lines.sort();
        Self(lines.join("\n"))
    }

    /// Patroni does not answer, or cannot: who leads is unknown.
    fn unknown() -> Self {
        Self("unknown".to_owned())
    }
}

/// What was told, and what was seen since.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    told: Option<Topology>,
    silent: u32,
    looks: u32,
}

impl Watch {
    /// Goes on from what was told last, which outlives the watcher.
    pub fn from_told(told: Option<Topology>) -> Self {
        Self {
            told,
            ..Self::default()
        }
    }

    /// What is to be told now, if anything. It is due again with every look until it was told, and now and then while this
    /// unit's database is `copied`: how far that is, people see in the status.
    pub fn look(&mut self, answer: Option<Topology>, copied: bool) -> Option<Topology> {
        self.looks = self.looks.saturating_add(1);
        let now = if let Some(topology) = answer {
            self.silent = 0;
            topology
        } else {
            self.silent = self.silent.saturating_add(1);
            if self.silent < SILENT_LOOKS {
                return None;
            }
            Topology::unknown()
        };
        let goes_on = copied && self.looks > LOOKS_OF_A_COPY;
        (goes_on || self.told.as_ref() != Some(&now)).then_some(now)
    }

    /// A hook has heard of it.
    pub fn told(&mut self, topology: Topology) {
        self.told = Some(topology);
        self.looks = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::observed::Role;
    use crate::domain::words::Timeline;

    fn member(number: u8, role: Role, timeline: u32, lag: Option<u64>) -> Member {
        Member {
            name: format!("pg-{number}").parse().unwrap(),
            role,
            state: MemberState::Running,
            host: format!("10.0.0.{number}"),
            timeline: Timeline::new(timeline).ok(),
            lag,
            pending_restart: false,
        }
    }

    fn led_by(primary: u8, timeline: u32) -> Topology {
        let role = |number| {
            if number == primary {
                Role::Primary
            } else {
                Role::Replica
            }
        };
        let members: Vec<Member> = [1, 2]
            .into_iter()
            .map(|number| member(number, role(number), timeline, Some(0)))
            .collect();
        Topology::of(&members)
    }

    #[test]
    fn lag_and_the_order_of_the_members_are_no_change() {
        let (one, two) = (
            member(1, Role::Primary, 1, None),
            member(2, Role::Replica, 1, Some(0)),
        );
        let later = member(2, Role::Replica, 1, Some(7_000_000));
        assert_eq!(
            Topology::of(&[one.clone(), two]),
            Topology::of(&[later, one])
        );
    }

    #[test]
    fn a_change_is_due_until_it_was_told_and_only_the_newest_is() {
        let mut watch = Watch::from_told(Some(led_by(1, 1)));
        assert_eq!(watch.look(Some(led_by(1, 1)), false), None);
        assert_eq!(watch.look(Some(led_by(2, 2)), false), Some(led_by(2, 2)));
        assert_eq!(watch.look(Some(led_by(1, 3)), false), Some(led_by(1, 3)));
        watch.told(led_by(1, 3));
        assert_eq!(watch.look(Some(led_by(1, 3)), false), None);
    }

    #[test]
    fn a_new_primary_on_the_same_members_and_a_new_timeline_are_changes() {
        assert_ne!(led_by(1, 1), led_by(2, 1));
        assert_ne!(led_by(1, 1), led_by(1, 2));
    }

    #[test]
    fn while_the_database_is_copied_a_hook_is_due_every_minute() {
        let mut watch = Watch::from_told(Some(led_by(1, 1)));
        for _ in 0..2 {
            for _ in 0..LOOKS_OF_A_COPY {
                assert_eq!(watch.look(Some(led_by(1, 1)), true), None);
            }
            assert_eq!(watch.look(Some(led_by(1, 1)), true), Some(led_by(1, 1)));
            watch.told(led_by(1, 1));
        }
        for _ in 0..=LOOKS_OF_A_COPY {
            assert_eq!(watch.look(Some(led_by(1, 1)), false), None);
        }
    }

    #[test]
    fn silence_counts_only_when_it_lasts_and_is_told_once() {
        let mut watch = Watch::from_told(Some(led_by(1, 1)));
        let mut due = None;
        for _ in 1..SILENT_LOOKS {
            assert_eq!(watch.look(None, false), None);
        }
        due = watch.look(None, false).or(due);
        let unknown = due.expect("it lasts");
        watch.told(unknown);
        assert_eq!(watch.look(None, false), None);
        assert_eq!(watch.look(Some(led_by(1, 1)), false), Some(led_by(1, 1)));
    }
}
