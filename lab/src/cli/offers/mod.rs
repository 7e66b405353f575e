//! Sharing endpoints between models: offers on one side, what consumes them on the other.

mod find;
mod list;

pub(crate) use find::{FindOffers, ShowOffer};
pub(crate) use list::Offers;

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use crate::api::{self, Request};

use super::confirm;
use super::failure::CliError;
use super::session::{Session, without_controller};

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
        let split = self.endpoints.split_once(':');
        let (target, endpoints) = split.filter(|(_, it)| !it.is_empty()).ok_or_else(|| {
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
        let offer = api::Offer {
            model,
            name,
            application: application.to_owned(),
            endpoints: endpoints.split(',').map(str::to_owned).collect(),
            ..api::Offer::default()
        };
        session.call::<()>(&Request::CreateOffer(offer.clone()))?;
        let known = offers_of(session, &offer.model)?;
        let url = known.iter().find(|known| known.name == offer.name);
        session.tell(&format!(
            "Application {:?} endpoints [{}] available at {:?}",
            offer.application,
            offer.endpoints.join(", "),
            url.map_or(&offer.name, |known| &known.url)
        ));
        Ok(())
    }
}

fn offers_of(session: &mut Session, model: &str) -> Result<Vec<api::Offer>, CliError> {
    session.call(&Request::Offers {
        model: model.to_owned(),
    })
}

/// Model and name of an offer's URL; a name alone is of the model in focus.
fn parse_url(session: &Session, text: &str) -> Result<(String, String), CliError> {
    let url = without_controller(text);
    match url.rsplit_once('.') {
        Some((model, name)) => Ok((model.to_owned(), name.to_owned())),
        None => Ok((session.model()?, url.to_owned())),
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
        let request = api::Consume {
            model: session.model()?,
            url: self.url.clone(),
            alias: self.alias,
        };
        let name: String = session.call(&Request::Consume(request))?;
        session.tell(&format!("Added {} as {name}", self.url));
        Ok(())
    }
}

/// Removes offers
#[derive(Debug, Args)]
pub(crate) struct RemoveOffer {
    /// [OWNER/]MODEL.OFFER, or the name of an offer of the current model
    #[arg(required = true, value_name = "OFFER")]
    offers: Vec<String>,
    /// Also end the relations through the offer
    #[arg(long)]
    force: bool,
    /// Do not ask for confirmation
    #[arg(short = 'y', long, alias = "no-prompt")]
    yes: bool,
    #[arg(short = 'c', long)]
    controller: Option<String>,
}

impl RemoveOffer {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        if self.force && !self.yes {
            session.tell(&format!(
                "WARNING! This command will remove offers: {}\nThis includes all relations to those offers.",
                self.offers.join(", ")
            ));
            confirm::yes("offer removal")?;
        }
        for offer in &self.offers {
            let (model, name) = parse_url(session, offer)?;
            session.call::<()>(&Request::RemoveOffer {
                model,
                name,
                force: self.force,
            })?;
        }
        Ok(())
    }
}

/// Forgets offers of other models
#[derive(Debug, Args)]
pub(crate) struct RemoveSaas {
    /// The name an offer was consumed as
    #[arg(required = true, value_name = "SAAS")]
    names: Vec<String>,
    /// Accepted; hooks run all the same
    #[arg(long)]
    force: bool,
    #[arg(long, requires = "force")]
    no_wait: bool,
}

impl RemoveSaas {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        session.call::<()>(&Request::RemoveSaas {
            model,
            names: self.names.clone(),
        })?;
        for name in &self.names {
            session.tell(&format!("removing SAAS {name}"));
        }
        Ok(())
    }
}

/// An endpoint of an offer as all commands show it.
#[derive(Debug, Serialize)]
struct Endpoint {
    interface: String,
    role: String,
}

fn endpoints(offer: &api::Offer) -> BTreeMap<String, Endpoint> {
    let endpoint = |(name, it): (&String, &api::OfferedEndpoint)| {
        let shown = Endpoint {
            interface: it.interface.clone(),
            role: it.role.clone(),
        };
        (name.clone(), shown)
    };
    offer.described.iter().map(endpoint).collect()
}

/// Who may use an offer: the lab has one user.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct User {
    display_name: &'static str,
    access: &'static str,
}

fn users() -> BTreeMap<&'static str, User> {
    let admin = User {
        display_name: "admin",
        access: "admin",
    };
    BTreeMap::from([("admin", admin)])
}

#[cfg(test)]
fn sample() -> api::Offer {
    let endpoint = |interface: &str, role: &str| api::OfferedEndpoint {
        interface: interface.to_owned(),
        role: role.to_owned(),
    };
    api::Offer {
        model: "dev".to_owned(),
        name: "pg".to_owned(),
        application: "postgresql".to_owned(),
        endpoints: vec!["database".to_owned(), "db-admin".to_owned()],
        url: "admin/dev.pg".to_owned(),
        connected: 2,
        active: 1,
        described: BTreeMap::from([
            (
                "database".to_owned(),
                endpoint("postgresql_client", "provider"),
            ),
            ("db-admin".to_owned(), endpoint("pgsql", "provider")),
        ]),
        connections: vec![
            api::OfferConnection {
                source_model: "3f1c7a52-0000-4000-8000-000000000009".to_owned(),
                relation_id: 4,
                endpoint: "database".to_owned(),
                status: "joined".to_owned(),
                message: String::new(),
                ingress: vec!["10.0.0.14/32".to_owned()],
            },
            api::OfferConnection {
                source_model: "3f1c7a52-0000-4000-8000-000000000009".to_owned(),
                relation_id: 5,
                endpoint: "db-admin".to_owned(),
                status: "joining".to_owned(),
                message: String::new(),
                ingress: Vec::new(),
            },
        ],
        charm: "local:postgresql-2".to_owned(),
        description: "A database that keeps its promises, also when a computer does not".to_owned(),
    }
}
