//! Relations and their databags.

use super::Life;
use super::charm::Role;
use super::crossing::Across;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Serialize, Deserialize)]
pub struct Relation {
    pub id: u64,
    /// One end for peers; provider and requirer, in this order, else.
    pub ends: Vec<End>,
    pub interface: String,
    pub container_scoped: bool,
    pub life: Life,
    /// Bags of units that are, or were, in the relation.
    pub units: BTreeMap<String, UnitScope>,
    /// Bags of applications.
    pub applications: BTreeMap<String, Bag>,
    /// Set if the other end is in another model.
    #[serde(default)]
    pub across: Option<Across>,
    /// The operator's reason, which may be empty, while a relation through an offer is suspended.
    #[serde(default)]
    pub suspended: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub application: String,
    pub endpoint: String,
    pub role: Role,
}

/// Key-value data with a counter that grows whenever the content changes; zero means never written.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bag {
    pub data: BTreeMap<String, String>,
    pub version: u64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitScope {
    pub bag: Bag,
    pub state: ScopeState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeState {
    In,
    /// On its way out: others already see it departed, it still runs its own departure hooks.
    Leaving,
    Left,
}

// Bags may carry secrets of charms that do not use Juju's secrets.
impl fmt::Debug for Bag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bag")
            .field("keys", &self.data.keys())
            .field("version", &self.version)
            .finish()
    }
}

impl fmt::Debug for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relation")
            .field("id", &self.id)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

impl Bag {
    /// Applies writes (an empty value or none deletes) and counts a version if anything differs.
    pub fn apply(&mut self, writes: &BTreeMap<String, Option<String>>) -> bool {
        let mut changed = false;
        for (key, value) in writes {
            changed |= match value.as_ref().filter(|value| !value.is_empty()) {
                Some(value) => self.data.insert(key.clone(), value.clone()).as_ref() != Some(value),
                None => self.data.remove(key).is_some(),
            };
        }
        self.version += u64::from(changed);
        changed
    }
}

/// A bag's content with writes laid over it.
pub fn overlay(
    data: &BTreeMap<String, String>,
    writes: Option<&BTreeMap<String, Option<String>>>,
) -> BTreeMap<String, String> {
    let mut bag = Bag {
        data: data.clone(),
        version: 0,
    };
    if let Some(writes) = writes {
        bag.apply(writes);
    }
    bag.data
}

impl Relation {
    /// A relation nobody has entered yet.
    pub fn new(id: u64, ends: Vec<End>, interface: &str) -> Self {
        Self {
            id,
            ends,
            interface: interface.to_owned(),
            container_scoped: false,
            life: Life::Alive,
            units: BTreeMap::new(),
            applications: BTreeMap::new(),
            across: None,
            suspended: None,
        }
    }

    /// The application of this model in a relation with another.
    pub fn near_application(&self) -> Option<&str> {
        let across = self.across.as_ref()?;
        self.ends
            .iter()
            .map(|end| end.application.as_str())
            .find(|name| *name != across.name)
    }

    pub fn is_peer(&self) -> bool {
        self.ends.len() == 1
    }

    pub fn end_of(&self, application: &str) -> Option<&End> {
        self.ends.iter().find(|end| end.application == application)
    }

    /// The end that `application` sees; its own for peers.
    pub fn remote_end(&self, application: &str) -> Option<&End> {
        let own = self
            .ends
            .iter()
            .position(|end| end.application == application)?;
        self.ends.get(if self.is_peer() { 0 } else { 1 - own })
    }

    /// Units that `unit` should see as members, with the versions of their bags.
    /// `principals` tells a subordinate's principal; container-scoped relations hold only between the two.
    pub fn members_seen_by(
        &self,
        unit: &str,
        principal_of: &dyn Fn(&str) -> Option<String>,
    ) -> BTreeMap<String, u64> {
        let own = super::identity::application_of(unit);
        let Some(remote) = self.remote_end(own) else {
            return BTreeMap::new();
        };
        self.units
            .iter()
            .filter(|(name, scope)| {
                scope.state == ScopeState::In
                    && name.as_str() != unit
                    && super::identity::application_of(name) == remote.application
                    && (!self.container_scoped
                        || principal_of(name).as_deref() == Some(unit)
                        || principal_of(unit).as_deref() == Some(name.as_str()))
            })
            .map(|(name, scope)| (name.clone(), scope.bag.version))
            .collect()
    }

    /// Whether units may be in it: it does not end, and it is not suspended.
    pub fn is_active(&self) -> bool {
        self.life == Life::Alive && self.suspended.is_none()
    }

    /// Every unit leaves, as at the relation's end; the applications' bags stay.
    pub fn suspend(&mut self, reason: &str) {
        self.suspended = Some(reason.to_owned());
        for scope in self.units.values_mut() {
            if scope.state == ScopeState::In {
                scope.state = ScopeState::Leaving;
            }
        }
    }

    /// A unit enters with Juju's own keys in its bag, also if it was there before. A unit that is there is left as it
    /// is.
    pub fn enter(&mut self, unit: &str, address: &str) {
        if self.is_inside(unit) {
            return;
        }
        let before = self.units.get(unit).map_or(0, |scope| scope.bag.version);
        let scope = UnitScope {
            bag: Bag {
                data: network_keys(address),
                version: before + 1,
            },
            state: ScopeState::In,
        };
        self.units.insert(unit.to_owned(), scope);
    }

    /// Whether the unit still runs the hooks of its departure.
    pub fn is_leaving(&self, unit: &str) -> bool {
        self.units
            .get(unit)
            .is_some_and(|scope| scope.state == ScopeState::Leaving)
    }

    pub fn is_inside(&self, unit: &str) -> bool {
        self.units
            .get(unit)
            .is_some_and(|scope| scope.state != ScopeState::Left)
    }

    /// `database:5` as seen from `application`.
    pub fn name_for(&self, application: &str) -> String {
        match self.end_of(application) {
            Some(end) => format!("{}:{}", end.endpoint, self.id),
            None => self.id.to_string(),
        }
    }
}

/// The keys that Juju maintains in every unit's bag.
pub fn network_keys(address: &str) -> BTreeMap<String, String> {
    [
        ("egress-subnets".to_owned(), format!("{address}/32")),
        ("ingress-address".to_owned(), address.to_owned()),
        ("private-address".to_owned(), address.to_owned()),
    ]
    .into()
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Juju names the requirer first.
        for (index, end) in self.ends.iter().rev().enumerate() {
            write!(
                f,
                "{}{}:{}",
                if index > 0 { " " } else { "" },
                end.application,
                end.endpoint
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_what_is_there_already_is_no_new_version() {
        let mut bag = Bag::default();
        let write = BTreeMap::from([("a".to_owned(), Some("1".to_owned()))]);
        assert!(bag.apply(&write));
        assert!(!bag.apply(&write));
        assert_eq!(bag.version, 1);
    }

    #[test]
    fn an_empty_value_deletes_its_key() {
        let mut bag = Bag {
            data: BTreeMap::from([("a".into(), "1".into())]),
            version: 4,
        };
        assert!(bag.apply(&BTreeMap::from([
            ("a".to_owned(), Some(String::new())),
            ("b".to_owned(), None)
        ])));
        assert_eq!((bag.data.len(), bag.version), (0, 5));
    }
}
