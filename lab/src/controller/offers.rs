//! Offers: endpoints made known to other models.

use crate::api::{Failure, Offer};
use crate::daemon::{Daemon, application_of, qualified};

pub fn create(daemon: &Daemon, request: &Offer) -> Result<(), Failure> {
    daemon.update(&request.model, |model| {
        let application = application_of(model, &request.application)?;
        for endpoint in &request.endpoints {
            if application.charm.endpoint(endpoint).is_none() {
                return Err(Failure::not_found(format!(
                    "application \"{}\" has no \"{endpoint}\" endpoint",
                    request.application
                )));
            }
        }
        let name = if request.name.is_empty() {
            request.application.clone()
        } else {
            request.name.clone()
        };
        let offer = Offer {
            url: format!("{}.{name}", qualified(&model.name)),
            name: name.clone(),
            connected: 0,
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
