//! Test a charm without Juju: a [`State`] and an [`Event`] in, a [`State`] out.
//!
//! The charm runs against its real [`Juju`] session; only the hook tools are answered from the
//! described world, by Juju's rules: errors are worded as Juju words them, and what was written is
//! in the resulting state only if the charm ended well. A world that Juju cannot produce is
//! refused, so that a test cannot prove anything about it.
//!
//! ```
//! use juju_charm::testing::{Relation, Scenario, State};
//! use juju_charm::{Event, Juju, Own, ToolError};
//!
//! fn charm(_: &Event, juju: &Juju) -> Result<(), ToolError> {
//!     if juju.is_leader()? {
//!         for database in juju.relation_ids("database")? {
//!             juju.relation_set(&database, Own::App, "version", "16");
//!         }
//!     }
//!     Ok(())
//! }
//!
//! let scenario = Scenario::parse("name: pg\nprovides: {database: postgresql_client}", "", "");
//! let state = State::new("pg/0").leader().with_relation(Relation::new("database:5", "client"));
//!
//! let outcome = scenario.run(&state, &Event::ConfigChanged, charm);
//!
//! assert!(outcome.succeeded);
//! assert_eq!(outcome.state.relation(5).local_app["version"], "16");
//! assert_eq!(outcome.tools(), ["is-leader", "relation-ids", "relation-get", "relation-set"]);
//! ```

#![expect(
    clippy::panic,
    reason = "a test that describes an impossible world has to fail"
)]

mod consistency;
mod environment;
mod events;
mod secret;
mod state;
mod tools;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use secret::{Secret, SecretHolder};
pub use state::{Relation, State, StorageInstance};
pub use tools::{Call, Fault};

use crate::context::{ActionContext, Context};
use crate::dispatch::{CharmError, log_of, perform};
use crate::files::CharmFiles;
use crate::{Event, Juju, Status};
use tools::StateTools;

/// A charm's files, and what shall go wrong.
#[derive(Debug, Clone)]
pub struct Scenario {
    files: CharmFiles,
    faults: Vec<Fault>,
    killed_at: Option<usize>,
}

/// What came of one event.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Whether the process would have ended with status 0. A failed action may still have.
    pub succeeded: bool,
    /// The world afterwards. After a failure: as before, but for what takes effect at once.
    pub state: State,
    /// The calls of hook tools, in order.
    pub calls: Vec<Call>,
    /// Lines in Juju's log, each with its level.
    pub log: Vec<(String, String)>,
    /// Statuses of the unit, in order; the last one is in the state as well.
    pub statuses: Vec<Status>,
    /// Results of the action by their dotted keys.
    pub results: BTreeMap<String, String>,
    /// Progress the action showed.
    pub progress: Vec<String>,
    /// Why the action failed, if it did.
    pub failure: Option<String>,
    /// Why Juju would have refused to commit what the charm wrote.
    pub commit_errors: Vec<String>,
}

impl Outcome {
    /// Names of the hook tools called, in order.
    pub fn tools(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.tool.as_str()).collect()
    }

    /// How often a tool was called.
    pub fn count(&self, tool: &str) -> usize {
        self.calls.iter().filter(|call| call.tool == tool).count()
    }
}

impl Scenario {
    /// A scenario for a charm with these files.
    pub fn new(files: CharmFiles) -> Self {
        Self {
            files,
            faults: Vec::new(),
            killed_at: None,
        }
    }

    /// The same from the texts of `metadata.yaml`, `config.yaml` and `actions.yaml`; the last two
    /// may be empty.
    ///
    /// # Panics
    /// When one of them cannot be used.
    pub fn parse(metadata: &str, config: &str, actions: &str) -> Self {
        let some = |text| Some(text).filter(|text: &&str| !text.is_empty());
        match CharmFiles::parse(metadata, some(config), some(actions)) {
            Ok(files) => Self::new(files),
            Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
        }
    }

    /// The same scenario with a tool that fails.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// The same scenario with a process that dies at this call of a hook tool, counted from 1:
    /// neither this call nor a later one has an effect, and Juju commits nothing.
    ///
    /// Runs a charm to its end over and over, killed one call later each time, to show that what
    /// it does outside of Juju is safe at every point.
    #[must_use]
    pub fn killed_at(mut self, call: usize) -> Self {
        self.killed_at = Some(call);
        self
    }

    /// Runs the charm for one event.
    ///
    /// # Panics
    /// When Juju could not produce this world, or could not send this event in it.
    pub fn run<E: Into<CharmError>>(
        &self,
        state: &State,
        event: &Event,
        charm: impl FnOnce(&Event, &Juju) -> Result<(), E>,
    ) -> Outcome {
        self.dispatch(state, event, Map::new(), charm)
    }

    /// Runs the charm for an action; `params` is a map, and defaults are added as Juju does.
    ///
    /// # Panics
    /// When Juju could not produce this world, or would refuse these parameters.
    pub fn action<E: Into<CharmError>>(
        &self,
        state: &State,
        name: &str,
        params: Value,
        charm: impl FnOnce(&Event, &Juju) -> Result<(), E>,
    ) -> Outcome {
        let Some(action) = self.files.actions.get(name) else {
            panic!("the charm has no action {name:?}")
        };
        let Value::Object(params) = params else {
            panic!("parameters are a map")
        };
        let params = action
            .validate(params)
            .unwrap_or_else(|error| panic!("{error}"));
        let event = Event::Action(ActionContext {
            name: name.to_owned(),
            task: "2".to_owned(),
        });
        self.dispatch(state, &event, params, charm)
    }

    fn dispatch<E: Into<CharmError>>(
        &self,
        state: &State,
        event: &Event,
        params: Map<String, Value>,
        charm: impl FnOnce(&Event, &Juju) -> Result<(), E>,
    ) -> Outcome {
        let problems = consistency::problems(&self.files, state, event);
        assert!(
            problems.is_empty(),
            "Juju cannot produce this:\n- {}",
            problems.join("\n- ")
        );

        let variables = environment::variables(state, event);
        let context = Context::from_env(|name| variables.get(name).cloned())
            .unwrap_or_else(|error| panic!("{error}"));
        let tools = Arc::new(StateTools::new(
            self.files.clone(),
            state.clone(),
            event.clone(),
            params,
            self.faults.clone(),
            self.killed_at,
        ));
        let juju = Juju::new(context, tools.clone());
        let succeeded = tracing::subscriber::with_default(log_of(&juju), || perform(&juju, charm));
        drop(juju);
        tools.outcome(succeeded)
    }
}
