//! Offers: endpoints made known to other models, and their use there.

use super::relate;
use crate::api::{
    Consume, Failure, Offer, OfferConnection, OfferedEndpoint, RemoteApplicationStatus,
    SuspendRelations,
};
use crate::daemon::{Daemon, Drafts, application_of, bare, qualified};
use crate::model::application::shown_status;
use crate::model::charm::Role;
use crate::model::crossing::{Across, Saas, remote_name};
use crate::model::relation::{End, Relation, network_keys};
use crate::model::status::Status;
use crate::model::{Life, Model, take};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub fn create(daemon: &Daemon, request: &Offer) -> Result<(), Failure> {
    daemon.update(&request.model, |model| {
        let application = application_of(model, &request.application)?;
        let describe = |endpoint: &String| {
            let spec = application.charm.endpoint(endpoint).ok_or_else(|| {
                Failure::not_found(format!(
                    "application \"{}\" has no \"{endpoint}\" endpoint",
                    request.application
                ))
            })?;
            let role = match spec.role {
                Role::Requirer => "requirer",
                Role::Provider => "provider",
                Role::Peer => {
                    return Err(Failure::invalid(format!(
                        "cannot offer \"{}:{endpoint}\": a peer relation stays within its application",
                        request.application
                    )));
                }
            };
            if spec.container_scoped {
                return Err(Failure::invalid(format!(
                    "cannot offer \"{}:{endpoint}\": it relates units on one machine only",
                    request.application
                )));
            }
            let described = OfferedEndpoint {
                interface: spec.interface,
                role: role.to_owned(),
            };
            Ok((endpoint.clone(), described))
        };
        let described = request
            .endpoints
            .iter()
            .map(describe)
            .collect::<Result<_, Failure>>()?;
        let name = if request.name.is_empty() {
            request.application.clone()
        } else {
            request.name.clone()
        };
        let other = |known: &&Offer| known.application != request.application;
        if model.offers.get(&name).as_ref().is_some_and(other) {
            return Err(Failure::exists(format!(
                "application offer \"{name}\" already exists"
            )));
        }
        let offer = Offer {
            model: model.name.clone(),
            name: name.clone(),
            application: request.application.clone(),
            endpoints: request.endpoints.clone(),
            url: url(model, &name),
            described,
            ..Offer::default()
        };
        model.offers.insert(name, offer);
        Ok(())
    })
}

fn url(model: &Model, offer: &str) -> String {
    format!("{}.{offer}", qualified(&model.name))
}

pub fn list(daemon: &Daemon, model: &str) -> Result<Vec<Offer>, Failure> {
    daemon.read(model, |model| Ok(views(model)))
}

/// The model's offers with who uses them.
pub(super) fn views(model: &Model) -> Vec<Offer> {
    model.offers.values().map(|it| view(model, it)).collect()
}

/// Relations that other models have with this one through an offer.
fn users<'a>(model: &'a Model, offer: &'a str) -> impl Iterator<Item = (&'a Relation, &'a Across)> {
    model.relations.values().filter_map(move |relation| {
        let across = relation.across.as_ref()?;
        (across.offering && across.offer == offer).then_some((relation, across))
    })
}

fn view(model: &Model, offer: &Offer) -> Offer {
    let connection = |(relation, across): (&Relation, &Across)| OfferConnection {
        source_model: across.model.clone(),
        relation_id: relation.id,
        endpoint: relation
            .end_of(&offer.application)
            .map(|end| end.endpoint.clone())
            .unwrap_or_default(),
        status: relate::status_of(relation).to_owned(),
        message: relation.suspended.clone().unwrap_or_default(),
        ingress: ingress(relation, &across.name),
    };
    let connections: Vec<OfferConnection> = users(model, &offer.name).map(connection).collect();
    let charm = model.applications.get(&offer.application);
    Offer {
        connected: connections.len(),
        active: connections
            .iter()
            .filter(|it| it.status == "joined")
            .count(),
        connections,
        charm: charm.map(|it| it.charm.url()).unwrap_or_default(),
        description: charm
            .map(|it| it.charm.description.clone())
            .unwrap_or_default(),
        ..offer.clone()
    }
}

/// Subnets from which the units of an application reach this model.
fn ingress(relation: &Relation, application: &str) -> Vec<String> {
    let key = network_keys("").into_keys().next().unwrap_or_default();
    let mut subnets: Vec<String> = relation
        .units
        .iter()
        .filter(|(unit, _)| crate::model::identity::application_of(unit) == application)
        .filter_map(|(_, scope)| scope.bag.data.get(&key).cloned())
        .collect();
    subnets.sort();
    subnets
}

pub fn remove(daemon: &Daemon, model: &str, name: &str, force: bool) -> Result<(), Failure> {
    daemon.update(model, |model| {
        if !model.offers.contains_key(name) {
            return Err(unknown(&url(model, name)));
        }
        let used: Vec<u64> = users(model, name)
            .map(|(relation, _)| relation.id)
            .collect();
        if !used.is_empty() && !force {
            let plural = if used.len() == 1 { "" } else { "s" };
            return Err(Failure::invalid(format!(
                "cannot delete application offer \"{name}\": offer has {} relation{plural}",
                used.len()
            )));
        }
        for id in used {
            if let Some(relation) = model.relations.get_mut(&id) {
                relation.life = Life::Dying;
            }
        }
        model.offers.remove(name);
        relate::settle(model);
        Ok(())
    })
}

/// Suspends relations through offers of a model, or resumes them. All or none.
pub fn suspend(daemon: &Daemon, request: &SuspendRelations) -> Result<(), Failure> {
    daemon.update(&request.model, |model| {
        for id in &request.ids {
            let relation = (model.relations.get(id))
                .ok_or_else(|| Failure::not_found(format!("relation {id} not found")))?;
            if relation.suspended.is_some() == request.suspended {
                continue;
            }
            if !relation.across.as_ref().is_some_and(|it| it.offering) {
                return Err(Failure::invalid(format!(
                    "cannot set suspend status for \"{relation}\" which is not associated with an offer"
                )));
            }
            set_suspended(model, *id, request.suspended.then_some(&request.reason));
        }
        relate::settle(model);
        Ok(())
    })
}

/// Suspends a relation of this model for a reason, or resumes it.
pub(super) fn set_suspended(model: &mut Model, id: u64, reason: Option<&String>) {
    if let Some(relation) = model.relations.get_mut(&id) {
        match reason {
            Some(reason) => relation.suspend(reason),
            None => relation.suspended = None,
        }
    }
    model.suspend_grants(id, reason.is_some());
}

fn unknown(url: &str) -> Failure {
    Failure::not_found(format!("application offer \"{url}\" not found"))
}

/// Model and name of `[controller:][owner/]model.offer`; none if the text is no URL of an offer.
pub(super) fn parse_url(text: &str) -> Option<(&str, &str)> {
    let text = text.rsplit_once(':').map_or(text, |(_, url)| url);
    let (model, offer) = text.rsplit_once('.')?;
    (!bare(model).is_empty() && !offer.is_empty()).then_some((model, offer))
}

pub fn consume(daemon: &Daemon, request: &Consume) -> Result<String, Failure> {
    let alias = request.alias.as_deref();
    daemon.update_models(|drafts| consume_in(drafts, &request.model, &request.url, alias))
}

/// Makes an offer known in a model. Consuming the same offer under the same name again is no change.
pub(super) fn consume_in(
    drafts: &mut Drafts<'_>,
    model: &str,
    text: &str,
    alias: Option<&str>,
) -> Result<String, Failure> {
    let (offering, offer) = parse_url(text).ok_or_else(|| {
        Failure::invalid(format!(
            "offer URL \"{text}\" not valid\nhint: it reads admin/MODEL.OFFER; 'juju find-offers' lists what there is"
        ))
    })?;
    let url = format!("{}.{offer}", qualified(offering));
    let source = drafts.get(offering).map_err(|_| unknown(&url))?;
    let offered = source.offers.get(offer).ok_or_else(|| unknown(&url))?;
    let name = alias.unwrap_or(offer);
    let saas = Saas {
        name: name.to_owned(),
        model: source.uuid.clone(),
        offer: offer.to_owned(),
        url,
        endpoints: offered.described.clone(),
        life: Life::Alive,
        consumed: Timestamp::now(),
    };
    let target = drafts.get(model)?;
    let refuse = |reason: &str| {
        Err(Failure::exists(format!(
            "cannot add saas application \"{name}\": {reason}"
        )))
    };
    if target.uuid == saas.model {
        return Err(Failure::invalid(format!(
            "cannot consume \"{}\" in the model that offers it\nhint: integrate with \"{}\" itself",
            saas.url, offered.application
        )));
    }
    if !crate::model::identity::is_application_name(name) {
        return refuse("it is not a valid application name");
    }
    if target.applications.contains_key(name) {
        return refuse("local application with same name already exists");
    }
    if let Some(known) = target.saas.get(name) {
        if known.model != saas.model || known.offer != saas.offer {
            return refuse("saas application already exists");
        }
        if known.life != Life::Alive {
            return refuse("saas application is being removed");
        }
    }
    let name = name.to_owned();
    drafts.get_mut(model)?.saas.insert(name.clone(), saas);
    Ok(name)
}

pub fn remove_saas(daemon: &Daemon, model: &str, names: &[String]) -> Result<(), Failure> {
    daemon.update(model, |model| {
        for name in names {
            let saas = model.saas.get_mut(name).ok_or_else(|| {
                Failure::not_found(format!("saas application \"{name}\" not found"))
            })?;
            saas.life = Life::Dying;
            let relations = model.relations.values_mut();
            relations
                .filter(|it| it.end_of(name).is_some())
                .for_each(|it| it.life = Life::Dying);
        }
        relate::settle(model);
        Ok(())
    })
}

/// Creates the offering model's copy of a relation that the model `near` makes with a consumed offer.
/// `ends` are the ends as `near` names them. Answers what the relation is to `near`.
pub(super) fn connect(
    drafts: &mut Drafts<'_>,
    near: &str,
    id: u64,
    ends: &[End],
    interface: &str,
) -> Result<Option<Across>, Failure> {
    let model = drafts.get(near)?;
    let is_saas = |end: &&End| model.saas.contains_key(&end.application);
    let (Some(saas_end), Some(own)) = (
        ends.iter().find(is_saas),
        ends.iter().find(|it| !is_saas(it)),
    ) else {
        return Ok(None);
    };
    let (saas_end, near_uuid) = (saas_end.clone(), model.uuid.clone());
    let Some(saas) = model.saas.get(&saas_end.application).cloned() else {
        return Ok(None);
    };
    // One application has one name in the other model, however many relations it has there.
    let remote = model
        .relations_of(&own.application)
        .filter_map(|relation| relation.across.as_ref())
        .find(|across| across.model == saas.model && !across.offering)
        .map_or_else(remote_name, |across| across.known_as.clone());
    let far = drafts
        .with_uuid(&saas.model)
        .ok_or_else(|| unknown(&saas.url))?;
    let offer = far
        .offers
        .get(&saas.offer)
        .filter(|offer| offer.described.contains_key(&saas_end.endpoint))
        .ok_or_else(|| unknown(&saas.url))?;
    let application = application_of(far, &offer.application)?;
    let far_end = End {
        application: application.name.clone(),
        endpoint: saas_end.endpoint.clone(),
        role: saas_end.role,
    };
    if let Some(spec) = application.charm.endpoint(&far_end.endpoint) {
        relate::check_limit(
            far,
            &format!("{}:{}", saas.name, far_end.endpoint),
            &far_end,
            &spec,
        )?;
    }
    let far_name = far.name.clone();
    let far = drafts.get_mut(&far_name)?;
    let far_id = take(&mut far.sequences.relation);
    let renamed = |end: &End| {
        if *end == saas_end {
            far_end.clone()
        } else {
            End {
                application: remote.clone(),
                ..end.clone()
            }
        }
    };
    let mut relation = Relation::new(far_id, ends.iter().map(renamed).collect(), interface);
    relation.across = Some(Across {
        model: near_uuid,
        relation: id,
        offer: saas.offer.clone(),
        offering: true,
        name: remote.clone(),
        known_as: saas.name.clone(),
    });
    far.relations.insert(far_id, relation);
    Ok(Some(Across {
        model: saas.model,
        relation: far_id,
        offer: saas.offer,
        offering: false,
        name: saas.name,
        known_as: remote,
    }))
}

/// What status says of consumed offers.
pub(super) fn remote_applications(
    models: &BTreeMap<String, Model>,
    model: &Model,
) -> BTreeMap<String, RemoteApplicationStatus> {
    let status = |saas: &Saas| {
        let source = models.values().find(|it| it.uuid == saas.model)?;
        let offer = source.offers.get(&saas.offer)?;
        let application = source.applications.get(&offer.application)?;
        Some(shown_status(source, application))
    };
    let gone = |saas: &Saas| Status::new("terminated", "offer has been removed", saas.consumed);
    let view = |saas: &Saas| RemoteApplicationStatus {
        url: saas.url.clone(),
        endpoints: saas.endpoints.clone(),
        life: saas.life.as_str().to_owned(),
        status: status(saas).unwrap_or_else(|| gone(saas)).info(),
        relations: super::status::related(model, &saas.name),
    };
    model
        .saas
        .iter()
        .map(|(name, saas)| (name.clone(), view(saas)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_an_offer_may_leave_out_controller_and_owner() {
        assert_eq!(parse_url("lab:admin/dev.pg"), Some(("admin/dev", "pg")));
        assert_eq!(parse_url("admin/dev.pg"), Some(("admin/dev", "pg")));
        assert_eq!(parse_url("dev.pg"), Some(("dev", "pg")));
        for bad in ["pg", "admin/dev", ".pg", "dev.", "admin/.pg"] {
            assert_eq!(parse_url(bad), None, "{bad}");
        }
    }
}
