//! Relating applications.

use super::offers;
use crate::api::{Endpoint, Failure, Integrate, Integrated, OfferedEndpoint, RelationEnds};
use crate::daemon::{Daemon, application_of};
use crate::model::charm::{EndpointSpec, Role};
use crate::model::crossing::Saas;
use crate::model::relation::{End, Relation, ScopeState, UnitScope};
use crate::model::{Life, Model, take};

/// A provider and a requirer that fit together.
struct Pair {
    provider: (End, EndpointSpec),
    requirer: (End, EndpointSpec),
}

impl Pair {
    /// Juju names the requirer first.
    fn name(&self) -> String {
        let end = |end: &End| format!("{}:{}", end.application, end.endpoint);
        format!("{} {}", end(&self.requirer.0), end(&self.provider.0))
    }

    fn is_implicit(&self) -> bool {
        self.provider.0.endpoint == "juju-info"
    }
}

pub fn integrate(daemon: &Daemon, request: &Integrate) -> Result<Integrated, Failure> {
    daemon.update_models(|drafts| {
        let mut named = [request.first.clone(), request.second.clone()];
        for end in &mut named {
            if offers::parse_url(&end.application).is_some() {
                let url = end.application.clone();
                end.application = offers::consume_in(drafts, &request.model, &url, None)?;
            }
        }
        let model = drafts.get_mut(&request.model)?;
        let [first, second] = named;
        let pair = infer(model, &first, &second)?;
        let name = pair.name();
        let exists = |relation: &Relation| {
            relation.life == Life::Alive
                && relation.ends.contains(&pair.provider.0)
                && relation.ends.contains(&pair.requirer.0)
        };
        if model.relations.values().any(exists) {
            return Err(Failure::exists(format!(
                "cannot add relation \"{name}\": relation {name} already exists"
            )));
        }
        for (end, spec) in [&pair.provider, &pair.requirer] {
            check_limit(model, &name, end, spec)?;
        }
        let id = take(&mut model.sequences.relation);
        let container_scoped = pair.provider.1.container_scoped || pair.requirer.1.container_scoped;
        let interface = pair.requirer.1.interface.clone();
        let answer = Integrated {
            relation_id: id,
            provider: endpoint(&pair.provider.0),
            requirer: endpoint(&pair.requirer.0),
            interface: interface.clone(),
        };
        let mut relation = Relation::new(id, vec![pair.provider.0, pair.requirer.0], &interface);
        relation.container_scoped = container_scoped;
        relation.across = offers::connect(drafts, &request.model, id, &relation.ends, &interface)?;
        if relation.across.is_some() && container_scoped {
            return Err(Failure::invalid(format!(
                "cannot add relation \"{name}\": it relates units on one machine only, and the other side is in \
                 another model"
            )));
        }
        let model = drafts.get_mut(&request.model)?;
        model.relations.insert(id, relation);
        Ok(answer)
    })
}

fn endpoint(end: &End) -> Endpoint {
    Endpoint {
        application: end.application.clone(),
        endpoint: Some(end.endpoint.clone()),
    }
}

pub(super) fn check_limit(
    model: &Model,
    name: &str,
    end: &End,
    spec: &EndpointSpec,
) -> Result<(), Failure> {
    let used = model
        .relations_of(&end.application)
        .filter(|relation| relation.life == Life::Alive && relation.ends.contains(end))
        .count();
    match spec.limit {
        Some(limit) if used >= limit as usize => Err(Failure::invalid(format!(
            "cannot add relation \"{name}\": establishing a new relation for {}:{} would exceed its maximum relation \
             limit of {limit}",
            end.application, end.endpoint
        ))),
        _ => Ok(()),
    }
}

/// The one pair of endpoints that the two names can mean. Declared endpoints go before the implicit one.
fn infer(model: &Model, first: &Endpoint, second: &Endpoint) -> Result<Pair, Failure> {
    let (left, right) = (candidates(model, first)?, candidates(model, second)?);
    let mut pairs = Vec::new();
    for a in &left {
        for b in &right {
            for (provider, requirer) in [(a, b), (b, a)] {
                let fits = provider.1.role == Role::Provider
                    && requirer.1.role == Role::Requirer
                    && provider.1.interface == requirer.1.interface
                    && provider.0.application != requirer.0.application
                    && !(model.saas.contains_key(&provider.0.application)
                        && model.saas.contains_key(&requirer.0.application));
                if fits {
                    pairs.push(Pair {
                        provider: provider.clone(),
                        requirer: requirer.clone(),
                    });
                }
            }
        }
    }
    if pairs.iter().any(|pair| !pair.is_implicit()) {
        pairs.retain(|pair| !pair.is_implicit());
    }
    match pairs.len() {
        1 => Ok(pairs.remove(0)),
        0 => Err(Failure::invalid(format!(
            "no relations found\nhint: no endpoint of {first} has the same interface as one of {second}, with one \
             side providing and the other requiring it"
        ))),
        _ => {
            let mut names: Vec<String> = pairs
                .iter()
                .map(|pair| format!("\"{}\"", pair.name()))
                .collect();
            names.sort();
            Err(Failure::invalid(format!(
                "ambiguous relation: \"{first} {second}\" could refer to {}",
                names.join("; ")
            )))
        }
    }
}

/// Endpoints that a name can mean, except peers.
fn candidates(model: &Model, wanted: &Endpoint) -> Result<Vec<(End, EndpointSpec)>, Failure> {
    if let Some(saas) = model.saas.get(&wanted.application) {
        return consumed_candidates(saas, wanted);
    }
    let application = application_of(model, &wanted.application)?;
    if application.life != Life::Alive {
        return Err(Failure::invalid(format!(
            "application \"{}\" is not alive",
            wanted.application
        )));
    }
    let names: Vec<&str> = match &wanted.endpoint {
        Some(endpoint) => vec![endpoint],
        None => application
            .charm
            .endpoints
            .keys()
            .map(String::as_str)
            .chain(["juju-info"])
            .collect(),
    };
    names
        .into_iter()
        .filter_map(|name| match application.charm.endpoint(name) {
            Some(spec) if spec.role == Role::Peer => None,
            Some(spec) => {
                let end = End {
                    application: wanted.application.clone(),
                    endpoint: name.to_owned(),
                    role: spec.role,
                };
                Some(Ok((end, spec)))
            }
            None => Some(Err(Failure::not_found(format!(
                "application \"{}\" has no \"{name}\" relation",
                wanted.application
            )))),
        })
        .collect()
}

/// Endpoints of a consumed offer that a name can mean.
fn consumed_candidates(
    saas: &Saas,
    wanted: &Endpoint,
) -> Result<Vec<(End, EndpointSpec)>, Failure> {
    if saas.life != Life::Alive {
        return Err(Failure::invalid(format!(
            "saas application \"{}\" is not alive",
            saas.name
        )));
    }
    if let Some(name) = &wanted.endpoint
        && !saas.endpoints.contains_key(name)
    {
        return Err(Failure::not_found(format!(
            "saas application \"{}\" has no \"{name}\" relation",
            saas.name
        )));
    }
    let candidate = |(name, offered): (&String, &OfferedEndpoint)| {
        let role = match offered.role.as_str() {
            "requirer" => Role::Requirer,
            _ => Role::Provider,
        };
        let end = End {
            application: saas.name.clone(),
            endpoint: name.clone(),
            role,
        };
        let spec = EndpointSpec {
            role,
            interface: offered.interface.clone(),
            container_scoped: false,
            limit: None,
        };
        (end, spec)
    };
    let is_wanted = |name: &String| wanted.endpoint.as_ref().is_none_or(|it| it == name);
    let endpoints = saas.endpoints.iter().filter(|(name, _)| is_wanted(name));
    Ok(endpoints.map(candidate).collect())
}

/// `joining`, `joined`, `suspending`, `suspended` or `broken`.
pub(super) fn status_of(relation: &Relation) -> &'static str {
    let joined = |scope: &UnitScope| scope.state == ScopeState::In;
    let inside = |unit: &String| relation.is_inside(unit);
    match relation.life {
        Life::Alive if relation.suspended.is_some() => {
            if relation.units.keys().any(inside) {
                "suspending"
            } else {
                "suspended"
            }
        }
        Life::Alive if relation.units.values().any(joined) => "joined",
        Life::Alive => "joining",
        _ => "broken",
    }
}

pub fn remove(daemon: &Daemon, request: &RelationEnds) -> Result<(), Failure> {
    daemon.update(&request.model, |model| {
        let id = find(model, request)?;
        if let Some(relation) = model.relations.get_mut(&id) {
            relation.life = Life::Dying;
            if request.force {
                relation
                    .units
                    .values_mut()
                    .for_each(|scope| scope.state = ScopeState::Left);
            }
        }
        settle(model);
        Ok(())
    })
}

/// Lets every unit leave what is over for it.
pub(super) fn settle(model: &mut Model) {
    let units: Vec<String> = model.units.keys().cloned().collect();
    for unit in units {
        crate::agent::lifecycle::retire(model, &unit);
    }
    crate::agent::lifecycle::sweep_relations(model);
    super::subordinate::settle(model, jiff::Timestamp::now());
}

fn find(model: &Model, request: &RelationEnds) -> Result<u64, Failure> {
    if let Some(id) = request.id {
        return match model.relations.get(&id) {
            Some(relation) if relation.is_peer() => Err(peer(relation)),
            Some(_) => Ok(id),
            None => Err(Failure::not_found(format!("relation {id} not found"))),
        };
    }
    let (Some(first), Some(second)) = (&request.first, &request.second) else {
        return Err(Failure::invalid(
            "a relation is named by its id or by its two ends",
        ));
    };
    let mut wanted = [first.clone(), second.clone()];
    for end in &mut wanted {
        if let Some((offering, offer)) = offers::parse_url(&end.application) {
            let url = format!("{}.{offer}", crate::daemon::qualified(offering));
            let consumed = model.saas.values().find(|saas| saas.url == url);
            end.application = consumed.map(|saas| saas.name.clone()).ok_or_else(|| {
                Failure::not_found(format!("application offer \"{url}\" is not consumed here"))
            })?;
        } else if model.relations_of(&end.application).next().is_none() {
            application_of(model, &end.application)?;
        }
    }
    let [first, second] = &wanted;
    let fits = |end: &End, wanted: &Endpoint| {
        end.application == wanted.application
            && wanted
                .endpoint
                .as_ref()
                .is_none_or(|name| *name == end.endpoint)
    };
    let found: Vec<&Relation> = model
        .relations
        .values()
        .filter(|relation| match relation.ends.as_slice() {
            [a, b] => (fits(a, first) && fits(b, second)) || (fits(a, second) && fits(b, first)),
            [peer] => fits(peer, first) && fits(peer, second),
            _ => false,
        })
        .collect();
    match found.as_slice() {
        [relation] if relation.is_peer() => Err(peer(relation)),
        [relation] => Ok(relation.id),
        [] => Err(Failure::not_found(format!(
            "relation \"{first} {second}\" not found"
        ))),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|relation| format!("\"{relation}\""))
                .collect();
            Err(Failure::invalid(format!(
                "ambiguous relation: \"{first} {second}\" could refer to {}",
                names.join("; ")
            )))
        }
    }
}

fn peer(relation: &Relation) -> Failure {
    Failure::invalid(format!(
        "cannot remove relation \"{relation}\": a peer relation ends with its application"
    ))
}
