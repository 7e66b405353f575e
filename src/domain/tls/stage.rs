//! How far the cluster is with TLS, and how it goes on: one stage at a time, all units together.
//!
//! A client of one stage reaches a server of the same stage and of both neighbours. So nobody is ever cut off as long as
//! no two units are further apart than one stage, and that is the one thing decided here.
//!
//! The leader sets a [`Course`], and each unit says which course it has followed. While any unit has not, all are
//! somewhere between the two stages of the present course, and the only other course there may be is the way back. That a
//! unit was at a stage once says nothing: it may have left since, and died on the way before it could tell.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::material::fingerprint;
use crate::domain::words::MemberName;

/// A stage on the way from plaintext to TLS, in this order; back again it is the same in the other direction.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Everything is plaintext.
    #[default]
    Off,
    /// Servers speak TLS and plaintext, clients plaintext.
    Both,
    /// Servers speak both, clients TLS.
    Use,
    /// Servers speak TLS only.
    Only,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 4] = [Self::Off, Self::Both, Self::Use, Self::Only];

    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Both => "both",
            Self::Use => "use",
            Self::Only => "only",
        }
    }

    /// Whether servers accept TLS.
    pub fn serves(self) -> bool {
        self >= Self::Both
    }

    /// Whether clients use TLS.
    pub fn uses(self) -> bool {
        self >= Self::Use
    }

    /// Whether servers refuse plaintext.
    pub fn refuses_plaintext(self) -> bool {
        self == Self::Only
    }

    /// The next stage towards another; the same when it is reached.
    fn towards(self, goal: Self) -> Self {
        let position = |stage| Self::ALL.iter().position(|it| *it == stage).unwrap_or(0);
        let (here, there) = (position(self), position(goal));
        let next = match here.cmp(&there) {
            std::cmp::Ordering::Less => here + 1,
            std::cmp::Ordering::Equal => here,
            std::cmp::Ordering::Greater => here - 1,
        };
        Self::ALL.get(next).copied().unwrap_or(self)
    }
}

/// Where all units go, in the leader's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The stage they go to.
    pub stage: Stage,
    /// The stage they come from.
    pub from: Stage,
    /// Tells one course from the next.
    pub number: u64,
}

/// What a unit tells its peers of its TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The stage it has reached.
    pub stage: Stage,
    /// The course that brought it there.
    pub course: u64,
    /// The authorities of the certificates it uses or is about to use, PEM.
    #[serde(default)]
    pub authorities: Vec<String>,
    /// SHA-256 of each authority that all of its programs trust.
    #[serde(default)]
    pub trusts: BTreeSet<String>,
}

impl Announcement {
    /// Whether its programs trust all of these.
    pub fn trusts_all<'a>(&self, authorities: impl IntoIterator<Item = &'a String>) -> bool {
        authorities
            .into_iter()
            .all(|pem| self.trusts.contains(&fingerprint(pem)))
    }
}

/// What the leader makes of what the units tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// There is nothing to change.
    Reached,
    /// All units may go there.
    Go(Course),
    /// One of these units is not there yet.
    Waits {
        /// What each of them has to do.
        until: Lack,
        /// Which.
        units: Vec<MemberName>,
    },
}

/// What a unit lacks before the cluster can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A certificate.
    Certificate,
    /// It has not reached the present stage.
    Stage,
    /// It does not trust the others' authorities yet.
    Trust,
}

/// Where the cluster goes next: towards TLS when it is `wanted`, otherwise away from it.
pub fn next(
    present: Course,
    wanted: bool,
    units: &BTreeMap<MemberName, Option<Announcement>>,
) -> Next {
    let at = present.stage;
    let goal = if wanted { Stage::Only } else { Stage::Off };
    let next = at.towards(goal);
    let silent = Announcement::default();
    let lacking = |lacks: &dyn Fn(&Announcement) -> bool| -> Vec<MemberName> {
        let each = units.iter();
        each.filter(|(_, said)| lacks(said.as_ref().unwrap_or(&silent)))
            .map(|(name, _)| name.clone())
            .collect()
    };
    let followed = |said: &Announcement| said.course == present.number && said.stage == at;
    let behind = lacking(&|said| !followed(said));
    if next == at {
        if behind.is_empty() {
            return Next::Reached;
        }
        return Next::Waits {
            until: Lack::Stage,
            units: behind,
        };
    }
    let on_the_way = if next == present.from {
        Vec::new()
    } else {
        behind
    };
    let first = wanted && at == Stage::Off;
    let uncertified = lacking(&|said| first && said.authorities.is_empty());
    let all: Vec<&String> = units
        .values()
        .flatten()
        .flat_map(|said| &said.authorities)
        .collect();
    let uses = next.uses() && next > at;
    let trustless = lacking(&|said| uses && !said.trusts_all(all.iter().copied()));
    let lacks = [
        (Lack::Certificate, uncertified),
        (Lack::Stage, on_the_way),
        (Lack::Trust, trustless),
    ];
    match lacks.into_iter().find(|(_, units)| !units.is_empty()) {
        Some((until, units)) => Next::Waits { until, units },
        None => Next::Go(Course {
            stage: next,
            from: at,
            number: present.number + 1,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(number: u8) -> MemberName {
        format!("postgresql-{number}").parse().unwrap()
    }

    fn said(course: Course) -> Announcement {
        let authority = "authority".to_owned();
        Announcement {
            stage: course.stage,
            course: course.number,
            trusts: [fingerprint(&authority)].into(),
            authorities: vec![authority],
        }
    }

    fn units(
        said: impl IntoIterator<Item = Announcement>,
    ) -> BTreeMap<MemberName, Option<Announcement>> {
        (0..).map(unit).zip(said.into_iter().map(Some)).collect()
    }

    fn course(from: Stage, stage: Stage, number: u64) -> Course {
        Course {
            stage,
            from,
            number,
        }
    }

    #[test]
    fn all_units_go_together_through_every_stage_and_back() {
        let mut at = Course::default();
        let mut way = Vec::new();
        for wanted in [true, false] {
            loop {
                match next(at, wanted, &units([said(at), said(at), said(at)])) {
                    Next::Go(course) => at = course,
                    Next::Reached => break,
                    other @ Next::Waits { .. } => panic!("{other:?}"),
                }
                way.push((at.stage.word(), at.number));
            }
        }
        assert_eq!(
            way,
            [
                ("both", 1),
                ("use", 2),
                ("only", 3),
                ("use", 4),
                ("both", 5),
                ("off", 6)
            ]
        );
    }

    #[test]
    fn the_last_unit_is_waited_for() {
        let before = course(Stage::Off, Stage::Both, 1);
        let present = course(Stage::Both, Stage::Use, 2);
        assert_eq!(
            next(present, true, &units([said(present), said(before)])),
            Next::Waits {
                until: Lack::Stage,
                units: vec![unit(1)]
            }
        );
    }

    #[test]
    fn who_changes_his_mind_half_way_turns_back_at_once_and_no_further() {
        let before = course(Stage::Off, Stage::Both, 1);
        let present = course(Stage::Both, Stage::Use, 2);
        let half = units([said(present), said(before)]);
        let back = course(Stage::Use, Stage::Both, 3);
        assert_eq!(next(present, false, &half), Next::Go(back));
        assert_eq!(
            next(back, false, &half),
            Next::Waits {
                until: Lack::Stage,
                units: vec![unit(0), unit(1)]
            }
        );
        let forward = course(Stage::Both, Stage::Use, 4);
        assert_eq!(next(back, true, &half), Next::Go(forward));
    }

    #[test]
    fn that_a_unit_was_at_the_stage_before_is_not_enough() {
        let first = course(Stage::Off, Stage::Both, 1);
        let again = course(Stage::Off, Stage::Both, 3);
        assert_eq!(
            next(again, true, &units([said(again), said(first)])),
            Next::Waits {
                until: Lack::Stage,
                units: vec![unit(1)]
            }
        );
    }

    #[test]
    fn a_unit_without_a_certificate_or_without_a_word_holds_the_beginning() {
        for silent in [None, Some(Announcement::default())] {
            let off = Course::default();
            let all = BTreeMap::from([(unit(0), Some(said(off))), (unit(1), silent)]);
            assert_eq!(
                next(off, true, &all),
                Next::Waits {
                    until: Lack::Certificate,
                    units: vec![unit(1)]
                }
            );
        }
    }

    #[test]
    fn nobody_uses_tls_before_all_trust_all_authorities() {
        let both = course(Stage::Off, Stage::Both, 1);
        let mut other = said(both);
        other.authorities = vec!["another authority".to_owned()];
        assert_eq!(
            next(both, true, &units([said(both), other])),
            Next::Waits {
                until: Lack::Trust,
                units: vec![unit(0), unit(1)]
            }
        );
    }

    #[test]
    fn words_survive_the_databag() {
        let both = course(Stage::Off, Stage::Both, 1);
        let json = serde_json::to_string(&both).unwrap();
        assert_eq!(json, r#"{"stage":"both","from":"off","number":1}"#);
        assert_eq!(serde_json::from_str::<Course>(&json).unwrap(), both);
        let announcement = said(both);
        let json = serde_json::to_string(&announcement).unwrap();
        assert!(
            json.starts_with(
                r#"{"stage":"both","course":1,"authorities":["authority"],"trusts":[""#
            )
        );
        assert_eq!(
            serde_json::from_str::<Announcement>(&json).unwrap(),
            announcement
        );
    }
}
