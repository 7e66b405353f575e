//! `juju offers`: what a model offers, and who uses it.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::api::{self, OfferConnection};
use crate::cli::failure::CliError;
use crate::cli::output::{Output, json_line};
use crate::cli::session::Session;
use crate::cli::table::{Cell, Table};
use crate::cli::terminal::{Palette, Tone};
use crate::cli::yaml;

use super::{Endpoint, User, endpoints, offers_of, parse_url, users};

/// Lists the offers of a model with their relations
#[derive(Debug, Args)]
pub(crate) struct Offers {
    /// An offer; all if absent
    offer: Option<String>,
    /// Only offers of this application
    #[arg(long)]
    application: Option<String>,
    /// Only offers with an endpoint of this interface
    #[arg(long)]
    interface: Option<String>,
    /// Only offers in use
    #[arg(long)]
    active_only: bool,
    #[command(flatten)]
    output: Output<Format>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Tabular,
    /// One line for each endpoint
    Summary,
    Yaml,
    Json,
}

impl Offers {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let (model, only) = match &self.offer {
            Some(text) => parse_url(session, text).map(|(model, name)| (model, Some(name)))?,
            None => (session.model()?, None),
        };
        let mut offers = offers_of(session, &model)?;
        offers.retain(|offer| {
            only.as_ref().is_none_or(|name| *name == offer.name)
                && self
                    .application
                    .as_ref()
                    .is_none_or(|name| *name == offer.application)
                && self
                    .interface
                    .as_ref()
                    .is_none_or(|name| offer.described.values().any(|it| it.interface == *name))
                && (!self.active_only || offer.connected > 0)
        });
        let text = match self.output.format() {
            Format::Tabular => tabular(&offers, session.palette()),
            Format::Summary => summary(&offers, session.palette()),
            Format::Yaml => yaml::to_yaml(&document(&offers))?,
            Format::Json => json_line(&document(&offers))?,
        };
        self.output.write(session, &text)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    application: String,
    store: &'static str,
    charm: String,
    offer_url: String,
    endpoints: BTreeMap<String, Endpoint>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    connections: Vec<Connection>,
    users: BTreeMap<&'static str, User>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Connection {
    source_model_uuid: String,
    username: &'static str,
    relation_id: u64,
    endpoint: String,
    status: Current,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ingress_subnets: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Current {
    current: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
}

fn document(offers: &[api::Offer]) -> BTreeMap<String, Entry> {
    let connection = |it: &OfferConnection| Connection {
        source_model_uuid: it.source_model.clone(),
        username: "admin",
        relation_id: it.relation_id,
        endpoint: it.endpoint.clone(),
        status: Current {
            current: it.status.clone(),
            message: it.message.clone(),
        },
        ingress_subnets: it.ingress.clone(),
    };
    let entry = |offer: &api::Offer| Entry {
        application: offer.application.clone(),
        store: "lab",
        charm: offer.charm.clone(),
        offer_url: offer.url.clone(),
        endpoints: endpoints(offer),
        connections: offer.connections.iter().map(connection).collect(),
        users: users(),
    };
    offers
        .iter()
        .map(|offer| (offer.name.clone(), entry(offer)))
        .collect()
}

fn tabular(offers: &[api::Offer], palette: Palette) -> String {
    let mut table = Table::new(&[
        "Offer",
        "User",
        "Relation ID",
        "Status",
        "Endpoint",
        "Interface",
        "Role",
        "Ingress subnets",
    ]);
    for offer in offers {
        if offer.connections.is_empty() {
            table.row([Cell::from(offer.name.as_str()), "-".into()]);
        }
        for (index, connection) in offer.connections.iter().enumerate() {
            let name = if index == 0 { offer.name.as_str() } else { "" };
            let tone = match connection.status.as_str() {
                "joined" => Tone::Good,
                "suspended" => Tone::Busy,
                "broken" => Tone::Bad,
                _ => Tone::Plain,
            };
            let endpoint = offer.described.get(&connection.endpoint);
            table.row([
                Cell::from(name),
                "admin".into(),
                connection.relation_id.to_string().into(),
                Cell::toned(connection.status.as_str(), tone),
                connection.endpoint.as_str().into(),
                endpoint.map_or("", |it| it.interface.as_str()).into(),
                endpoint.map_or("", |it| it.role.as_str()).into(),
                connection.ingress.join(",").into(),
            ]);
        }
    }
    table.render(palette)
}

fn summary(offers: &[api::Offer], palette: Palette) -> String {
    let mut table = Table::new(&[
        "Offer",
        "Application",
        "Charm",
        "Connected",
        "Store",
        "URL",
        "Endpoint",
        "Interface",
        "Role",
    ]);
    for offer in offers {
        for (index, (name, endpoint)) in offer.described.iter().enumerate() {
            let mut cells: Vec<Cell> = if index == 0 {
                vec![
                    offer.name.as_str().into(),
                    offer.application.as_str().into(),
                    offer.charm.as_str().into(),
                    format!("{}/{}", offer.active, offer.connected).into(),
                    "lab".into(),
                    offer.url.as_str().into(),
                ]
            } else {
                vec![Cell::default(); 6]
            };
            cells.push(name.as_str().into());
            cells.push(endpoint.interface.as_str().into());
            cells.push(endpoint.role.as_str().into());
            table.row(cells);
        }
    }
    table.render(palette)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn each_relation_through_an_offer_has_a_line() {
        let idle = api::Offer {
            name: "unused".to_owned(),
            connections: Vec::new(),
            ..sample()
        };
        let expected = "\
Offer   User   Relation ID  Status   Endpoint  Interface          Role      Ingress subnets
pg      admin  4            joined   database  postgresql_client  provider  10.0.0.14/32
        admin  5            joining  db-admin  pgsql              provider
unused  -
";
        assert_eq!(tabular(&[sample(), idle], Palette::plain()), expected);
    }

    #[test]
    fn the_summary_has_a_line_for_each_endpoint() {
        let expected = "\
Offer  Application  Charm               Connected  Store  URL           Endpoint  Interface          Role
pg     postgresql   local:postgresql-2  1/2        lab    admin/dev.pg  database  postgresql_client  provider
                                                                        db-admin  pgsql              provider
";
        assert_eq!(summary(&[sample()], Palette::plain()), expected);
    }

    #[test]
    fn offers_are_described_for_programs() {
        let text = yaml::to_yaml(&document(&[sample()])).unwrap();
        assert_eq!(text, include_str!("../../../tests/golden/cli/offers.yaml"));
    }
}
