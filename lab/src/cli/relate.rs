//! Relations: integrating applications, and taking them apart.

use clap::Args;

use crate::api::{self, Endpoint, Integrated, RelationEnds, Request, SuspendRelations};

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

/// Suspends relations to offers of this model
#[derive(Debug, Args)]
pub(crate) struct SuspendRelation {
    #[command(flatten)]
    relations: RelationIds,
    /// Why, for `juju offers` and the other model's status
    #[arg(long, default_value = "", hide_default_value = true)]
    message: String,
}

impl SuspendRelation {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        self.relations.set_suspended(session, true, self.message)
    }
}

/// Resumes suspended relations to offers of this model
#[derive(Debug, Args)]
pub(crate) struct ResumeRelation {
    #[command(flatten)]
    relations: RelationIds,
}

impl ResumeRelation {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        self.relations.set_suspended(session, false, String::new())
    }
}

#[derive(Debug, Args)]
struct RelationIds {
    /// Id of a relation, as `juju offers` shows it
    #[arg(value_name = "RELATION-ID")]
    ids: Vec<String>,
}

impl RelationIds {
    fn set_suspended(
        &self,
        session: &mut Session,
        suspended: bool,
        reason: String,
    ) -> Result<(), CliError> {
        if self.ids.is_empty() {
            return Err(CliError::usage("no relation ids specified".to_owned()));
        }
        let parse = |id: &String| {
            let wrong = |_| CliError::usage(format!("relation ID {id:?} not valid"));
            id.trim().parse().map_err(wrong)
        };
        let ids = self.ids.iter().map(parse).collect::<Result<_, _>>()?;
        session.call::<()>(&Request::SuspendRelations(SuspendRelations {
            model: session.model()?,
            ids,
            suspended,
            reason,
        }))
    }
}
