//! The daemon's programming interface: what a client may ask and what it gets back.
//!
//! The wire is one JSON object per line over the unix socket `<home>/daemon.sock`. A connection may carry any number
//! of requests, each answered by exactly one [`Reply`] in order. Every [`Request`] documents the type of its answer.
//! Names of models may be qualified (`admin/dev`) or bare (`dev`). Times are [`jiff::Timestamp`] (RFC 3339 in UTC).

mod application;
mod bundle;
mod log;
mod model;
mod operation;
mod secret;
mod status;

pub use application::{
    AddUnits, AttachedStorage, CharmSource, ConfigView, Consume, Deploy, Deployed, Endpoint,
    Integrate, Integrated, Offer, OfferConnection, OfferedEndpoint, OptionView, Refresh,
    RelationEnds, RemoveApplications, RemoveUnits, Removed, ResourceSource, ResourceView,
    StorageDirective, SuppliedResource, SuspendRelations,
};
pub use bundle::{
    BundleApplication, BundleDocument, BundleMachine, BundleOffer, BundleOffers, BundleOverlay,
    BundleSaas, ExportedBundle,
};
pub use log::{Level, LogFilter, LogPage, LogRecord};
pub use model::{
    AddModel, ControllerInfo, DestroyModel, Machine, MachineSpecReply, ModelConfigEntry,
    ModelDefault, ModelInfo, RemoveMachines,
};
pub use operation::{
    ActionSpec, Enqueued, EnqueuedTask, Exec, LogLine, OperationView, RunAction, TaskResults,
    TaskStatus, TaskView,
};
pub use secret::{
    AddSecret, ListSecrets, SecretAccess, SecretRevision, SecretView, ShowSecret, UpdateSecret,
};
pub use status::{
    ApplicationStatus, Base, FullStatus, MachineStatus, RelatedApplication, RelationStatus,
    RelationView, RemoteApplicationStatus, StatusEntry, StatusInfo, StorageStatus, UnitBag,
    UnitStatus, UnitView,
};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One question to the daemon. The answer's type stands beside each variant; `()` is JSON `null`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "call", content = "args", rename_all = "kebab-case")]
pub enum Request {
    /// Is somebody there? -> [`ControllerInfo`]
    Ping,
    /// Ends the daemon; with `machines` every machine is stopped first. The reply comes before the exit. -> `()`
    Shutdown { machines: bool },

    /// -> [`ModelInfo`]
    AddModel(AddModel),
    /// -> `Vec<ModelInfo>`
    Models,
    /// -> [`ModelInfo`]
    ShowModel { model: String },
    /// Starts the destruction; poll [`Request::ShowModel`] until it answers [`Code::NotFound`]. -> `()`
    DestroyModel(DestroyModel),
    /// -> `BTreeMap<String, ModelConfigEntry>`
    ModelConfig { model: String },
    /// Sets `values`, resets the keys of `reset`. -> `()`
    SetModelConfig {
        model: String,
        values: BTreeMap<String, String>,
        reset: Vec<String>,
    },
    /// -> `BTreeMap<String, String>`
    ModelConstraints { model: String },
    /// Replaces the model's constraints. -> `()`
    SetModelConstraints {
        model: String,
        constraints: BTreeMap<String, String>,
    },

    /// -> `BTreeMap<String, ModelDefault>`
    ModelDefaults,
    /// Sets defaults for all models. -> `()`
    SetModelDefaults {
        values: BTreeMap<String, String>,
        reset: Vec<String>,
    },

    /// -> [`Deployed`]
    Deploy(Deploy),
    /// Replaces the charm of an application (upgrade-charm). -> [`Deployed`]
    Refresh(Refresh),
    /// -> `Vec<String>`: names of the new units
    AddUnits(AddUnits),
    /// -> [`ExportedBundle`]
    ExportBundle { model: String },
    /// -> [`Removed`]
    RemoveUnits(RemoveUnits),
    /// -> [`Removed`]
    RemoveApplications(RemoveApplications),
    /// -> [`Integrated`]
    Integrate(Integrate),
    /// -> `()`
    RemoveRelation(RelationEnds),
    /// -> `()`
    SuspendRelations(SuspendRelations),
    /// -> [`ConfigView`]
    Config { model: String, application: String },
    /// Values are command line strings, parsed by the option's type. Changes all or nothing.
    /// -> `Vec<String>`: warnings (for example, that a value was already set)
    SetConfig {
        model: String,
        application: String,
        values: BTreeMap<String, String>,
        reset: Vec<String>,
    },
    /// -> `()`
    Expose {
        model: String,
        application: String,
        exposed: bool,
    },
    /// -> `()`
    Trust {
        model: String,
        application: String,
        trust: bool,
    },
    /// Gives an application a new file for a resource (fires upgrade-charm). -> `()`
    AttachResource {
        model: String,
        application: String,
        name: String,
        source: ResourceSource,
    },
    /// Resources of an application, or of a unit's. -> `Vec<ResourceView>`
    Resources { model: String, target: String },
    /// Adds storage instances to a unit. -> `Vec<String>`: ids of the new instances
    AddStorage {
        model: String,
        unit: String,
        name: String,
        count: u32,
    },
    /// -> `()`
    DetachStorage {
        model: String,
        storage: Vec<String>,
        force: bool,
    },
    /// Removes detached storage instances with their content. -> `()`
    RemoveStorage { model: String, storage: Vec<String> },

    /// -> `BTreeMap<String, ActionSpec>`: the actions an application's charm declares
    Actions { model: String, application: String },
    /// -> [`Enqueued`]
    RunAction(RunAction),
    /// -> [`Enqueued`]
    Exec(Exec),
    /// The task as it is now, with its log lines from index `since_line` on. -> [`TaskView`]
    Task {
        model: String,
        id: String,
        since_line: usize,
    },
    /// -> [`OperationView`]
    Operation { model: String, id: String },
    /// Newest last. -> `Vec<OperationView>`
    Operations { model: String },
    /// The newest `last` tasks and all that are not done, each with its last `lines` log lines and without what it
    /// delivered. Newest last. -> `Vec<TaskView>`
    RecentTasks {
        model: String,
        last: usize,
        lines: usize,
    },
    /// -> [`TaskView`]
    CancelTask { model: String, id: String },

    /// -> [`FullStatus`]
    Status { model: String },
    /// -> [`UnitView`]
    ShowUnit { model: String, unit: String },
    /// History of one unit's statuses, oldest first. -> `Vec<StatusEntry>`
    StatusLog {
        model: String,
        unit: String,
        limit: usize,
    },
    /// Next records after the filter's cursor. Never waits: follow by asking again with the returned cursor.
    /// -> [`LogPage`]
    DebugLog(LogFilter),
    /// Empty `units` with `all` takes every unit in error. -> `Vec<String>`: units that were resolved
    Resolved {
        model: String,
        units: Vec<String>,
        all: bool,
        no_retry: bool,
    },

    /// -> `Vec<SecretView>`
    Secrets(ListSecrets),
    /// -> [`SecretView`]
    ShowSecret(ShowSecret),
    /// -> `String`: the URI `secret:<id>`
    AddSecret(AddSecret),
    /// -> `()`
    UpdateSecret(UpdateSecret),
    /// -> `()`
    GrantSecret {
        model: String,
        secret: String,
        applications: Vec<String>,
    },
    /// -> `()`
    RevokeSecret {
        model: String,
        secret: String,
        applications: Vec<String>,
    },
    /// -> `()`
    RemoveSecret {
        model: String,
        secret: String,
        revision: Option<u64>,
    },

    /// Adds empty machines. -> `Vec<String>`: their numbers
    AddMachines { model: String, count: u32 },
    /// -> `Vec<String>`: the units that go with them
    RemoveMachines(RemoveMachines),
    /// -> `Vec<Machine>`
    Machines { model: String },
    /// Where a unit or machine lives, for `ssh` and `scp`. `target` is a unit or a machine number.
    /// -> [`MachineSpecReply`]
    MachineOf { model: String, target: String },

    /// -> `()`
    CreateOffer(Offer),
    /// -> `Vec<Offer>`
    Offers { model: String },
    /// -> `()`
    RemoveOffer {
        model: String,
        name: String,
        /// Also when it is in use; the relations through it end.
        force: bool,
    },
    /// -> `String`: the name the offer got in this model
    Consume(Consume),
    /// Forgets consumed offers; relations with them end. -> `()`
    RemoveSaas { model: String, names: Vec<String> },

    /// Fault injection for tests. -> `Option<String>`: what was done instead, if the computer cannot do it
    Fault(Fault),
}

/// Faults a test may inject; each is something a real controller or cloud does. A `machine` is a number, or a unit on
/// the machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum Fault {
    /// The application's leadership lease expires now and is not given to its present holder again while another
    /// unit can take it.
    ExpireLeadership {
        model: String,
        application: String,
    },
    /// The next commit of this unit's hook or action is rejected with this message.
    RejectCommit {
        model: String,
        unit: String,
        message: String,
    },
    /// Sends SIGKILL to the unit's running dispatch process group, if any.
    KillDispatch {
        model: String,
        unit: String,
    },
    /// The machine loses power: every process dies at once. It stays down until [`Fault::PowerOn`].
    PowerOff {
        model: String,
        machine: String,
    },
    /// The machine hangs: nothing on it runs, nothing answers, until [`Fault::Thaw`].
    Freeze {
        model: String,
        machine: String,
    },
    /// The machine goes on as if no time had passed.
    Thaw {
        model: String,
        machine: String,
    },
    /// The machine boots again; its units run `start`.
    PowerOn {
        model: String,
        machine: String,
    },
    /// Runs this hook of the unit once more although nothing changed.
    RepeatHook {
        model: String,
        unit: String,
        hook: String,
    },
    /// SIGKILL of the charm at the n-th call of a hook tool of the next hook, action or command that calls so many. With a
    /// text only calls count that have it in an argument.
    KillAtCall {
        model: String,
        unit: String,
        call: u32,
        #[serde(default)]
        saying: Option<String>,
    },
    /// The unit's agent dies and starts again: now, or at the n-th call of a hook tool. A hook runs again, an action
    /// has failed.
    RestartAgent {
        model: String,
        unit: String,
        #[serde(default)]
        call: Option<u32>,
        #[serde(default)]
        saying: Option<String>,
    },
    /// The next time `is-leader` answers true to this unit, the lead goes to another before what the hook or action
    /// wrote is committed.
    LoseLeadership {
        model: String,
        unit: String,
    },
    /// Hooks of relations come in an order that follows from the seed; none ends it.
    OrderHooks {
        model: String,
        unit: String,
        seed: Option<u64>,
    },
    /// For so many seconds the unit sees its relations as they are now: no hooks, old bags.
    HoldBackNews {
        model: String,
        unit: String,
        seconds: u32,
    },
    /// For so many seconds the unit cannot read secrets that it never read before, whatever it was told of them.
    HoldBackSecrets {
        model: String,
        unit: String,
        seconds: u32,
    },
    /// Time passes for a secret of a charm: its rotation, or its expiry, is due now.
    SecretDue {
        model: String,
        /// URI, id or label.
        secret: String,
        what: SecretClock,
    },
    /// The unit is gone with its machine at once; for so many seconds no related unit sees it departed.
    Vanish {
        model: String,
        unit: String,
        seconds: u32,
    },
    /// Nobody on the network reaches the machine, nor it anybody; the controller still does.
    CutNetwork {
        model: String,
        machine: String,
    },
    HealNetwork {
        model: String,
        machine: String,
    },
    /// The machine boots again on a disk of so many MiB.
    LimitDisk {
        model: String,
        machine: String,
        mebibytes: u64,
    },
    /// Nothing fits on the machine's disk any more.
    FillDisk {
        model: String,
        machine: String,
    },
    FreeDisk {
        model: String,
        machine: String,
    },
    /// The machine's clock is off by so many seconds.
    SetClock {
        model: String,
        machine: String,
        seconds: i64,
    },
    /// Ends every fault that lasts.
    Heal {
        model: String,
    },
}

/// What of a secret comes at a time that its owner chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretClock {
    Rotation,
    Expiry,
}

/// The answer to one [`Request`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    Ok(serde_json::Value),
    Err(Failure),
}

/// Why the daemon refused. `message` is what `juju` prints after `ERROR `.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub message: String,
    pub code: Code,
}

/// The kind of a [`Failure`], for clients that act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    NotFound,
    AlreadyExists,
    /// The request contradicts itself, the charm or the model's state; nothing was changed.
    Invalid,
    /// Something went wrong in the daemon or on the machine.
    Internal,
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code,
        }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, message)
    }

    pub fn exists(message: impl Into<String>) -> Self {
        Self::new(Code::AlreadyExists, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }
}
