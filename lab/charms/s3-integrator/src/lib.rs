//! Hands the address of an object store, and the credentials for it, to related applications.
//!
//! Every event does the same: read the options and the credentials, tell each relation what
//! follows from them, and say in the status what is missing.

mod actions;
mod credentials;
mod publish;
mod settings;

use juju_charm::{Event, Juju, Status, ToolError};

use credentials::Credentials;
use settings::Settings;

/// What the charm does for any event.
pub fn charm(event: &Event, juju: &Juju) -> Result<(), ToolError> {
    match event {
        Event::Action(action) => actions::run(&action.name, juju),
        Event::SecretRemove(secret) => {
            juju.secret_remove(&secret.id, secret.revision);
            reconcile(event, juju)
        }
        _ => reconcile(event, juju),
    }
}

fn reconcile(event: &Event, juju: &Juju) -> Result<(), ToolError> {
    let settings = match Settings::from_config(&juju.config()?) {
        Ok(settings) => settings,
        Err(problems) => {
            let text = format!("Invalid configuration: {}", problems.join("; "));
            return juju.status_set(&Status::blocked(text));
        }
    };
    let credentials = credentials::read(juju)?;
    if juju.is_leader()? {
        if let Event::RelationBroken(at) = event {
            publish::forget(juju, &at.id)?;
        }
        publish::to_all(juju, &settings, &credentials)?;
    }
    juju.status_set(&status(&credentials))
}

fn status(credentials: &Credentials) -> Status {
    match credentials {
        Credentials::Ready(_) => Status::active(""),
        // The words of the charm on Charmhub.
        Credentials::Absent => Status::blocked("Missing parameters: ['access-key', 'secret-key']"),
        Credentials::Unreadable(why) => Status::blocked(why),
    }
}
