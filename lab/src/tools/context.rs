//! A hook's context: what the running hook or action is about, and what it wrote so far.

use crate::model::hook::{Hook, RelationEvent, RelationHook};
use crate::model::secret::{Owner, Rotate};
use crate::model::unit::OpenPort;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Writes to a bag or to the charm state; none deletes the key.
pub type Writes = BTreeMap<String, Option<String>>;

/// Bags of remote units as an agent saw them last, by relation and unit. They outlive a hook: a bag is read again
/// only when a hook for that very unit runs.
pub type BagCache = HashMap<(u64, String), BTreeMap<String, String>>;

/// One running hook, action or command.
pub struct Context {
    /// `JUJU_CONTEXT_ID`
    pub id: String,
    /// Name of the model.
    pub model: String,
    pub model_uuid: String,
    pub unit: String,
    pub application: String,
    /// Name of the hook or action.
    pub name: String,
    pub hook: Option<Hook>,
    pub task: Option<u64>,
    /// Members of the unit's relations as this hook sees them.
    pub members: BTreeMap<u64, BTreeSet<String>>,
    pub bags: Arc<Mutex<BagCache>>,
    pub state: Mutex<ContextState>,
}

#[derive(Default)]
pub struct ContextState {
    pub buffer: Buffer,
    /// config-get answers the same during the whole hook.
    pub config: Option<BTreeMap<String, Value>>,
    /// Application bags are read once per hook.
    pub app_bags: HashMap<(u64, String), BTreeMap<String, String>>,
    pub results: Map<String, Value>,
    /// Message of action-fail.
    pub failed: Option<String>,
    pub reboot: bool,
    /// Whether `is-leader` ever answered true.
    pub heard_to_lead: bool,
    /// How many hook tools were called.
    pub calls: u32,
    /// Calls that counted for a fault that waits for a text.
    pub said: u32,
}

/// What is committed together when the process exits with success.
#[derive(Default, Clone)]
pub struct Buffer {
    pub unit_bags: BTreeMap<u64, Writes>,
    pub app_bags: BTreeMap<u64, Writes>,
    pub state: Writes,
    pub open: BTreeSet<OpenPort>,
    pub close: BTreeSet<OpenPort>,
    pub storage: BTreeMap<String, u32>,
    pub secrets: Vec<SecretChange>,
}

/// A buffered change of a secret, named by its bare id.
#[derive(Clone)]
pub enum SecretChange {
    Create {
        id: String,
        owner: Owner,
        update: SecretUpdate,
    },
    Update {
        id: String,
        update: SecretUpdate,
    },
    Remove {
        id: String,
        revision: Option<u64>,
    },
    Grant {
        id: String,
        to: String,
        relation: u64,
    },
    Revoke {
        id: String,
        to: String,
    },
    /// `secret-get --refresh` of a secret updated in the same hook.
    Track {
        id: String,
    },
}

impl SecretChange {
    pub fn id(&self) -> &str {
        match self {
            Self::Create { id, .. }
            | Self::Update { id, .. }
            | Self::Remove { id, .. }
            | Self::Grant { id, .. }
            | Self::Revoke { id, .. }
            | Self::Track { id } => id,
        }
    }
}

/// Absent fields stay as they are.
#[derive(Clone, Default)]
pub struct SecretUpdate {
    pub label: Option<String>,
    pub description: Option<String>,
    pub rotate: Option<Rotate>,
    pub expires: Option<Timestamp>,
    pub content: Option<BTreeMap<String, String>>,
}

impl Context {
    pub fn relation_hook(&self) -> Option<&RelationHook> {
        match &self.hook {
            Some(Hook::Relation(hook)) => Some(hook),
            _ => None,
        }
    }

    /// Makes the cached bag of this hook's remote unit stale, so that it is read anew.
    pub fn refresh_bags(&self) {
        let mut bags = self.bags.lock().unwrap_or_else(PoisonError::into_inner);
        bags.retain(|(relation, unit), _| {
            self.members
                .get(relation)
                .is_some_and(|members| members.contains(unit))
        });
        if let Some(RelationHook {
            relation,
            remote_unit: Some(unit),
            ..
        }) = self.relation_hook()
        {
            bags.remove(&(*relation, unit.clone()));
        }
    }

    /// True in the broken hook of this relation.
    pub fn is_breaking(&self, relation: u64) -> bool {
        self.relation_hook()
            .is_some_and(|hook| hook.relation == relation && hook.event == RelationEvent::Broken)
    }
}

// Buffers hold bags and secrets.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("unit", &self.unit)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The contexts that run now, by id. A tool call from anywhere else is refused.
#[derive(Debug, Default)]
pub struct Contexts(Mutex<HashMap<String, Arc<Context>>>);

impl Contexts {
    pub fn insert(&self, context: &Arc<Context>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(context.id.clone(), Arc::clone(context));
    }

    pub fn remove(&self, id: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    /// Forgets what a unit runs: its agent died.
    pub fn remove_unit(&self, model_uuid: &str, unit: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, context| context.model_uuid != model_uuid || context.unit != unit);
    }

    pub fn get(&self, id: &str) -> Option<Arc<Context>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }
}
