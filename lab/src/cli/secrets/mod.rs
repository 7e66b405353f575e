//! Secrets as the operator sees and makes them.

mod content;
mod show;

use clap::Args;

use crate::api::{self, Request};

use super::failure::CliError;
use super::session::Session;
use content::Content;

pub(crate) use show::{Secrets, ShowSecret};

/// Adds a new secret
#[derive(Debug, Args)]
pub(crate) struct AddSecret {
    name: String,
    #[command(flatten)]
    content: Content,
    /// The secret description
    #[arg(long)]
    info: Option<String>,
}

impl AddSecret {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let content = self.content.read()?.ok_or_else(|| {
            CliError::usage("missing secret value or filename\nhint: give key=value, key#file=PATH or --file PATH")
        })?;
        let (name, info) = (self.name, self.info);
        let add = api::AddSecret {
            model: session.model()?,
            name,
            info,
            content,
        };
        let uri: String = session.call(&Request::AddSecret(add))?;
        session.print(&format!("{uri}\n"))
    }
}

/// Updates an existing secret
#[derive(Debug, Args)]
pub(crate) struct UpdateSecret {
    /// Name or id
    secret: String,
    #[command(flatten)]
    content: Content,
    /// The new secret name
    #[arg(long)]
    name: Option<String>,
    /// The secret description
    #[arg(long)]
    info: Option<String>,
    /// Remove old revisions once nobody tracks them
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    auto_prune: Option<bool>,
}

impl UpdateSecret {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let content = self.content.read()?;
        if content.is_none()
            && self.name.is_none()
            && self.info.is_none()
            && self.auto_prune.is_none()
        {
            return Err(CliError::usage(
                "must specify a new content, name, description or auto prune setting",
            ));
        }
        session.call::<()>(&Request::UpdateSecret(api::UpdateSecret {
            model: session.model()?,
            secret: self.secret,
            name: self.name,
            info: self.info,
            auto_prune: self.auto_prune,
            content,
        }))
    }
}

/// Grants or revokes access to a secret
#[derive(Debug, Args)]
pub(crate) struct Access {
    /// Name or id
    secret: String,
    #[arg(required = true, value_delimiter = ',', value_name = "APPLICATION")]
    applications: Vec<String>,
}

impl Access {
    pub(crate) fn grant(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let (secret, applications) = (self.secret, self.applications);
        session.call(&Request::GrantSecret {
            model,
            secret,
            applications,
        })
    }

    pub(crate) fn revoke(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let (secret, applications) = (self.secret, self.applications);
        session.call(&Request::RevokeSecret {
            model,
            secret,
            applications,
        })
    }
}

/// Removes an existing secret
#[derive(Debug, Args)]
pub(crate) struct RemoveSecret {
    /// Name or id
    secret: String,
    /// Remove only the specified revision
    #[arg(long)]
    revision: Option<u64>,
}

impl RemoveSecret {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        session.call(&Request::RemoveSecret {
            model,
            secret: self.secret,
            revision: self.revision,
        })
    }
}
