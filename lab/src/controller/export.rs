//! A model as the bundle that would deploy it again: `juju export-bundle`.

use crate::api::{
    BundleApplication, BundleDocument, BundleMachine, BundleOffer, BundleOffers, BundleOverlay,
    BundleSaas, ExportedBundle, Failure, StorageDirective,
};
use crate::daemon::Daemon;
use crate::model::application::Application;
use crate::model::relation::Relation;
use crate::model::{Life, Model};
use std::collections::BTreeMap;

pub fn bundle(daemon: &Daemon, model: &str) -> Result<ExportedBundle, Failure> {
    daemon.read(model, |model| {
        if model.applications.is_empty() {
            return Err(Failure::invalid(
                "nothing to export as there are no applications",
            ));
        }
        Ok(ExportedBundle {
            bundle: document(model),
            overlay: overlay(model),
        })
    })
}

fn base(application: &Application) -> String {
    let base = &application.charm.base;
    format!("{}@{}/stable", base.name, base.channel)
}

/// The base of most applications.
fn default_base(model: &Model) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for application in model.applications.values() {
        *counts.entry(base(application)).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(base, _)| base)
}

fn document(model: &Model) -> BundleDocument {
    let default_base = default_base(model);
    let application = |(name, it): (&String, &Application)| {
        let exported = application(model, it, default_base.as_ref());
        (name.clone(), exported)
    };
    let ends = |relation: &Relation| match relation.ends.as_slice() {
        [provider, requirer] => Some([
            format!("{}:{}", requirer.application, requirer.endpoint),
            format!("{}:{}", provider.application, provider.endpoint),
        ]),
        _ => None,
    };
    let used = |number: &u32| {
        let mut units = model.units.values();
        units.any(|unit| unit.machine == *number && unit.principal.is_none())
    };
    BundleDocument {
        saas: model
            .saas
            .iter()
            .map(|(name, saas)| {
                let url = format!("lab:{}", saas.url);
                (name.clone(), BundleSaas { url })
            })
            .collect(),
        applications: model.applications.iter().map(application).collect(),
        machines: model
            .machines
            .keys()
            .filter(|number| used(number))
            .map(|number| (number.to_string(), BundleMachine::default()))
            .collect(),
        relations: model
            .relations
            .values()
            .filter(|it| it.life == Life::Alive)
            .filter(|it| it.across.as_ref().is_none_or(|across| !across.offering))
            .filter_map(ends)
            .collect(),
        default_base,
    }
}

fn application(
    model: &Model,
    it: &Application,
    default_base: Option<&String>,
) -> BundleApplication {
    let mut units: Vec<_> = model.units_of(&it.name).collect();
    units.sort_by_key(|unit| unit.number);
    let principal = !it.charm.subordinate;
    let constraints: Vec<String> = it
        .constraints
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    BundleApplication {
        charm: it.charm.url(),
        base: Some(base(it)).filter(|base| Some(base) != default_base),
        num_units: principal.then_some(units.len()),
        to: units
            .iter()
            .filter(|_| principal)
            .map(|unit| unit.machine.to_string())
            .collect(),
        options: it.config.clone(),
        constraints: constraints.join(" "),
        storage: it
            .storage
            .iter()
            .map(|(name, directive)| (name.clone(), storage(directive)))
            .collect(),
        resources: it
            .resources
            .iter()
            .map(|(name, path)| (name.clone(), path.display().to_string()))
            .collect(),
        expose: it.exposed,
        trust: it.trust,
    }
}

/// `rootfs,1G,1` without the parts that were not asked for.
fn storage(directive: &StorageDirective) -> String {
    let count = directive.count.map(|count| count.to_string());
    [&directive.pool, &directive.size, &count]
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(",")
}

fn overlay(model: &Model) -> Option<BundleOverlay> {
    let mut applications: BTreeMap<String, BundleOffers> = BTreeMap::new();
    for offer in model.offers.values() {
        let exported = BundleOffer {
            endpoints: offer.endpoints.clone(),
            acl: BTreeMap::from([("admin".to_owned(), "admin".to_owned())]),
        };
        let entry = applications.entry(offer.application.clone()).or_default();
        entry.offers.insert(offer.name.clone(), exported);
    }
    (!applications.is_empty()).then_some(BundleOverlay { applications })
}
