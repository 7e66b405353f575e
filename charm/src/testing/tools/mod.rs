//! Hook tools that answer from a [`State`], by Juju's rules.

mod action;
mod args;
mod relation;
mod secret;
mod unit;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Outcome, State};
use crate::files::CharmFiles;
use crate::tools::HookTools;
use crate::{Event, Status, ToolError};
use args::{Args, usage};

/// One call of a hook tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// What it got on standard input.
    pub stdin: Option<String>,
}

/// A tool that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The tool.
    pub tool: String,
    /// The first call that fails, counted from 1; those after it fail as well.
    pub from_call: usize,
    /// Its exit status.
    pub exit: i32,
    /// What it says on standard error.
    pub stderr: String,
}

impl Fault {
    /// A tool that fails from its first call on, with this message.
    pub fn always(tool: &str, message: &str) -> Self {
        Self {
            tool: tool.to_owned(),
            from_call: 1,
            exit: 1,
            stderr: format!("ERROR {message}\n"),
        }
    }
}

/// The hook tools of one dispatch.
#[derive(Debug)]
pub(super) struct StateTools(Mutex<World>);

/// What the tools work on.
#[derive(Debug)]
struct World {
    files: CharmFiles,
    event: Event,
    params: Map<String, Value>,
    faults: Vec<Fault>,
    /// The call at which the process dies.
    killed_at: Option<usize>,
    is_dead: bool,
    /// The world if the charm fails: as it was, with what takes effect at once.
    kept: State,
    /// The world if it succeeds.
    wanted: State,
    calls: Vec<Call>,
    log: Vec<(String, String)>,
    statuses: Vec<Status>,
    results: BTreeMap<String, String>,
    progress: Vec<String>,
    failure: Option<String>,
    commit_errors: Vec<String>,
    secrets_added: u32,
}

impl StateTools {
    pub(super) fn new(
        files: CharmFiles,
        state: State,
        event: Event,
        params: Map<String, Value>,
        faults: Vec<Fault>,
        killed_at: Option<usize>,
    ) -> Self {
        Self(Mutex::new(World {
            files,
            event,
            params,
            faults,
            killed_at,
            is_dead: false,
            kept: state.clone(),
            wanted: state,
            calls: Vec::new(),
            log: Vec::new(),
            statuses: Vec::new(),
            results: BTreeMap::new(),
            progress: Vec::new(),
            failure: None,
            commit_errors: Vec::new(),
            secrets_added: 0,
        }))
    }

    /// What came of it. Juju commits after an exit with status 0, and a commit it refuses is a
    /// failure as any other.
    pub(super) fn outcome(&self, exited_well: bool) -> Outcome {
        let mut world = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let succeeded = exited_well && !world.is_dead && world.commit_errors.is_empty();
        let mut state = if succeeded {
            world.wanted.clone()
        } else {
            world.kept.clone()
        };
        if succeeded && let Event::RelationBroken(at) = &world.event {
            state.relations.retain(|relation| relation.id() != at.id);
            for secret in &mut state.secrets {
                secret.granted_to.remove(&at.id.number());
            }
        }
        Outcome {
            succeeded,
            state,
            calls: std::mem::take(&mut world.calls),
            log: std::mem::take(&mut world.log),
            statuses: std::mem::take(&mut world.statuses),
            results: std::mem::take(&mut world.results),
            progress: std::mem::take(&mut world.progress),
            failure: world.failure.take(),
            commit_errors: std::mem::take(&mut world.commit_errors),
        }
    }
}

impl HookTools for StateTools {
    fn run(&self, tool: &str, args: &[&str], stdin: Option<&[u8]>) -> Result<Vec<u8>, ToolError> {
        let mut world = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        world.is_dead |= world
            .killed_at
            .is_some_and(|call| world.calls.len() + 1 >= call);
        if world.is_dead {
            return Err(ToolError::exited(tool, None, ""));
        }
        world.calls.push(Call {
            tool: tool.to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            stdin: stdin.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        });
        let count = world.calls.iter().filter(|call| call.tool == tool).count();
        let fault = world
            .faults
            .iter()
            .find(|fault| fault.tool == tool && count >= fault.from_call);
        if let Some(fault) = fault {
            return Err(ToolError::exited(tool, Some(fault.exit), &fault.stderr));
        }
        world.answer(tool, args, stdin.unwrap_or_default())
    }
}

impl World {
    fn answer(&mut self, tool: &str, args: &[&str], stdin: &[u8]) -> Result<Vec<u8>, ToolError> {
        match tool {
            "action-get" => self.action_get(args),
            "action-set" => self.action_set(args),
            "action-log" => self.action_log(args),
            "action-fail" => self.action_fail(args),
            "relation-ids" => self.relation_ids(args),
            "relation-list" => self.relation_list(args),
            "relation-get" => self.relation_get(args),
            "relation-set" => self.relation_set(args, stdin),
            "relation-model-get" => self.relation_model_get(args),
            "secret-add" => self.secret_add(args),
            "secret-get" => self.secret_get(args),
            "secret-info-get" => self.secret_info_get(args),
            "secret-set" => self.secret_set(args),
            "secret-grant" => self.secret_grant(args),
            "secret-revoke" => self.secret_revoke(args),
            "secret-remove" => self.secret_remove(args),
            "secret-ids" => self.secret_ids(),
            _ => self.answer_about_unit(tool, args, stdin),
        }
    }

    fn is_in_action(&self, tool: &str) -> Result<(), ToolError> {
        match self.event {
            Event::Action(_) => Ok(()),
            _ => Err(args::failed(tool, "not running an action")),
        }
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, ToolError> {
    serde_json::to_vec(value)
        .map_err(|error| ToolError::malformed("the harness", error.to_string()))
}

/// The map behind `--file -` or `--file PATH`.
fn map_of(tool: &str, bytes: &[u8]) -> Result<BTreeMap<String, String>, ToolError> {
    serde_yaml::from_slice(bytes).map_err(|error| usage(tool, &error.to_string()))
}

/// The one argument that a tool takes at most.
fn single(tool: &str, args: &Args) -> Result<Option<String>, ToolError> {
    match args.rest.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        [_, more @ ..] => Err(usage(tool, &format!("unrecognized args: {more:?}"))),
    }
}
