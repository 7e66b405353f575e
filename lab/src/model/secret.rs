//! Secrets: revisions, who may read them, and who reads which revision.

use super::identity;
use super::{Life, Model};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Serialize, Deserialize)]
pub struct Secret {
    /// Bare id.
    pub id: String,
    pub owner: Owner,
    /// The owner's label; for user secrets the name.
    pub label: Option<String>,
    pub description: String,
    pub rotate: Rotate,
    pub rotates: Option<Timestamp>,
    /// Expiry of the latest revision.
    pub expires: Option<Timestamp>,
    pub latest: u64,
    pub revisions: BTreeMap<u64, Revision>,
    /// What each unit that ever read the secret tracks.
    pub consumers: BTreeMap<String, Consumer>,
    pub grants: Vec<Grant>,
    /// User secrets: obsolete revisions go by themselves.
    pub auto_prune: bool,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Revision {
    pub content: BTreeMap<String, String>,
    pub created: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    Application(String),
    Unit(String),
    Model,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    pub revision: u64,
    pub label: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// An application's name, or a unit's.
    pub to: String,
    /// The relation it is bound to; none for grants of the operator.
    pub relation: Option<u64>,
    /// Void while that relation is suspended.
    #[serde(default)]
    pub suspended: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rotate {
    #[default]
    Never,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    Yearly,
}

impl Rotate {
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(text.into()).ok()
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }

    /// When a secret rotated at `now` is due again. Months count 30 days, as precise as a policy by name needs.
    pub fn next(self, now: Timestamp) -> Option<Timestamp> {
        let hours = match self {
            Self::Never => return None,
            Self::Hourly => 1,
            Self::Daily => 24,
            Self::Weekly => 7 * 24,
            Self::Monthly => 30 * 24,
            Self::Quarterly => 91 * 24,
            Self::Yearly => 365 * 24,
        };
        Some(now + SignedDuration::from_hours(hours))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("id", &self.id)
            .field("owner", &self.owner)
            .field("latest", &self.latest)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revision")
            .field("keys", &self.content.keys())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(name) | Self::Unit(name) => f.write_str(name),
            Self::Model => f.write_str("<model>"),
        }
    }
}

impl Owner {
    /// `application-pg`, `unit-pg-0`, or `model-` and the model's UUID.
    pub fn tag(&self, model: &str) -> String {
        match self {
            Self::Application(name) => format!("application-{name}"),
            Self::Unit(name) => super::identity::unit_tag(name),
            Self::Model => format!("model-{model}"),
        }
    }
}

impl Secret {
    pub fn new(
        id: String,
        owner: Owner,
        content: BTreeMap<String, String>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            owner,
            label: None,
            description: String::new(),
            rotate: Rotate::Never,
            rotates: None,
            expires: None,
            latest: 1,
            revisions: BTreeMap::from([(
                1,
                Revision {
                    content,
                    created: now,
                },
            )]),
            consumers: BTreeMap::new(),
            grants: Vec::new(),
            auto_prune: false,
            created: now,
            updated: now,
        }
    }

    /// True if this unit belongs to the owner.
    pub fn is_owned_by(&self, unit: &str) -> bool {
        match &self.owner {
            Owner::Application(application) => application == identity::application_of(unit),
            Owner::Unit(owner) => owner == unit,
            Owner::Model => false,
        }
    }

    /// True if this unit may change the secret: the owner unit, or the owner application's leader.
    pub fn is_managed_by(&self, unit: &str, leader: bool) -> bool {
        self.is_owned_by(unit) && (leader || matches!(self.owner, Owner::Unit(_)))
    }

    pub fn may_read(&self, unit: &str) -> bool {
        let application = identity::application_of(unit);
        self.is_owned_by(unit)
            || self
                .grants
                .iter()
                .any(|grant| !grant.suspended && (grant.to == unit || grant.to == application))
    }

    /// Adds a revision unless the latest has the same content.
    pub fn add_revision(&mut self, content: BTreeMap<String, String>, now: Timestamp) {
        if self
            .revisions
            .get(&self.latest)
            .is_some_and(|latest| latest.content == content)
        {
            return;
        }
        self.latest += 1;
        self.revisions.insert(
            self.latest,
            Revision {
                content,
                created: now,
            },
        );
        self.updated = now;
        self.rotates = self.rotate.next(now);
        self.expires = None;
        self.prune();
    }

    /// Revisions that are not the latest and that nobody tracks.
    pub fn obsolete(&self) -> Vec<u64> {
        let tracked = |revision: u64| {
            self.consumers
                .values()
                .any(|consumer| consumer.revision == revision)
        };
        self.revisions
            .keys()
            .copied()
            .filter(|revision| *revision != self.latest && !tracked(*revision))
            .collect()
    }

    /// Drops obsolete revisions of user secrets that ask for it.
    pub fn prune(&mut self) {
        if self.auto_prune {
            for revision in self.obsolete() {
                self.revisions.remove(&revision);
            }
        }
    }

    /// Moves a consumer to a revision; a label replaces the one it had.
    pub fn track(&mut self, unit: &str, revision: u64, label: Option<&str>) {
        let consumer = self.consumers.entry(unit.to_owned()).or_insert(Consumer {
            revision,
            label: None,
        });
        consumer.revision = revision;
        if let Some(label) = label {
            consumer.label = Some(label.to_owned());
        }
        self.prune();
    }

    /// SHA-256 over the revision's content as compact JSON with sorted keys, in hex.
    pub fn checksum(&self, revision: u64) -> Option<String> {
        let content = &self.revisions.get(&revision)?.content;
        let text = serde_json::to_vec(content).ok()?;
        Some(identity::hex(&Sha256::digest(text)))
    }
}

impl Model {
    /// A secret that this unit can name by a label: its own consumer label first, then its owner's label.
    pub fn secret_by_label(&self, unit: &str, label: &str) -> Option<&Secret> {
        let consumed = |secret: &&Secret| {
            secret
                .consumers
                .get(unit)
                .is_some_and(|consumer| consumer.label.as_deref() == Some(label))
        };
        let owned =
            |secret: &&Secret| secret.is_owned_by(unit) && secret.label.as_deref() == Some(label);
        self.secrets
            .values()
            .find(consumed)
            .or_else(|| self.secrets.values().find(owned))
    }

    /// Drops grants bound to a relation, when it goes.
    pub fn revoke_by_relation(&mut self, relation: u64) {
        for secret in self.secrets.values_mut() {
            secret
                .grants
                .retain(|grant| grant.relation != Some(relation));
        }
    }

    /// Makes grants bound to a relation void while it is suspended.
    pub fn suspend_grants(&mut self, relation: u64, suspended: bool) {
        for secret in self.secrets.values_mut() {
            for grant in &mut secret.grants {
                if grant.relation == Some(relation) {
                    grant.suspended = suspended;
                }
            }
        }
    }

    /// Forgets a removed unit: its secrets, its pins and grants to it.
    pub fn forget_unit_in_secrets(&mut self, unit: &str) {
        self.secrets
            .retain(|_, secret| secret.owner != Owner::Unit(unit.to_owned()));
        for secret in self.secrets.values_mut() {
            secret.consumers.remove(unit);
            secret.grants.retain(|grant| grant.to != unit);
            secret.prune();
        }
    }

    /// Whether an alive unit still could rotate or expire this secret.
    pub fn has_living_owner(&self, secret: &Secret) -> bool {
        match &secret.owner {
            Owner::Application(name) => self
                .applications
                .get(name)
                .is_some_and(|application| application.life == Life::Alive),
            Owner::Unit(name) => self
                .units
                .get(name)
                .is_some_and(|unit| unit.life == Life::Alive),
            Owner::Model => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        let content = BTreeMap::from([("password".to_owned(), "one".to_owned())]);
        Secret::new(
            "d0vdtqnmp25c762e7jug".into(),
            Owner::Application("pg".into()),
            content,
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_revision_is_obsolete_once_nobody_tracks_it_and_it_is_not_the_latest() {
        let mut secret = secret();
        secret.track("client/0", 1, None);
        secret.add_revision(
            BTreeMap::from([("password".into(), "two".into())]),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(secret.obsolete(), Vec::<u64>::new());
        secret.track("client/0", 2, None);
        assert_eq!(secret.obsolete(), [1]);
    }

    #[test]
    fn the_same_content_again_makes_no_revision() {
        let mut secret = secret();
        secret.add_revision(secret.revisions[&1].content.clone(), Timestamp::UNIX_EPOCH);
        assert_eq!(secret.latest, 1);
    }

    #[test]
    fn only_the_leader_manages_an_applications_secret_but_every_unit_of_it_reads() {
        let secret = secret();
        assert!(secret.is_managed_by("pg/0", true));
        assert!(!secret.is_managed_by("pg/1", false));
        assert!(secret.may_read("pg/1"));
        assert!(!secret.may_read("client/0"));
    }

    #[test]
    fn debug_output_has_no_content() {
        assert!(!format!("{:?}", secret()).contains("one"));
    }
}
