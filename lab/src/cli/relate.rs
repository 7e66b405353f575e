//! Relations: integrating applications, and taking them apart.

use clap::Args;

use crate::api::{self, Endpoint, Integrated, RelationEnds, Request};

use super::failure::CliError;
use super::session::Session;

/// Integrates two applications
#[derive(Debug, Args)]
pub(crate) struct Integrate {
    /// APPLICATION[:ENDPOINT], or the URL of an offer
    first: String,
    second: String,
    /// Accepted; the lab's network is flat
    #[arg(long)]
    via: Option<String>,
}

impl Integrate {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let integrate = api::Integrate {
            model: session.model()?,
            first: Endpoint::parse(&self.first),
            second: Endpoint::parse(&self.second),
        };
        session.call::<Integrated>(&Request::Integrate(integrate))?;
        Ok(())
    }
}

/// Removes an existing relation between two applications
#[derive(Debug, Args)]
pub(crate) struct RemoveRelation {
    /// APPLICATION[:ENDPOINT], or the id of a relation
    first: String,
    second: Option<String>,
    /// Forget the relation even if hooks fail
    #[arg(long)]
    force: bool,
}

impl RemoveRelation {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let force = self.force;
        let ends = if let Some(second) = &self.second {
            RelationEnds {
                model,
                id: None,
                first: Some(Endpoint::parse(&self.first)),
                second: Some(Endpoint::parse(second)),
                force,
            }
        } else {
            let id = self.first.parse().map_err(|_| {
                CliError::usage(format!(
                    "a relation must involve two applications, or be named by its id, got {:?}",
                    self.first
                ))
            })?;
            RelationEnds {
                model,
                id: Some(id),
                first: None,
                second: None,
                force,
            }
        };
        session.call::<()>(&Request::RemoveRelation(ends))
    }
}
