//! The `relation-*` family.

use super::args::{Args, failed, usage};
use super::{World, json, map_of, single};
use crate::files::Role;
use crate::testing::{Relation, State};
use crate::{Databag, ToolError, UnitName};

impl World {
    pub(super) fn relation_ids(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "relation-ids";
        let args = Args::parse(tool, args, &[], &[])?;
        let in_hook = self.event.relation().map(|at| at.id.endpoint().to_owned());
        let Some(endpoint) = single(tool, &args)?.or(in_hook) else {
            return Err(usage(tool, "no endpoint name specified"));
        };
        let of_endpoint = self
            .wanted
            .relations
            .iter()
            .filter(|at| at.endpoint == endpoint);
        let mut ids: Vec<String> = of_endpoint.map(|at| at.id().to_string()).collect();
        ids.sort(); // As strings, as Juju does.
        json(&ids)
    }

    pub(super) fn relation_list(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "relation-list";
        let args = Args::parse(tool, args, &["r", "relation"], &["app"])?;
        let at = self.relation_of(tool, &args)?;
        let relation = &self.wanted.relations[at];
        if args.has("app") {
            return json(&relation.remote_app);
        }
        let unit = |number: &u32| UnitName::new(&relation.remote_app, *number).to_string();
        let mut units: Vec<String> = relation.remote_units.keys().map(unit).collect();
        units.sort();
        json(&units)
    }

    pub(super) fn relation_model_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "relation-model-get";
        let args = Args::parse(tool, args, &["r", "relation"], &[])?;
        self.relation_of(tool, &args)?;
        json(&serde_json::json!({"uuid": self.wanted.model_uuid}))
    }

    pub(super) fn relation_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "relation-get";
        let args = Args::parse(tool, args, &["r", "relation"], &["app"])?;
        let at = self.relation_of(tool, &args)?;
        let (key, entity) = match args.rest.as_slice() {
            [] => ("-", None),
            [key] => (key.as_str(), None),
            [key, entity] => (key.as_str(), Some(entity.clone())),
            [_, _, more @ ..] => {
                return Err(usage(tool, &format!("unrecognized args: {more:?}")));
            }
        };
        let context = self.event.relation();
        let of_hook = context.and_then(|at| at.unit.as_ref().map(ToString::to_string));
        let app_of_hook = context.and_then(|at| at.app.clone());
        let (entity, is_app) = match (entity, args.has("app")) {
            (Some(entity), is_app) => (entity, is_app),
            (None, true) => {
                let app =
                    app_of_hook.ok_or_else(|| usage(tool, "no unit or application specified"))?;
                (app, true)
            }
            (None, false) => match (of_hook, app_of_hook) {
                (Some(unit), _) => (unit, false),
                (None, Some(app)) => (app, true),
                (None, None) => return Err(usage(tool, "no unit or application specified")),
            },
        };
        let bag = if is_app {
            let app = entity.split('/').next().unwrap_or_default();
            self.app_bag(&self.wanted.relations[at], app)?
        } else {
            let Ok(unit) = entity.parse::<UnitName>() else {
                let is_name = entity
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-');
                let what = if is_name && !entity.is_empty() {
                    format!("expected unit name, got application name {entity:?}")
                } else {
                    format!("invalid unit name {entity:?}")
                };
                return Err(usage(tool, &what));
            };
            self.unit_bag(&self.wanted.relations[at], &unit)?
        };
        if key == "-" {
            json(&bag)
        } else {
            json(&bag.get(key))
        }
    }

    pub(super) fn relation_set(
        &mut self,
        args: &[&str],
        stdin: &[u8],
    ) -> Result<Vec<u8>, ToolError> {
        let tool = "relation-set";
        let args = Args::parse(tool, args, &["r", "relation", "file"], &["app"])?;
        let at = self.relation_of(tool, &args)?;
        let mut values = match args.flag("file") {
            None => Databag::new(),
            Some("-") => map_of(tool, stdin)?,
            Some(path) => {
                let bytes = std::fs::read(path).map_err(|e| failed(tool, &e.to_string()))?;
                map_of(tool, &bytes)?
            }
        };
        for pair in &args.rest {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(usage(
                    tool,
                    &format!("expected \"key=value\", got {pair:?}"),
                ));
            };
            values.insert(key.to_owned(), value.to_owned());
        }
        if args.has("app") && !self.wanted.leader {
            return Err(failed(tool, "cannot write relation settings"));
        }
        let relation = &mut self.wanted.relations[at];
        let bag = if args.has("app") {
            &mut relation.local_app
        } else {
            &mut relation.local_unit
        };
        for (key, value) in values {
            if value.is_empty() {
                bag.remove(&key);
            } else {
                bag.insert(key, value);
            }
        }
        Ok(Vec::new())
    }

    /// Index of the relation that `-r` names, or the hook is about.
    pub(super) fn relation_of(&self, tool: &str, args: &Args) -> Result<usize, ToolError> {
        let flag = args.flag("r").or_else(|| args.flag("relation"));
        let in_hook = self.event.relation().map(|at| at.id.as_str());
        let Some(text) = flag.or(in_hook) else {
            return Err(usage(tool, "no relation id specified"));
        };
        let wrong = |why: &str| {
            let option = if args.has("relation") {
                "--relation"
            } else {
                "-r"
            };
            usage(
                tool,
                &format!("invalid value {text:?} for option {option}: {why}"),
            )
        };
        let number = text
            .rsplit(':')
            .next()
            .and_then(|number| number.parse::<u32>().ok());
        let number = number.ok_or_else(|| wrong("invalid relation id"))?;
        let found = self
            .wanted
            .relations
            .iter()
            .position(|at| at.number == number);
        found.ok_or_else(|| wrong("relation not found"))
    }

    fn is_peer(&self, relation: &Relation) -> bool {
        let endpoint = self.files.metadata.endpoint(&relation.endpoint);
        endpoint.is_some_and(|(role, _)| role == Role::Peer)
    }

    fn app_bag(&self, relation: &Relation, app: &str) -> Result<Databag, ToolError> {
        let denied = || failed("relation-get", "permission denied");
        if app == self.wanted.unit.application() {
            let allowed = self.wanted.leader || self.is_peer(relation);
            return if allowed {
                Ok(relation.local_app.clone())
            } else {
                Err(denied())
            };
        }
        if app == relation.remote_app {
            Ok(relation.remote_app_data.clone())
        } else {
            Err(denied())
        }
    }

    fn unit_bag(&self, relation: &Relation, unit: &UnitName) -> Result<Databag, ToolError> {
        let written = if *unit == self.wanted.unit {
            Some(&relation.local_unit)
        } else if unit.application() == relation.remote_app {
            let number = unit.number();
            let known = relation.remote_units.get(&number);
            known.or_else(|| relation.departed_units.get(&number))
        } else {
            None
        };
        let Some(written) = written else {
            return Err(failed("relation-get", "permission denied"));
        };
        let mut bag = pre_filled(&self.wanted, relation, unit);
        bag.extend(written.clone());
        Ok(bag)
    }
}

/// What Juju itself puts into a unit's bag when the unit enters the relation.
fn pre_filled(state: &State, relation: &Relation, unit: &UnitName) -> Databag {
    let address = if *unit == state.unit {
        let network = super::unit::network_of(state, &relation.endpoint);
        network.ingress_address().unwrap_or_default().to_owned()
    } else {
        super::unit::default_address(unit.number())
    };
    Databag::from([
        ("egress-subnets".to_owned(), format!("{address}/32")),
        ("ingress-address".to_owned(), address.clone()),
        ("private-address".to_owned(), address),
    ])
}
