//! The relations `database`: what applications ask for, and what they are told.
//!
//! What is asked stands in the bag of the other application, and the answer in the bag of this one, which the leader
//! writes. What the other side wants to have in a secret is in secrets of this application, granted to the relation.

use std::collections::BTreeMap;

use juju_charm::{
    Bag, Databag, Juju, NewSecret, Own, RelationId, SecretContent, SecretRevision, ToolError,
};

use super::DATABASE;
use crate::domain::clients::{Answer, Group, Request};
use crate::domain::observed::Client;
use crate::domain::words::Secret;

/// The provider's copy of what the requirer has said: the requirer's library looks into it.
const SAID: &str = "data";

/// The label by which the application finds one of its secrets: the incumbent's.
pub fn label(relation: u32, group: Group) -> String {
    format!("{DATABASE}.{relation}.{}.secret", group.word())
}

/// Reads all relations. Only the leader can.
///
/// # Errors
///
/// When Juju refuses. A secret that may not be read is never "absent".
pub fn read(juju: &Juju) -> Result<BTreeMap<u32, Client>, ToolError> {
    let mut clients = BTreeMap::new();
    for relation in juju.relation_ids(DATABASE)? {
        let said = juju.relation_get(&relation, &Bag::RemoteApp)?;
        let told = juju.relation_get(&relation, &Bag::OwnApp)?;
        let client = Client {
            application: juju.relation_app(&relation)?.unwrap_or_default(),
            request: Request::read(&said),
            password: password(juju, &relation, &told)?,
            answered: told.contains_key("endpoints"),
            said: mirrored(&said),
        };
        clients.insert(relation.number(), client);
    }
    Ok(clients)
}

/// The password that the other side was given: in a secret or, when it asks for none, in the open.
fn password(
    juju: &Juju,
    relation: &RelationId,
    told: &Databag,
) -> Result<Option<Secret>, ToolError> {
    let open = told.get("password").filter(|text| !text.is_empty());
    if let Some(text) = open {
        return Ok(Some(Secret::new(text)));
    }
    if !told.contains_key(Group::User.key()) {
        return Ok(None);
    }
    let label = label(relation.number(), Group::User);
    let content = juju.secret_by_label(&label, SecretRevision::Peek)?;
    let password = content.and_then(|content| {
        let value = content.get("password")?.expose().to_owned();
        Some(Secret::new(value))
    });
    Ok(password)
}

fn mirrored(said: &Databag) -> String {
    let own: BTreeMap<&String, &String> = said.iter().filter(|(key, _)| *key != SAID).collect();
    serde_json::json!(own).to_string()
}

/// Tells each application what is new. Nothing is written that is there already.
///
/// # Errors
///
/// When Juju refuses.
pub fn publish(juju: &Juju, answers: &BTreeMap<u32, Answer>) -> Result<(), ToolError> {
    for (number, answer) in answers {
        let relation = RelationId::new(DATABASE, *number);
        let told = juju.relation_get(&relation, &Bag::OwnApp)?;
        let written = answer.written();
        for (key, value) in &written.open {
            juju.relation_set(&relation, Own::App, *key, value.expose());
        }
        for group in Group::ALL {
            match written.secrets.get(&group) {
                Some(values) => publish_secret(juju, &relation, group, values, &told)?,
                None if told.contains_key(group.key()) => {
                    juju.relation_delete(&relation, Own::App, group.key());
                    forget_secret(juju, *number, group)?;
                }
                None => {}
            }
        }
    }
    Ok(())
}

fn publish_secret(
    juju: &Juju,
    relation: &RelationId,
    group: Group,
    values: &BTreeMap<&'static str, Secret>,
    told: &Databag,
) -> Result<(), ToolError> {
    let label = label(relation.number(), group);
    let wanted: SecretContent = values
        .iter()
        .map(|(key, value)| (*key, value.expose().to_owned()))
        .collect();
    let found = juju.secret_by_label(&label, SecretRevision::Peek)?;
    let named = told.contains_key(group.key());
    if named && found.as_ref() == Some(&wanted) {
        return Ok(());
    }
    let id = match juju.secret_info_by_label(&label)? {
        Some(info) => {
            juju.secret_set(&info.id, wanted);
            info.id
        }
        None => juju.secret_add(&NewSecret::labelled(label, wanted))?,
    };
    if !named {
        juju.secret_grant(&id, relation);
        // An application of another model would look for a bare id in its own model.
        let uri = format!("secret://{}/{}", juju.context().model_uuid, id.bare());
        juju.relation_set(relation, Own::App, group.key(), uri);
    }
    Ok(())
}

/// Removes the secrets of a relation that is over.
///
/// # Errors
///
/// When Juju refuses.
pub fn forget(juju: &Juju, relation: u32) -> Result<(), ToolError> {
    Group::ALL
        .into_iter()
        .try_for_each(|group| forget_secret(juju, relation, group))
}

fn forget_secret(juju: &Juju, relation: u32, group: Group) -> Result<(), ToolError> {
    if let Some(info) = juju.secret_info_by_label(&label(relation, group))? {
        juju.secret_remove(&info.id, None);
    }
    Ok(())
}
