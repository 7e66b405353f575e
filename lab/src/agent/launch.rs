//! Starting a charm's process: which program, in which context, with which surroundings.

use super::Agent;
use super::environment::{Surroundings, UnitPaths, variables};
use super::execute::{Ended, Program, execute};
use crate::api::{Failure, Level};
use crate::daemon::VERSION;
use crate::model::hook::{Hook, RelationEvent};
use crate::model::identity;
use crate::model::operation::Work;
use crate::tools::context::{Context, ContextState};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

impl Agent {
    /// The program for a hook or action with Juju's description of it: `dispatch` wins over `hooks/` and `actions/`.
    pub(super) fn dispatch(&self, directory: &str, name: &str) -> Option<(PathBuf, String)> {
        let charm = UnitPaths::new(&self.root, &self.key.unit).charm;
        let dispatch = charm.join("dispatch");
        if dispatch.exists() {
            return Some((dispatch, "hook dispatching script: dispatch".to_owned()));
        }
        let legacy = charm.join(directory).join(name);
        legacy
            .exists()
            .then_some((legacy, "explicit, bespoke hook script".to_owned()))
    }

    /// A new context, registered until it is dropped from the daemon by [`Self::launch`].
    pub(super) fn context(
        &self,
        hook: Option<&Hook>,
        task: Option<u64>,
        name: &str,
    ) -> Result<Arc<Context>, Failure> {
        let unit = &self.key.unit;
        let mut members: BTreeMap<u64, BTreeSet<String>> =
            self.daemon.read(&self.key.model, |model| {
                let progress = &crate::daemon::unit_of(model, unit)?.progress;
                Ok(progress
                    .relations
                    .iter()
                    .map(|(id, seen)| (*id, seen.members.keys().cloned().collect()))
                    .collect())
            })?;
        if let Some(Hook::Relation(relation)) = hook {
            let seen = members.entry(relation.relation).or_default();
            match (relation.event, &relation.remote_unit) {
                (RelationEvent::Joined | RelationEvent::Changed, Some(unit)) => {
                    seen.insert(unit.clone());
                }
                (RelationEvent::Departed, Some(unit)) => {
                    seen.remove(unit);
                }
                (RelationEvent::Broken, _) => seen.clear(),
                _ => {}
            }
        }
        let context = Arc::new(Context {
            id: format!("{unit}-{name}-{}", identity::token()),
            model: self.key.model.clone(),
            model_uuid: self.key.uuid.clone(),
            unit: unit.clone(),
            application: identity::application_of(unit).to_owned(),
            name: name.to_owned(),
            hook: hook.cloned(),
            task,
            members,
            bags: Arc::clone(&self.bags),
            state: Mutex::new(ContextState::default()),
        });
        context.refresh_bags();
        Ok(context)
    }

    /// Runs a program in a context; hook tools work exactly as long as it runs.
    pub(super) async fn launch(
        &self,
        context: &Arc<Context>,
        work: Option<&Work>,
        path: PathBuf,
        args: Vec<std::ffi::OsString>,
        capture: bool,
    ) -> std::io::Result<Ended> {
        let around = self.surroundings().map_err(std::io::Error::other)?;
        let program = Program {
            path,
            args,
            directory: UnitPaths::new(&self.root, &self.key.unit).charm,
            environment: variables(context, work, &around),
            name: context.name.clone(),
            context: context.id.clone(),
            capture,
            machine: self.root.clone(),
            cut_off: self
                .read(|model| {
                    let unit = model.units.get(&self.key.unit)?;
                    Some(model.machines.get(&unit.machine)?.cut_off)
                })
                .unwrap_or_default(),
        };
        self.daemon.contexts.insert(context);
        let ended = execute(&self.daemon, &self.key, program).await;
        self.daemon.contexts.remove(&context.id);
        ended
    }

    fn surroundings(&self) -> Result<Surroundings, Failure> {
        self.daemon.read(&self.key.model, |model| {
            let unit = crate::daemon::unit_of(model, &self.key.unit)?;
            let proxies = ["http", "https", "ftp", "no"]
                .iter()
                .flat_map(|kind| [format!("juju-{kind}-proxy"), format!("{kind}-proxy")])
                .map(|name| (name.clone(), model.setting(&name).to_owned()))
                .collect();
            Ok(Surroundings {
                root: self.root.clone(),
                model_name: model.name.clone(),
                machine: unit.machine,
                principal: unit.principal.clone(),
                api_address: format!("{}:17070", self.daemon.controller_address()),
                version: VERSION.to_owned(),
                proxies,
            })
        })
    }

    pub(super) fn log(&self, level: Level, module: &str, message: &str) {
        let entity = identity::unit_tag(&self.key.unit);
        self.daemon
            .logs
            .append(&self.key.uuid, &entity, level, module, message);
    }
}
