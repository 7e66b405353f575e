//! Worlds and events that Juju cannot produce.

use std::collections::{BTreeMap, BTreeSet};

use super::{Relation, SecretHolder, State};
use crate::context::JujuVersion;
use crate::files::{CharmFiles, Role};
use crate::tools::is_secret_key;
use crate::{Event, SecretContent, UnitName};

/// Everything that is impossible about this event in this world; empty when it can be.
pub(super) fn problems(files: &CharmFiles, state: &State, event: &Event) -> Vec<String> {
    let mut problems = Vec::new();
    config(files, state, &mut problems);
    relations(files, state, &mut problems);
    secrets(state, &mut problems);
    storage(files, state, &mut problems);
    names(files, state, &mut problems);
    leadership(state, event, &mut problems);
    relation_event(files, state, event, &mut problems);
    secret_event(state, event, &mut problems);
    other_event(files, state, event, &mut problems);
    problems
}

fn config(files: &CharmFiles, state: &State, problems: &mut Vec<String>) {
    for (option, value) in &state.config {
        match files.config.check_value(option, value.clone()) {
            Ok(checked) if checked == *value => {}
            Ok(_) => problems.push(format!(
                "option {option:?} is text where it has another type"
            )),
            Err(error) => problems.push(error.to_string()),
        }
    }
}

fn relations(files: &CharmFiles, state: &State, problems: &mut Vec<String>) {
    let mut numbers = BTreeMap::new();
    let mut endpoints: BTreeMap<&str, u32> = BTreeMap::new();
    for relation in &state.relations {
        let id = relation.id();
        if let Some(other) = numbers.insert(relation.number, &relation.endpoint) {
            problems.push(format!("{id} has the number of a relation of {other}"));
        }
        *endpoints.entry(&relation.endpoint).or_default() += 1;
        let own_app = state.unit.application();
        match files.metadata.endpoint(&relation.endpoint) {
            None => problems.push(format!("{id} is of an endpoint that metadata.yaml lacks")),
            Some((Role::Peer, _)) => {
                if relation.remote_app != own_app {
                    problems.push(format!("{id} is among peers, and they are of {own_app}"));
                }
                if !relation.remote_app_data.is_empty() {
                    problems.push(format!(
                        "{id} is among peers: the application's bag is local"
                    ));
                }
                if relation.remote_units.contains_key(&state.unit.number()) {
                    problems.push(format!("{id} lists this unit among the others"));
                }
            }
            Some(_) => {}
        }
        bags(relation, problems);
    }
    for (endpoint, count) in endpoints {
        let limit = files
            .metadata
            .endpoint(endpoint)
            .and_then(|(_, at)| at.limit);
        if let Some(limit) = limit.filter(|limit| count > *limit) {
            problems.push(format!(
                "endpoint {endpoint:?} has {count} relations of {limit} at most"
            ));
        }
    }
}

fn bags(relation: &Relation, problems: &mut Vec<String>) {
    let units = relation
        .remote_units
        .values()
        .chain(relation.departed_units.values());
    let own = [
        &relation.local_unit,
        &relation.local_app,
        &relation.remote_app_data,
    ];
    for bag in own.into_iter().chain(units) {
        for (key, value) in bag {
            if value.is_empty() {
                let id = relation.id();
                problems.push(format!(
                    "{id} has key {key:?} without a value: it would be deleted"
                ));
            }
        }
    }
}

fn secrets(state: &State, problems: &mut Vec<String>) {
    let mut ids = BTreeSet::new();
    let mut labels = BTreeSet::new();
    for secret in &state.secrets {
        if !ids.insert(&secret.id) {
            problems.push(format!("{} exists twice", secret.id));
        }
        if let Some(label) = &secret.label
            && !labels.insert((label, secret.is_ours()))
        {
            problems.push(format!("two secrets have the label {label:?}"));
        }
        if secret.revisions.is_empty() || secret.revisions.contains_key(&0) {
            problems.push(format!(
                "{} has no revision, or one with number 0",
                secret.id
            ));
        }
        if secret
            .tracked
            .is_some_and(|revision| revision == 0 || revision > secret.newest())
        {
            problems.push(format!("{} is held to a revision it never had", secret.id));
        }
        if secret.holder == SecretHolder::NotGranted && secret.label.is_some() {
            problems.push(format!("{} has a label here but was never read", secret.id));
        }
        for (key, _) in secret.revisions.values().flat_map(SecretContent::iter) {
            if !is_secret_key(key) {
                problems.push(format!(
                    "{} has the key {key:?}, which Juju refuses",
                    secret.id
                ));
            }
        }
        for number in &secret.granted_to {
            if !state
                .relations
                .iter()
                .any(|relation| relation.number == *number)
            {
                problems.push(format!(
                    "{} is granted to relation {number}, of which there is none",
                    secret.id
                ));
            }
        }
    }
}

fn storage(files: &CharmFiles, state: &State, problems: &mut Vec<String>) {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for instance in &state.storage {
        *counts.entry(instance.id.name()).or_default() += 1;
    }
    for (name, count) in counts {
        match files.metadata.storage.get(name) {
            None => problems.push(format!("storage {name:?} is not in metadata.yaml")),
            Some(storage) if storage.count.max.is_some_and(|max| count > max) => {
                problems.push(format!(
                    "storage {name:?} has more instances than it may have"
                ));
            }
            Some(_) => {}
        }
    }
}

fn names(files: &CharmFiles, state: &State, problems: &mut Vec<String>) {
    let metadata = &files.metadata;
    for binding in state.networks.keys() {
        let known = binding == "juju-info"
            || metadata.endpoint(binding).is_some()
            || metadata.extra_bindings.contains(binding);
        if !known {
            problems.push(format!("binding {binding:?} is not in metadata.yaml"));
        }
    }
    for resource in state.resources.keys() {
        if !metadata.resources.contains_key(resource) {
            problems.push(format!("resource {resource:?} is not in metadata.yaml"));
        }
    }
}

fn leadership(state: &State, event: &Event, problems: &mut Vec<String>) {
    match event {
        Event::LeaderElected if !state.leader => {
            problems.push("leader-elected is sent to the leader only".to_owned());
        }
        Event::LeaderSettingsChanged if state.leader => {
            problems.push("leader-settings-changed is not sent to the leader".to_owned());
        }
        Event::LeaderSettingsChanged | Event::PreSeriesUpgrade | Event::PostSeriesUpgrade
            if state.juju_version >= JujuVersion::new(4, 0, 0) =>
        {
            problems.push(format!("Juju 4 does not send {}", event.name()));
        }
        _ => {}
    }
}

fn relation_event(files: &CharmFiles, state: &State, event: &Event, problems: &mut Vec<String>) {
    let Some(at) = event.relation() else { return };
    let name = event.name();
    let Some(relation) = state
        .relations
        .iter()
        .find(|relation| relation.id() == at.id)
    else {
        problems.push(format!("{name} is about {}, of which there is none", at.id));
        return;
    };
    let is_listed = |unit: &UnitName| {
        unit.application() == relation.remote_app
            && relation.remote_units.contains_key(&unit.number())
    };
    match event {
        Event::RelationJoined(_) if at.unit.is_none() => {
            problems.push(format!("{name} is always about a unit"));
        }
        Event::RelationJoined(_) | Event::RelationChanged(_) => {
            if let Some(unit) = at.unit.as_ref().filter(|unit| !is_listed(unit)) {
                problems.push(format!("{name} is about {unit}, which is not in {}", at.id));
            }
        }
        Event::RelationDeparted(_) => match &at.unit {
            None => problems.push(format!("{name} is always about a unit")),
            Some(unit) if is_listed(unit) => {
                problems.push(format!(
                    "{unit} is still listed in {}, although it leaves",
                    at.id
                ));
            }
            Some(_) => {}
        },
        Event::RelationBroken(_) => {
            if !relation.remote_units.is_empty() {
                problems.push(format!("{} is broken but still has units", at.id));
            }
            if files.metadata.peers.contains_key(at.id.endpoint()) {
                problems.push("a peer relation is never broken".to_owned());
            }
        }
        _ => {}
    }
}

fn secret_event(state: &State, event: &Event, problems: &mut Vec<String>) {
    let Some(at) = event.secret() else { return };
    let name = event.name();
    let Some(secret) = state.secret(&at.id) else {
        problems.push(format!("{name} is about {}, of which there is none", at.id));
        return;
    };
    if let Event::SecretChanged(_) = event {
        if secret
            .tracked
            .is_none_or(|revision| revision >= secret.newest())
        {
            problems.push(format!(
                "{} has no newer revision than this unit reads",
                at.id
            ));
        }
        return;
    }
    match secret.holder {
        SecretHolder::Unit => {}
        SecretHolder::Application if state.leader => {}
        SecretHolder::Application => {
            problems.push(format!(
                "{name} of an application's secret is sent to the leader"
            ));
        }
        SecretHolder::Granted | SecretHolder::NotGranted => {
            problems.push(format!(
                "{name} is sent to the owner, and {} is not ours",
                at.id
            ));
        }
    }
    if at.revision.is_none() != matches!(event, Event::SecretRotate(_)) {
        problems.push(format!(
            "only expired and remove are about a revision; this is {name}"
        ));
    }
}

fn other_event(files: &CharmFiles, state: &State, event: &Event, problems: &mut Vec<String>) {
    match event {
        Event::StorageAttached(at) | Event::StorageDetaching(at)
            if !state.storage.iter().any(|instance| instance.id == at.id) =>
        {
            problems.push(format!(
                "{} is about {}, which is not there",
                event.name(),
                at.id
            ));
        }
        Event::PebbleReady(at)
        | Event::PebbleCustomNotice(at, _)
        | Event::PebbleCheckFailed(at)
        | Event::PebbleCheckRecovered(at)
            if !files.metadata.containers.contains_key(&at.container) =>
        {
            problems.push(format!(
                "container {:?} is not in metadata.yaml",
                at.container
            ));
        }
        Event::Action(action) if files.actions.get(&action.name).is_none() => {
            problems.push(format!("action {:?} is not in actions.yaml", action.name));
        }
        _ => {}
    }
}
