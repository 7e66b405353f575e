//! The `secret-*` family.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json as value};

use super::args::{Args, failed, usage};
use super::{World, json, map_of, single};
use crate::testing::{Secret, SecretHolder, State};
use crate::tools::is_secret_key;
use crate::{SecretContent, SecretId, ToolError};

const DESCRIBING: [&str; 7] = [
    "label",
    "description",
    "owner",
    "rotate",
    "expire",
    "file",
    "format",
];

impl World {
    pub(super) fn secret_add(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "secret-add";
        let args = Args::parse(tool, args, &DESCRIBING, &[])?;
        let content = content_of(tool, &args)?;
        if content.is_empty() {
            return Err(usage(tool, "missing secret value or filename"));
        }
        let holder = match args.flag("owner") {
            Some("unit") => SecretHolder::Unit,
            _ if !self.wanted.leader => return Err(failed(tool, "this unit is not the leader")),
            _ => SecretHolder::Application,
        };
        let known = |id: &str| self.wanted.secrets.iter().any(|s| s.id.uri() == id);
        let id = loop {
            self.secrets_added += 1;
            let id = format!("secret:new{:017}", self.secrets_added);
            // An earlier event may have added some.
            if !known(&id) {
                break id;
            }
        };
        let mut secret = Secret::new(&id, holder, content);
        describe(&mut secret, &args);
        if let Some(label) = &secret.label
            && self
                .wanted
                .secrets
                .iter()
                .any(|s| s.is_ours() && s.label.as_ref() == Some(label))
        {
            let message = format!("secret with label {label:?} already exists");
            self.commit_errors.push(message);
        }
        self.wanted.secrets.push(secret);
        Ok(format!("{id}\n").into_bytes())
    }

    pub(super) fn secret_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "secret-get";
        let args = Args::parse(tool, args, &["label"], &["peek", "refresh"])?;
        if args.has("peek") && args.has("refresh") {
            return Err(usage(
                tool,
                "specify one of --peek or --refresh but not both",
            ));
        }
        let id = args
            .rest
            .first()
            .map(|text| parse_id(tool, text))
            .transpose()?;
        let label = args.flag("label").map(str::to_owned);
        let secret = match (&id, &label) {
            (Some(id), _) => self.wanted.secret(id),
            (None, Some(label)) => self.wanted.secret_by_label(label),
            (None, None) => return Err(usage(tool, "require either a secret URI or label")),
        };
        let Some(secret) = secret else {
            let name = id
                .as_ref()
                .map(SecretId::bare)
                .or(label.as_deref())
                .unwrap_or_default();
            return Err(failed(tool, &format!("secret {name:?} not found")));
        };
        if secret.holder == SecretHolder::NotGranted {
            return Err(failed(tool, "permission denied"));
        }
        let id = secret.id.clone();
        let (newest, tracked) = (secret.newest(), secret.tracked);
        let revision = match tracked {
            Some(tracked) if !args.has("peek") && !args.has("refresh") => tracked,
            _ => newest,
        };
        let Some(content) = secret.revisions.get(&revision).cloned() else {
            // The owner has removed what this unit is still held to.
            let message = format!("secret revision {revision} of {:?} not found", id.bare());
            return Err(failed(tool, &message));
        };
        // Which revision a unit is held to does not wait for the commit.
        let is_held = !args.has("peek");
        for state in [&mut self.kept, &mut self.wanted] {
            hold(state, &id, label.as_deref(), is_held.then_some(revision));
        }
        match args.rest.get(1) {
            None => json(&plain(&content)),
            Some(key) => match content.get(key) {
                Some(text) => json(&text.expose()),
                None => Err(failed(tool, &format!("secret key {key:?} not found"))),
            },
        }
    }

    pub(super) fn secret_info_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "secret-info-get";
        let args = Args::parse(tool, args, &["label"], &[])?;
        let (secret, name) = match (single(tool, &args)?, args.flag("label")) {
            (Some(text), None) => {
                let id = parse_id(tool, &text)?;
                (self.wanted.secret(&id), id.bare().to_owned())
            }
            (None, Some(label)) => (self.wanted.secret_by_label(label), label.to_owned()),
            _ => return Err(usage(tool, "require either a secret URI or label")),
        };
        let Some(secret) = secret.filter(|secret| self.manages(secret)) else {
            return Err(failed(tool, &format!("secret {name:?} not found")));
        };
        let owner = if secret.holder == SecretHolder::Unit {
            "unit"
        } else {
            "application"
        };
        let grants = secret.granted_to.iter().filter_map(|number| {
            let relation = self
                .wanted
                .relations
                .iter()
                .find(|at| at.number == *number)?;
            Some(value!({
                "target": format!("application-{}", relation.remote_app),
                "scope": format!("relation-{}", relation.id().as_str().replace(':', ".")),
                "role": "view",
            }))
        });
        let mut info = Map::from_iter([
            ("revision".to_owned(), value!(secret.newest())),
            (
                "label".to_owned(),
                value!(secret.label.as_deref().unwrap_or_default()),
            ),
            ("owner".to_owned(), value!(owner)),
            (
                "rotation".to_owned(),
                value!(secret.rotate.as_deref().unwrap_or("never")),
            ),
        ]);
        let access: Vec<Value> = grants.collect();
        if !access.is_empty() {
            info.insert("access".to_owned(), Value::Array(access));
        }
        if let Some(description) = &secret.description {
            info.insert("description".to_owned(), value!(description));
        }
        json(&BTreeMap::from([(secret.id.bare(), info)]))
    }

    pub(super) fn secret_set(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "secret-set";
        let args = Args::parse(tool, args, &DESCRIBING, &[])?;
        let mut args = args;
        if args.rest.is_empty() {
            return Err(usage(tool, "missing secret URI"));
        }
        let id = parse_id(tool, &args.rest.remove(0))?;
        let content = content_of(tool, &args)?;
        let before = self.kept.secret(&id).map_or(0, Secret::newest);
        let Some(secret) = self.managed(tool, &id)? else {
            return Ok(Vec::new());
        };
        describe(secret, &args);
        if !content.is_empty() {
            // However often it is set in a hook, there is one new revision.
            secret.revisions.insert(before + 1, content);
        }
        Ok(Vec::new())
    }

    pub(super) fn secret_grant(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "secret-grant";
        let args = Args::parse(tool, args, &["r", "relation", "unit"], &[])?;
        let at = self.relation_of(tool, &args)?;
        let number = self.wanted.relations[at].number;
        let id = parse_id(tool, args.rest.first().map_or("", String::as_str))?;
        let found = self
            .wanted
            .secrets
            .iter_mut()
            .find(|secret| secret.id == id);
        match found.filter(|secret| secret.is_ours()) {
            Some(secret) => {
                secret.granted_to.insert(number);
                Ok(Vec::new())
            }
            None => Err(failed(tool, &format!("secret {:?} not found", id.bare()))),
        }
    }

    pub(super) fn secret_revoke(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "secret-revoke";
        let args = Args::parse(tool, args, &["r", "relation", "app", "unit"], &[])?;
        if args.has("app") && (args.has("relation") || self.event.relation().is_some()) {
            return Err(usage(tool, "do not specify both relation and app"));
        }
        let at = self.relation_of(tool, &args)?;
        let number = self.wanted.relations[at].number;
        let id = parse_id(tool, args.rest.first().map_or("", String::as_str))?;
        if let Some(secret) = self.managed(tool, &id)? {
            secret.granted_to.remove(&number);
        }
        Ok(Vec::new())
    }

    pub(super) fn secret_remove(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "secret-remove";
        let args = Args::parse(tool, args, &["revision"], &[])?;
        let id = parse_id(tool, args.rest.first().map_or("", String::as_str))?;
        let revision = args.flag("revision").map(str::parse::<u32>);
        let Some(secret) = self.managed(tool, &id)? else {
            return Ok(Vec::new());
        };
        match revision {
            Some(Ok(revision)) => {
                secret.revisions.remove(&revision);
            }
            Some(Err(_)) => return Err(usage(tool, "invalid revision")),
            None => secret.revisions.clear(),
        }
        self.wanted
            .secrets
            .retain(|secret| !secret.revisions.is_empty());
        Ok(Vec::new())
    }

    pub(super) fn secret_ids(&mut self) -> Result<Vec<u8>, ToolError> {
        let ours = self
            .wanted
            .secrets
            .iter()
            .filter(|secret| self.manages(secret));
        json(&ours.map(|secret| secret.id.bare()).collect::<Vec<_>>())
    }

    fn manages(&self, secret: &Secret) -> bool {
        match secret.holder {
            SecretHolder::Unit => true,
            SecretHolder::Application => self.wanted.leader,
            SecretHolder::Granted | SecretHolder::NotGranted => false,
        }
    }

    /// The secret to be changed. One that is not ours passes here and fails at the commit, as
    /// with Juju; one of the application's is refused at once unless this unit leads.
    fn managed(&mut self, tool: &str, id: &SecretId) -> Result<Option<&mut Secret>, ToolError> {
        let leads = self.wanted.leader;
        let Some(at) = self
            .wanted
            .secrets
            .iter()
            .position(|secret| secret.id == *id)
        else {
            return Err(failed(tool, &format!("secret {:?} not found", id.bare())));
        };
        match self.wanted.secrets[at].holder {
            SecretHolder::Application if !leads => Err(failed(tool, "this unit is not the leader")),
            SecretHolder::Application | SecretHolder::Unit => Ok(self.wanted.secrets.get_mut(at)),
            SecretHolder::Granted | SecretHolder::NotGranted => {
                self.commit_errors.push("permission denied".to_owned());
                Ok(None)
            }
        }
    }
}

/// Remembers what a unit read: its label for the secret, and the revision it is held to.
fn hold(state: &mut State, id: &SecretId, label: Option<&str>, revision: Option<u32>) {
    let Some(secret) = state.secrets.iter_mut().find(|secret| secret.id == *id) else {
        return;
    };
    if let Some(label) = label {
        secret.label = Some(label.to_owned());
    }
    if let Some(revision) = revision.filter(|number| secret.revisions.contains_key(number)) {
        secret.tracked = Some(revision);
    }
}

fn describe(secret: &mut Secret, args: &Args) {
    let text = |flag| args.flag(flag).map(str::to_owned);
    secret.label = text("label").or(secret.label.take());
    secret.description = text("description").or(secret.description.take());
    secret.rotate = text("rotate").or(secret.rotate.take());
    secret.expire = text("expire").or(secret.expire.take());
}

fn content_of(tool: &str, args: &Args) -> Result<SecretContent, ToolError> {
    let mut content = SecretContent::new();
    for pair in &args.rest {
        let Some((key, text)) = pair.split_once('=') else {
            return Err(usage(
                tool,
                &format!("expected \"key=value\", got {pair:?}"),
            ));
        };
        match key.split_once('#') {
            Some((key, "file")) => {
                let read = std::fs::read_to_string(text);
                content.insert(key, read.map_err(|e| failed(tool, &e.to_string()))?);
            }
            _ => content.insert(key, text),
        }
    }
    if let Some(path) = args.flag("file") {
        let bytes = std::fs::read(path).map_err(|e| failed(tool, &e.to_string()))?;
        for (key, text) in map_of(tool, &bytes)? {
            content.insert(key, text);
        }
    }
    if let Some((key, _)) = content.iter().find(|(key, _)| !is_secret_key(key)) {
        return Err(usage(tool, &format!("key {key:?} not valid")));
    }
    Ok(content)
}

fn parse_id(tool: &str, text: &str) -> Result<SecretId, ToolError> {
    text.parse()
        .map_err(|_| usage(tool, &format!("secret URI {text:?} not valid")))
}

fn plain(content: &SecretContent) -> BTreeMap<&str, &str> {
    content
        .iter()
        .map(|(key, text)| (key, text.expose()))
        .collect()
}
