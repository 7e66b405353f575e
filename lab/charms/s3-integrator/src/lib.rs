//! Hands the address of an object store, and the credentials for it, to related applications.
//!
//! Every event does the same: read the options and the credentials, tell each relation what
//! follows from them, and say in the status what is missing.

mod actions;
pub mod bucket;
mod credentials;
mod publish;
mod settings;

use juju_charm::{Event, Juju, Status, ToolError};

pub use credentials::Keys;

use bucket::Ensure;
use credentials::Credentials;
use settings::Settings;

/// What the charm does for any event.
pub fn charm(event: &Event, juju: &Juju) -> Result<(), ToolError> {
    charm_with(event, juju, &bucket::ensure)
}

/// The same with another way to see to it that buckets exist.
pub fn charm_with(event: &Event, juju: &Juju, ensure: Ensure<'_>) -> Result<(), ToolError> {
    match event {
        Event::Action(action) => actions::run(&action.name, juju, ensure),
        Event::SecretRemove(secret) => {
            juju.secret_remove(&secret.id, secret.revision);
            reconcile(event, juju, ensure)
        }
        _ => reconcile(event, juju, ensure),
    }
}

fn reconcile(event: &Event, juju: &Juju, ensure: Ensure<'_>) -> Result<(), ToolError> {
    let settings = match Settings::from_config(&juju.config()?) {
        Ok(settings) => settings,
        Err(problems) => {
            let text = format!("Invalid configuration: {}", problems.join("; "));
            return juju.status_set(&Status::blocked(text));
        }
    };
    let credentials = credentials::read(juju)?;
    let mut problems = Vec::new();
    if juju.is_leader()? {
        if let Event::RelationBroken(at) = event {
            publish::forget(juju, &at.id)?;
        }
        problems = publish::to_all(juju, &settings, &credentials, ensure)?;
    }
    juju.status_set(&status(&credentials, &problems))
}

fn status(credentials: &Credentials, problems: &[String]) -> Status {
    match credentials {
        Credentials::Ready(_) if problems.is_empty() => Status::active(""),
        Credentials::Ready(_) => Status::blocked(problems.join("; ")),
        // The words of the charm on Charmhub.
        Credentials::Absent => Status::blocked("Missing parameters: ['access-key', 'secret-key']"),
        Credentials::Unreadable(why) => Status::blocked(why),
    }
}
