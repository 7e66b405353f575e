//! Secrets that an application of another model granted. They stay in that model; the reader has another name there.
//!
//! Only a URI with the other model's UUID leads there: a bare id names a secret of the own model.

use super::ToolError;
use super::secret_read::{Ask, Content, Place, not_found, reading, track};
use super::server::Invocation;
use crate::model::Model;
use std::collections::BTreeMap;

fn with_uuid<'a>(models: &'a BTreeMap<String, Model>, uuid: &str) -> Option<&'a Model> {
    models.values().find(|model| model.uuid == uuid)
}

/// Names of the running unit in other models, by their UUIDs.
fn aliases(models: &BTreeMap<String, Model>, invocation: &Invocation<'_>) -> Vec<(String, String)> {
    let model = with_uuid(models, &invocation.context.model_uuid);
    model
        .map(|model| model.aliases(&invocation.context.unit))
        .unwrap_or_default()
        .into_iter()
        .collect()
}

pub(super) fn by_label(invocation: &Invocation<'_>, label: &str) -> Option<Place> {
    invocation.daemon.read_all(|models| {
        aliases(models, invocation)
            .into_iter()
            .find_map(|(uuid, alias)| {
                let source = with_uuid(models, &uuid)?;
                let mut secrets = source.secrets.values();
                let secret = secrets.find(|secret| {
                    let consumer = secret.consumers.get(&alias);
                    consumer.is_some_and(|it| it.label.as_deref() == Some(label))
                })?;
                Some(Place::Elsewhere {
                    model: uuid,
                    id: secret.id.clone(),
                })
            })
    })
}

pub(super) fn content(
    invocation: &Invocation<'_>,
    uuid: &str,
    id: &str,
    ask: Ask<'_>,
) -> Result<Content, ToolError> {
    let (content, moves, source, reader) = invocation.daemon.read_all(|models| {
        let source = with_uuid(models, uuid).ok_or_else(|| not_found(id))?;
        let secret = source.secrets.get(id).ok_or_else(|| not_found(id))?;
        let reader = aliases(models, invocation)
            .into_iter()
            .filter(|(model, _)| model == uuid)
            .map(|(_, alias)| alias)
            .find(|alias| secret.may_read(alias))
            .ok_or_else(|| ToolError::runtime("permission denied"))?;
        let (content, moves) = reading(secret, &reader, ask)?;
        Ok::<_, ToolError>((content, moves, source.name.clone(), reader))
    })?;
    if moves {
        let daemon = invocation.daemon;
        daemon.update(&source, |model| track(model, id, &reader, ask))?;
    }
    Ok(content)
}
