//! What the operator sets for all models.

use crate::api::{Failure, ModelDefault};
use crate::daemon::Daemon;
use crate::model::config;
use std::collections::BTreeMap;

pub fn defaults(daemon: &Daemon) -> BTreeMap<String, ModelDefault> {
    config::defaults(&daemon.model_defaults())
}

pub fn set_defaults(
    daemon: &Daemon,
    values: &BTreeMap<String, String>,
    reset: &[String],
) -> Result<(), Failure> {
    for (key, value) in values {
        config::check(key, value).map_err(|error| Failure::invalid(error.to_string()))?;
    }
    if let Some(unknown) = reset.iter().find(|key| !config::is_known(key)) {
        let error = config::SettingError::Unknown(unknown.clone());
        return Err(Failure::invalid(error.to_string()));
    }
    daemon.change_model_defaults(|defaults| {
        defaults.extend(values.clone());
        defaults.retain(|key, _| !reset.contains(key));
    })
}
