//! Relations and offers: integrating applications, taking them apart, sharing endpoints between models.

use std::collections::BTreeMap;

use clap::Args;

use crate::api::{self, Endpoint, Integrated, RelationEnds, Request};

use super::failure::CliError;
use super::session::Session;

/// Integrates two applications
#[derive(Debug, Args)]
pub(crate) struct Integrate {
    /// APPLICATION[:ENDPOINT]
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

/// Offers application endpoints for use in other models
#[derive(Debug, Args)]
pub(crate) struct Offer {
    /// [MODEL.]APPLICATION:ENDPOINT[,…]
    endpoints: String,
    name: Option<String>,
    #[arg(short = 'c', long)]
    controller: Option<String>,
}

impl Offer {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let (target, endpoints) = self.endpoints.split_once(':').ok_or_else(|| {
            CliError::usage(format!(
                "endpoints must conform to format \"<application-name>:<endpoint-name>[,...]\", got {:?}",
                self.endpoints
            ))
        })?;
        let (model, application) = match target.rsplit_once('.') {
            Some((model, application)) => (model.to_owned(), application),
            None => (session.model()?, target),
        };
        let name = self.name.unwrap_or_else(|| application.to_owned());
        let endpoints: Vec<String> = endpoints.split(',').map(str::to_owned).collect();
        let offer = api::Offer {
            model,
            name,
            application: application.to_owned(),
            endpoints: endpoints.clone(),
            url: String::new(),
            connected: 0,
            described: BTreeMap::new(),
        };
        session.call::<()>(&Request::CreateOffer(offer.clone()))?;
        let offers: Vec<api::Offer> = session.call(&Request::Offers {
            model: offer.model.clone(),
        })?;
        let url = offers
            .iter()
            .find(|known| known.name == offer.name)
            .map(|known| known.url.as_str());
        session.tell(&format!(
            "Application {:?} endpoints [{}] available at {:?}",
            offer.application,
            endpoints.join(", "),
            url.unwrap_or(&offer.name)
        ));
        Ok(())
    }
}

/// Makes an offer of another model known in this one
#[derive(Debug, Args)]
pub(crate) struct Consume {
    /// [OWNER/]MODEL.OFFER
    url: String,
    alias: Option<String>,
}

impl Consume {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let request = Request::Consume {
            model,
            url: self.url.clone(),
            alias: self.alias,
        };
        let name: String = session.call(&request)?;
        session.tell(&format!("Added {} as {name}", self.url));
        Ok(())
    }
}
