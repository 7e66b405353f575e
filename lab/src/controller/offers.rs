//! Offers: endpoints made known to other models.

use crate::api::{Failure, Offer, OfferedEndpoint};
use crate::daemon::{Daemon, application_of, qualified};
use crate::model::charm::Role;

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
            let role = if spec.role == Role::Requirer {
                "requirer"
            } else {
                "provider"
            };
            Ok((
                endpoint.clone(),
                OfferedEndpoint {
                    interface: spec.interface,
                    role: role.to_owned(),
                },
            ))
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
        let offer = Offer {
            url: format!("{}.{name}", qualified(&model.name)),
            name: name.clone(),
            connected: 0,
            described,
            ..request.clone()
        };
        model.offers.insert(name, offer);
        Ok(())
    })
}

pub fn list(daemon: &Daemon, model: &str) -> Result<Vec<Offer>, Failure> {
    daemon.read(model, |model| Ok(model.offers.values().cloned().collect()))
}

/// Relations across models are not there yet.
pub fn consume(url: &str) -> Failure {
    Failure::invalid(format!(
        "cannot consume {url}: this lab does not relate applications of different models\nhint: deploy both \
         applications in one model and integrate them there"
    ))
}
