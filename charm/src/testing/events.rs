//! Events about a part of the world.

use super::{Relation, Secret, StorageInstance};
use crate::context::{RelationContext, SecretContext, StorageContext};
use crate::{Event, UnitName};

impl Relation {
    /// The relation was created.
    pub fn created(&self) -> Event {
        Event::RelationCreated(self.context(None))
    }

    /// A remote unit entered.
    pub fn joined(&self, unit: u32) -> Event {
        Event::RelationJoined(self.context(Some(unit)))
    }

    /// A remote unit's bag changed.
    pub fn changed(&self, unit: u32) -> Event {
        Event::RelationChanged(self.context(Some(unit)))
    }

    /// The remote application's bag changed.
    pub fn app_changed(&self) -> Event {
        Event::RelationChanged(self.context(None))
    }

    /// A remote unit is leaving. It should be among the departed units, not the remote ones.
    pub fn departed(&self, unit: u32) -> Event {
        let departing = Some(UnitName::new(&self.remote_app, unit));
        Event::RelationDeparted(RelationContext {
            departing,
            ..self.context(Some(unit))
        })
    }

    /// A remote unit goes out of sight because this unit itself, `own`, is leaving.
    pub fn departed_by(&self, unit: u32, own: &UnitName) -> Event {
        let departing = Some(own.clone());
        Event::RelationDeparted(RelationContext {
            departing,
            ..self.context(Some(unit))
        })
    }

    /// The relation is over.
    pub fn broken(&self) -> Event {
        Event::RelationBroken(self.context(None))
    }

    fn context(&self, unit: Option<u32>) -> RelationContext {
        RelationContext {
            id: self.id(),
            app: Some(self.remote_app.clone()),
            unit: unit.map(|number| UnitName::new(&self.remote_app, number)),
            departing: None,
        }
    }
}

impl Secret {
    /// There is a newer revision than the one this unit is held to.
    pub fn changed(&self) -> Event {
        Event::SecretChanged(self.context(None))
    }

    /// It is time to renew it.
    pub fn rotate(&self) -> Event {
        Event::SecretRotate(self.context(None))
    }

    /// A revision expired.
    pub fn expired(&self, revision: u32) -> Event {
        Event::SecretExpired(self.context(Some(revision)))
    }

    /// Nobody reads a revision any more.
    pub fn remove(&self, revision: u32) -> Event {
        Event::SecretRemove(self.context(Some(revision)))
    }

    fn context(&self, revision: Option<u32>) -> SecretContext {
        SecretContext {
            id: self.id.clone(),
            label: self.label.clone(),
            revision,
        }
    }
}

impl StorageInstance {
    /// It is there.
    pub fn attached(&self) -> Event {
        Event::StorageAttached(self.context())
    }

    /// It is about to go.
    pub fn detaching(&self) -> Event {
        Event::StorageDetaching(self.context())
    }

    fn context(&self) -> StorageContext {
        StorageContext {
            id: self.id.clone(),
            location: Some(self.location.clone()),
            kind: Some("filesystem".to_owned()),
        }
    }
}
