//! Deploying and refreshing applications.

use super::{charms, configure, models, units};
use crate::api::{Deploy, Deployed, Failure, Refresh, ResourceSource};
use crate::daemon::{Daemon, application_of};
use crate::model::application::Application;
use crate::model::charm::{Charm, Role};
use crate::model::relation::{End, Relation};
use crate::model::storage::mebibytes;
use crate::model::{Life, Model, identity, take};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub fn deploy(daemon: &Daemon, request: &Deploy) -> Result<Deployed, Failure> {
    if let Some(name) = &request.application
        && !identity::is_application_name(name)
    {
        return Err(Failure::invalid(format!(
            "invalid application name \"{name}\""
        )));
    }
    let charm = charms::upload(daemon, &request.model, &request.charm, request.force)?;
    let name = request
        .application
        .clone()
        .unwrap_or_else(|| charm.name.clone());
    let resources = store_resources(daemon, &charm, &request.resources)?;
    let deployed = daemon.update(&request.model, |model| {
        if model.life != Life::Alive {
            return Err(Failure::invalid(format!("model \"{}\" is being destroyed", model.name)));
        }
        if model.applications.contains_key(&name) {
            return Err(Failure::exists(format!(
                "cannot add application \"{name}\": application already exists\nhint: 'juju add-unit {name}' adds \
                 units, 'juju refresh {name}' replaces the charm"
            )));
        }
        if model.saas.contains_key(&name) {
            return Err(Failure::exists(format!(
                "cannot add application \"{name}\": saas application with same name already exists"
            )));
        }
        let config = parse_config(&charm, &request.config)?;
        check_storage(&charm, request)?;
        models::check_constraints(&request.constraints)?;
        let count = if charm.subordinate { 0 } else { request.num_units };
        let application = Application {
            name: name.clone(),
            charm: Arc::new(charm.clone()),
            life: Life::Alive,
            config,
            trust: request.trust,
            exposed: false,
            lease: None,
            status: None,
            workload_version: String::new(),
            storage: request.storage.clone(),
            resources,
            constraints: request.constraints.clone(),
            resource_revision: 0,
            config_revision: 0,
            created: Timestamp::now(),
        };
        model.applications.insert(name.clone(), application);
        add_peers(model, &name, &charm);
        let units = units::place(model, &name, count, &request.to, &request.attach_storage)?;
        Ok(answer(&name, &charm, units))
    });
    if deployed.is_err() {
        // The upload has no application; a later deploy uploads again.
        let _ = std::fs::remove_dir_all(daemon.home.charms().join(&charm.key));
    }
    deployed
}

fn answer(name: &str, charm: &Charm, units: Vec<String>) -> Deployed {
    Deployed {
        application: name.to_owned(),
        charm_url: charm.url(),
        charm_name: charm.name.clone(),
        charm_revision: charm.revision,
        base: format!("{}@{}", charm.base.name, charm.base.channel),
        units,
    }
}

/// Values of the command line as values of the options' types.
pub(super) fn parse_config(
    charm: &Charm,
    values: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, Failure> {
    let options = charm.config_options();
    values
        .iter()
        .map(|(name, text)| match options.parse_value(name, text) {
            Ok(value) => Ok((name.clone(), value)),
            Err(error) => Err(Failure::invalid(error.to_string())),
        })
        .collect()
}

fn check_storage(charm: &Charm, request: &Deploy) -> Result<(), Failure> {
    for (name, directive) in &request.storage {
        let Some(spec) = charm.storage.get(name) else {
            return Err(Failure::invalid(format!(
                "charm \"{}\" has no store called \"{name}\"",
                charm.name
            )));
        };
        let count = directive.count.unwrap_or(spec.min);
        if count < spec.min || spec.max.is_some_and(|max| count > max) {
            let most = spec
                .max
                .map_or("any number".to_owned(), |max| max.to_string());
            return Err(Failure::invalid(format!(
                "charm \"{}\" store \"{name}\": {count} instances asked for, {} to {most} allowed",
                charm.name, spec.min
            )));
        }
        if let Some(text) = &directive.size {
            let Some(size) = mebibytes(text) else {
                return Err(Failure::invalid(format!(
                    "storage \"{name}\": size \"{text}\" is not a size like 10G"
                )));
            };
            if size < spec.minimum_size {
                return Err(Failure::invalid(format!(
                    "charm \"{}\" store \"{name}\": minimum storage size is {} MB, {size} MB specified",
                    charm.name, spec.minimum_size
                )));
            }
        }
    }
    Ok(())
}

/// Peer relations exist as long as their application.
fn add_peers(model: &mut Model, application: &str, charm: &Charm) {
    for (endpoint, spec) in charm
        .endpoints
        .iter()
        .filter(|(_, spec)| spec.role == Role::Peer)
    {
        let known = model.relations_of(application).any(|relation| {
            relation.is_peer() && relation.ends.iter().any(|end| end.endpoint == *endpoint)
        });
        if known {
            continue;
        }
        let id = take(&mut model.sequences.relation);
        let end = End {
            application: application.to_owned(),
            endpoint: endpoint.clone(),
            role: Role::Peer,
        };
        let mut relation = Relation::new(id, vec![end], &spec.interface);
        relation.container_scoped = spec.container_scoped;
        model.relations.insert(id, relation);
    }
}

pub fn refresh(daemon: &Daemon, request: &Refresh) -> Result<Deployed, Failure> {
    daemon.read(&request.model, |model| {
        application_of(model, &request.application).map(|_| ())
    })?;
    let charm = charms::upload(daemon, &request.model, &request.charm, request.force)?;
    let resources = store_resources(daemon, &charm, &request.resources)?;
    let refreshed = daemon.update(&request.model, |model| {
        let current = application_of(model, &request.application)?;
        check_refresh(model, current, &charm)?;
        let config = parse_config(&charm, &request.config)?;
        let name = request.application.clone();
        configure::change(model, &name, |application| {
            let options = charm.config_options();
            application
                .config
                .retain(|option, value| options.check_value(option, value.clone()).is_ok());
            application.config.extend(config);
            application.resources.extend(resources);
            application.charm = Arc::new(charm.clone());
        });
        if request.force_units {
            for unit in model
                .units
                .values_mut()
                .filter(|unit| unit.application == name)
            {
                unit.force_upgrade = true;
            }
        }
        add_peers(model, &name, &charm);
        units::add_missing_storage(model, &name)?;
        Ok(answer(&name, &charm, Vec::new()))
    });
    if refreshed.is_err() {
        let _ = std::fs::remove_dir_all(daemon.home.charms().join(&charm.key));
    }
    refreshed
}

/// A new charm must be the same charm, fit to the relations there are and keep the application's storage.
fn check_refresh(model: &Model, current: &Application, charm: &Charm) -> Result<(), Failure> {
    let refuse = |text: String| {
        Err(Failure::invalid(format!(
            "cannot upgrade application \"{}\" to charm \"{}\": {text}",
            current.name,
            charm.url()
        )))
    };
    if charm.name != current.charm.name {
        return refuse(format!(
            "it is another charm than \"{}\"",
            current.charm.name
        ));
    }
    if charm.subordinate != current.charm.subordinate {
        return refuse("cannot change an application's subordinacy".to_owned());
    }
    for relation in model
        .relations_of(&current.name)
        .filter(|relation| relation.life == Life::Alive)
    {
        for end in relation
            .ends
            .iter()
            .filter(|end| end.application == current.name)
        {
            let fits = charm
                .endpoint(&end.endpoint)
                .is_some_and(|spec| spec.role == end.role && spec.interface == relation.interface);
            if !fits {
                return refuse(format!("would break relation \"{relation}\""));
            }
        }
    }
    for name in current.charm.storage.keys() {
        if !charm.storage.contains_key(name) {
            return refuse(format!("required storage \"{name}\" removed"));
        }
    }
    Ok(())
}

/// Copies resource files into the home; revisions keep what the lab has.
pub(super) fn store_resources(
    daemon: &Daemon,
    charm: &Charm,
    sources: &BTreeMap<String, ResourceSource>,
) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut stored = BTreeMap::new();
    for (name, source) in sources {
        if !charm.resources.contains_key(name) {
            return Err(Failure::invalid(format!(
                "unrecognized resource \"{name}\""
            )));
        }
        let ResourceSource::File(path) = source else {
            return Err(Failure::invalid(format!(
                "resource \"{name}\": this lab has no charm store with revisions\nhint: give a file, --resource \
                 {name}=./FILE"
            )));
        };
        let directory = daemon.home.path().join("resources");
        let target = directory.join(identity::token());
        std::fs::create_dir_all(&directory)
            .and_then(|()| std::fs::copy(path, &target))
            .map_err(|error| {
                Failure::invalid(format!("cannot read resource {}: {error}", path.display()))
            })?;
        stored.insert(name.clone(), target);
    }
    Ok(stored)
}

/// A new file for a resource looks like a new charm to the units.
pub fn attach_resource(
    daemon: &Daemon,
    model: &str,
    application: &str,
    name: &str,
    source: &ResourceSource,
) -> Result<(), Failure> {
    let charm = daemon.read(model, |model| {
        Ok(Arc::clone(&application_of(model, application)?.charm))
    })?;
    let resources = store_resources(
        daemon,
        &charm,
        &BTreeMap::from([(name.to_owned(), source.clone())]),
    )?;
    daemon.update(model, |model| {
        if let Some(application) = model.applications.get_mut(application) {
            application.resources.extend(resources);
            application.resource_revision += 1;
        }
        Ok(())
    })
}
