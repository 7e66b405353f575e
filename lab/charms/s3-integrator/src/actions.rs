//! The three actions of the charm on Charmhub, in its words.

use juju_charm::{Juju, Redacted, ToolError};

use crate::bucket::Ensure;
use crate::credentials::{self, Credentials, Keys};
use crate::publish;
use crate::settings::{Protocol, Settings};

const MASK: &str = "************";
const NOT_SET: &str = "Credentials are not set!";

/// Runs the action with this name.
pub(crate) fn run(action: &str, juju: &Juju, ensure: Ensure<'_>) -> Result<(), ToolError> {
    match action {
        "sync-s3-credentials" => sync(juju, ensure),
        "get-s3-credentials" => tell_whether_set(juju),
        "get-s3-connection-info" => show_connection(juju),
        _ => {
            juju.action_fail(format!("there is no action {action:?}"));
            Ok(())
        }
    }
}

fn sync(juju: &Juju, ensure: Ensure<'_>) -> Result<(), ToolError> {
    if !juju.is_leader()? {
        juju.action_fail("The action can be run only on leader unit.");
        return Ok(());
    }
    let params = juju.action_params()?;
    let (Some(access_key), Some(secret_key)) = (
        params.string(credentials::ACCESS_KEY),
        params.string(credentials::SECRET_KEY),
    ) else {
        juju.action_fail("access-key and secret-key must both have a value");
        return Ok(());
    };
    let keys = Keys {
        access_key: access_key.to_owned(),
        secret_key: Redacted::new(secret_key),
    };
    credentials::keep(juju, &keys)?;

    let config = juju.config()?;
    if config.secret("credentials").is_some() {
        juju.action_log("They are kept, but the option credentials comes first.")?;
    } else if let Ok(settings) = Settings::from_config(&config) {
        let credentials = Credentials::Ready(keys);
        let problems = publish::to_all(juju, &settings, &credentials, ensure)?;
        juju.status_set(&crate::status(&credentials, &problems))?;
    }
    juju.action_set("ok", "Credentials successfully updated.")
}

fn tell_whether_set(juju: &Juju) -> Result<(), ToolError> {
    match credentials::read(juju)? {
        Credentials::Ready(_) => juju.action_set("ok", "Credentials are configured."),
        Credentials::Absent => {
            juju.action_fail(NOT_SET);
            Ok(())
        }
        Credentials::Unreadable(why) => {
            juju.action_fail(why);
            Ok(())
        }
    }
}

fn show_connection(juju: &Juju) -> Result<(), ToolError> {
    let settings = match Settings::from_config(&juju.config()?) {
        Ok(settings) => settings,
        Err(problems) => {
            juju.action_fail(format!("Invalid configuration: {}", problems.join("; ")));
            return Ok(());
        }
    };
    let ready = matches!(credentials::read(juju)?, Credentials::Ready(_));
    let connection = settings.connection(Protocol::V0);
    if connection.is_empty() && !ready {
        juju.action_fail(NOT_SET);
        return Ok(());
    }
    for (key, value) in connection {
        juju.action_set(key, value)?;
    }
    if ready {
        juju.action_set(credentials::ACCESS_KEY, MASK)?;
        juju.action_set(credentials::SECRET_KEY, MASK)?;
    }
    Ok(())
}
