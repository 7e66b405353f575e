//! Models.

use super::{charms, remove};
use crate::api::{AddModel, ControllerInfo, DestroyModel, Failure, ModelInfo, RemoveApplications};
use crate::daemon::{Daemon, VERSION, bare};
use crate::model::constraints::{self, Constraints};
use crate::model::{Life, Model, config, identity};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of cloud and region, as a LXD cloud on this computer would have them.
const CLOUD: &str = "localhost";
const OWNER: &str = "admin";

pub fn controller(daemon: &Daemon) -> ControllerInfo {
    ControllerInfo {
        name: "lab".to_owned(),
        uuid: daemon.controller.uuid.clone(),
        version: VERSION.to_owned(),
        cloud: CLOUD.to_owned(),
        region: CLOUD.to_owned(),
        user: OWNER.to_owned(),
        pid: std::process::id(),
        started: daemon.started,
        home: daemon.home.path().to_owned(),
    }
}

pub fn add(daemon: &Daemon, request: &AddModel) -> Result<ModelInfo, Failure> {
    let name = bare(&request.name);
    if !identity::is_model_name(name) {
        return Err(Failure::invalid(format!(
            "\"{name}\" is not a valid name: model names may only contain lowercase letters, digits and hyphens"
        )));
    }
    let mut model = Model::new(name, identity::uuid(), Timestamp::now());
    model.inherited = daemon.model_defaults();
    for (key, value) in &request.config {
        config::check(key, value).map_err(|error| Failure::invalid(error.to_string()))?;
        model.config.insert(key.clone(), value.clone());
    }
    let info = view(daemon, &model);
    daemon.add_model(model)?;
    Ok(info)
}

pub fn view(daemon: &Daemon, model: &Model) -> ModelInfo {
    ModelInfo {
        name: model.name.clone(),
        owner: OWNER.to_owned(),
        uuid: model.uuid.clone(),
        controller_uuid: daemon.controller.uuid.clone(),
        model_type: "iaas".to_owned(),
        cloud: CLOUD.to_owned(),
        region: CLOUD.to_owned(),
        life: model.life.as_str().to_owned(),
        version: VERSION.to_owned(),
        created: model.created,
        applications: model.applications.len(),
        units: model.units.len(),
        machines: model.machines.len(),
    }
}

pub fn list(daemon: &Daemon) -> Vec<ModelInfo> {
    daemon.read_all(|models| models.values().map(|model| view(daemon, model)).collect())
}

/// Starts the destruction of a model. It is gone when its last machine is.
pub async fn destroy(daemon: &Arc<Daemon>, request: &DestroyModel) -> Result<(), Failure> {
    let applications = daemon.update(&request.model, |model| {
        let kept = model
            .storage
            .values()
            .filter(|storage| storage.is_persistent())
            .count();
        if kept > 0 && !request.destroy_storage && !request.force {
            return Err(Failure::invalid(format!(
                "cannot destroy model \"{}\": it has {kept} persistent storage instances\nhint: \
                 '--destroy-storage' destroys them, 'juju remove-storage' removes them one by one",
                model.name
            )));
        }
        model.life = Life::Dying;
        model.offers.clear();
        Ok(model.applications.keys().cloned().collect())
    })?;
    let removal = RemoveApplications {
        model: request.model.clone(),
        applications,
        destroy_storage: request.destroy_storage,
        force: request.force,
        dry_run: false,
    };
    remove::applications(daemon, &removal).await.map(|_| ())
}

/// Forgets a dying model once it is empty. Returns whether it did.
pub fn sweep(daemon: &Daemon, name: &str) -> Result<bool, Failure> {
    let empty = daemon.read(name, |model| {
        let empty =
            model.life != Life::Alive && model.units.is_empty() && model.machines.is_empty();
        Ok(empty.then(|| {
            let charms = model
                .applications
                .values()
                .map(|application| application.charm.key.clone());
            (model.uuid.clone(), charms.collect::<Vec<_>>())
        }))
    })?;
    let Some((uuid, _)) = empty else {
        return Ok(false);
    };
    crate::agent::StorageArea::new(&daemon.home, &uuid)
        .clear()
        .map_err(|error| {
            Failure::internal(format!("cannot remove storage of model {name}: {error}"))
        })?;
    daemon
        .forget_model(name)
        .map_err(|error| Failure::internal(error.to_string()))?;
    charms::forget_unused(daemon);
    Ok(true)
}

pub(super) fn check_constraints(constraints: &Constraints) -> Result<(), Failure> {
    constraints::check(constraints).map_err(|error| Failure::invalid(error.to_string()))
}

/// Replaces the model's constraints; machines that are there keep theirs.
pub fn set_constraints(
    daemon: &Daemon,
    model: &str,
    constraints: &Constraints,
) -> Result<(), Failure> {
    check_constraints(constraints)?;
    daemon.update(model, |model| {
        model.constraints.clone_from(constraints);
        Ok(())
    })
}

pub fn set_config(
    daemon: &Daemon,
    model: &str,
    values: &BTreeMap<String, String>,
    reset: &[String],
) -> Result<(), Failure> {
    daemon.update(model, |model| {
        for (key, value) in values {
            config::check(key, value).map_err(|error| Failure::invalid(error.to_string()))?;
        }
        for key in reset {
            if !config::is_known(key) {
                return Err(Failure::invalid(
                    config::SettingError::Unknown(key.clone()).to_string(),
                ));
            }
            model.config.remove(key);
        }
        let shorter = values.contains_key("update-status-hook-interval");
        model.config.extend(values.clone());
        if shorter {
            let due = Timestamp::now() + model.update_status_interval();
            for unit in model.units.values_mut() {
                unit.progress.update_status = unit.progress.update_status.map(|_| due);
            }
        }
        Ok(())
    })
}
