//! `juju find-offers` and `juju show-offer`: offers as those see them who may consume them.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use crate::api::{self, ModelInfo, Request};
use crate::cli::failure::CliError;
use crate::cli::output::{Listing, Output};
use crate::cli::session::{Session, bare_model, without_controller};
use crate::cli::table::{Cell, Table};
use crate::cli::terminal::Palette;

use super::{Endpoint, User, endpoints, offers_of, parse_url, users};

/// Widest line of a description in a table.
const DESCRIPTION_CHARS: usize = 45;

/// Finds offers that can be consumed
#[derive(Debug, Args)]
pub(crate) struct FindOffers {
    /// [OWNER/]MODEL[.OFFER]; all models if absent
    target: Option<String>,
    #[arg(long)]
    url: Option<String>,
    /// Only offers whose name contains this text
    #[arg(long)]
    offer: Option<String>,
    /// Only offers with an endpoint of this interface
    #[arg(long)]
    interface: Option<String>,
    #[command(flatten)]
    output: Output<Listing>,
}

impl FindOffers {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let target = self.target.as_deref().or(self.url.as_deref());
        let target = target.map(without_controller).filter(|it| !it.is_empty());
        let (model, name) = match target.map(|it| it.rsplit_once('.').unwrap_or((it, ""))) {
            Some((model, name)) => (Some(bare_model(model)), name),
            None => (None, ""),
        };
        let models: Vec<ModelInfo> = session.call(&Request::Models)?;
        let mut found = Vec::new();
        for info in models
            .iter()
            .filter(|info| model.is_none_or(|name| name == info.name))
        {
            found.extend(offers_of(session, &info.name)?);
        }
        found.retain(|offer| {
            (name.is_empty() || offer.name == name)
                && self
                    .offer
                    .as_ref()
                    .is_none_or(|text| offer.name.contains(text))
                && self
                    .interface
                    .as_ref()
                    .is_none_or(|name| offer.described.values().any(|it| it.interface == *name))
        });
        if found.is_empty() {
            return Err(CliError::failed("no matching application offers found"));
        }
        let palette = session.palette();
        self.output
            .write_listing(session, &document(&found, false), || table(&found, palette))
    }
}

fn table(offers: &[api::Offer], palette: Palette) -> String {
    let mut table = Table::new(&["Store", "URL", "Access", "Interfaces"]);
    for offer in offers {
        let interfaces: Vec<String> = offer
            .described
            .iter()
            .map(|(name, endpoint)| format!("{}:{name}", endpoint.interface))
            .collect();
        table.row([
            Cell::from("lab"),
            offer.url.as_str().into(),
            "admin".into(),
            interfaces.join(", ").into(),
        ]);
    }
    table.render(palette)
}

/// Shows one offer
#[derive(Debug, Args)]
pub(crate) struct ShowOffer {
    /// [OWNER/]MODEL.OFFER, or the name of an offer of the current model
    offer: String,
    #[command(flatten)]
    output: Output<Listing>,
}

impl ShowOffer {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let (model, name) = parse_url(session, &self.offer)?;
        let mut offers = offers_of(session, &model)?;
        offers.retain(|offer| offer.name == name);
        let Some(offer) = offers.first() else {
            return Err(CliError::failed(format!(
                "application offer \"admin/{}.{name}\" not found",
                bare_model(&model)
            )));
        };
        let palette = session.palette();
        self.output
            .write_listing(session, &document(&offers, true), || {
                details(offer, palette)
            })
    }
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    access: &'static str,
    endpoints: BTreeMap<String, Endpoint>,
    users: BTreeMap<&'static str, User>,
}

fn document(offers: &[api::Offer], described: bool) -> BTreeMap<String, Shown> {
    let shown = |offer: &api::Offer| Shown {
        description: described.then(|| offer.description.clone()),
        access: "admin",
        endpoints: endpoints(offer),
        users: users(),
    };
    offers
        .iter()
        .map(|offer| (format!("lab:{}", offer.url), shown(offer)))
        .collect()
}

fn details(offer: &api::Offer, palette: Palette) -> String {
    let mut table = Table::new(&[
        "Store",
        "URL",
        "Access",
        "Description",
        "Endpoint",
        "Interface",
        "Role",
    ]);
    let description = wrapped(&offer.description);
    let described: Vec<_> = offer.described.iter().collect();
    for index in 0..described.len().max(description.len()) {
        let first = |text| if index == 0 { text } else { "" };
        let endpoint = described.get(index);
        table.row([
            Cell::from(first("lab")),
            first(&offer.url).into(),
            first("admin").into(),
            description.get(index).map_or("", String::as_str).into(),
            endpoint.map_or("", |(name, _)| name.as_str()).into(),
            endpoint.map_or("", |(_, it)| it.interface.as_str()).into(),
            endpoint.map_or("", |(_, it)| it.role.as_str()).into(),
        ]);
    }
    table.render(palette)
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < DESCRIPTION_CHARS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cli::yaml;

    #[test]
    fn offers_are_found_with_their_interfaces() {
        let expected = "\
Store  URL           Access  Interfaces
lab    admin/dev.pg  admin   postgresql_client:database, pgsql:db-admin
";
        assert_eq!(table(&[sample()], Palette::plain()), expected);
    }

    #[test]
    fn an_offer_is_shown_beside_its_description() {
        let expected = "\
Store  URL           Access  Description                                    Endpoint  Interface          Role
lab    admin/dev.pg  admin   A database that keeps its promises, also when  database  postgresql_client  provider
                             a computer does not                            db-admin  pgsql              provider
";
        assert_eq!(details(&sample(), Palette::plain()), expected);
    }

    #[test]
    fn an_offer_is_described_for_programs() {
        let expected = "\
lab:admin/dev.pg:
  description: A database that keeps its promises, also when a computer does not
  access: admin
  endpoints:
    database:
      interface: postgresql_client
      role: provider
    db-admin:
      interface: pgsql
      role: provider
  users:
    admin:
      display-name: admin
      access: admin
";
        let text = yaml::to_yaml(&document(&[sample()], true)).unwrap();
        assert_eq!(text, expected);
    }
}
