//! What must be done so that a model has what a bundle asks for.

use std::collections::BTreeMap;
use std::fmt;

use juju_charm_files::bundle::{Bundle, BundleApplication};

use crate::api::{self, AddUnits, Endpoint, FullStatus, Integrate};
use crate::cli::deploy::directives;
use crate::cli::failure::CliError;

use super::files::Folders;
use super::places::spread;

#[derive(Debug)]
pub(super) enum Step {
    Deploy(Box<api::Deploy>),
    AddUnits(AddUnits),
    SetConfig {
        application: String,
        values: BTreeMap<String, String>,
    },
    Expose(String),
    Trust(String),
    Offer(api::Offer),
    Consume {
        name: String,
        url: String,
    },
    Integrate(Integrate),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deploy(deploy) => {
                let name = deploy.application.as_deref().unwrap_or_default();
                let charm = match &deploy.charm {
                    api::CharmSource::Path(path) => path.display().to_string(),
                    api::CharmSource::Name(name) => name.clone(),
                };
                write!(
                    f,
                    "deploy application {name} from {charm} with {} unit(s)",
                    deploy.num_units
                )
            }
            Self::AddUnits(add) => write!(f, "add {} unit(s) to {}", add.count, add.application),
            Self::SetConfig { application, .. } => {
                write!(f, "set application options for {application}")
            }
            Self::Expose(application) => write!(f, "expose application {application}"),
            Self::Trust(application) => write!(f, "trust application {application}"),
            Self::Offer(offer) => write!(f, "create offer {} of {}", offer.name, offer.application),
            Self::Consume { name, url } => write!(f, "consume {url} as {name}"),
            Self::Integrate(integrate) => {
                write!(f, "add relation {} - {}", integrate.first, integrate.second)
            }
        }
    }
}

pub(super) fn steps(
    bundle: &Bundle,
    status: &FullStatus,
    model: &str,
    folders: &Folders,
) -> Result<Vec<Step>, CliError> {
    let mut steps = Vec::new();
    for (name, wanted) in &bundle.applications {
        let mut options = BTreeMap::new();
        for (key, value) in &wanted.options {
            options.insert(key.clone(), folders.option(name, key, value)?);
        }
        match status.applications.get(name) {
            None => steps.push(Step::Deploy(Box::new(deploy(
                bundle, name, wanted, options, model, folders,
            )?))),
            Some(existing) => {
                if !options.is_empty() {
                    steps.push(Step::SetConfig {
                        application: name.clone(),
                        values: options,
                    });
                }
                let present = existing.units.len();
                let missing = wanted
                    .num_units
                    .saturating_sub(u32::try_from(present).unwrap_or(u32::MAX));
                if missing > 0 {
                    steps.push(Step::AddUnits(AddUnits {
                        model: model.to_owned(),
                        application: name.clone(),
                        count: missing,
                        to: spread(&wanted.to, missing, present),
                        attach_storage: Vec::new(),
                    }));
                }
                if wanted.trust {
                    steps.push(Step::Trust(name.clone()));
                }
            }
        }
        if wanted.is_exposed()
            && !status
                .applications
                .get(name)
                .is_some_and(|existing| existing.exposed)
        {
            steps.push(Step::Expose(name.clone()));
        }
    }
    for (name, saas) in bundle
        .saas
        .iter()
        .filter(|(name, _)| !status.remote_applications.contains_key(*name))
    {
        steps.push(Step::Consume {
            name: name.clone(),
            url: saas.url.clone(),
        });
    }
    steps.extend(relations(bundle, status, model).map(Step::Integrate));
    steps.extend(offers(bundle, status, model).map(Step::Offer));
    Ok(steps)
}

fn deploy(
    bundle: &Bundle,
    name: &str,
    wanted: &BundleApplication,
    config: BTreeMap<String, String>,
    model: &str,
    folders: &Folders,
) -> Result<api::Deploy, CliError> {
    let storage: Vec<String> = wanted
        .storage
        .iter()
        .map(|(storage, directive)| format!("{storage}={directive}"))
        .collect();
    let mut resources = Vec::new();
    for (resource, value) in &wanted.resources {
        resources.push(format!(
            "{resource}={}",
            folders.resource(&folders.option(name, resource, value)?)
        ));
    }
    let constraints: Vec<String> = wanted.constraints.iter().cloned().collect();
    Ok(api::Deploy {
        model: model.to_owned(),
        charm: folders.charm(&wanted.charm)?,
        application: Some(name.to_owned()),
        num_units: wanted.num_units,
        config,
        storage: directives::storage(&storage)?,
        attach_storage: Vec::new(),
        resources: directives::resources(&resources)?,
        to: spread(&wanted.to, wanted.num_units, 0),
        constraints: directives::constraints(&constraints)?,
        base: wanted.base.clone().or_else(|| bundle.default_base.clone()),
        channel: wanted.channel.clone(),
        trust: wanted.trust,
        force: false,
    })
}

/// Relations the model does not have. An end without endpoint matches any endpoint of that application.
fn relations<'a>(
    bundle: &'a Bundle,
    status: &'a FullStatus,
    model: &'a str,
) -> impl Iterator<Item = Integrate> + 'a {
    bundle
        .relations
        .iter()
        .map(|[first, second]| (Endpoint::parse(first), Endpoint::parse(second)))
        .filter(|(first, second)| {
            !status.relations.iter().any(|relation| {
                let (provider, requirer) = (&relation.provider, &relation.requirer);
                (is(first, provider) && is(second, requirer))
                    || (is(first, requirer) && is(second, provider))
            })
        })
        .map(|(first, second)| Integrate {
            model: model.to_owned(),
            first,
            second,
        })
}

fn is(wanted: &Endpoint, found: &Endpoint) -> bool {
    wanted.application == found.application
        && (wanted.endpoint.is_none() || wanted.endpoint == found.endpoint)
}

fn offers<'a>(
    bundle: &'a Bundle,
    status: &'a FullStatus,
    model: &'a str,
) -> impl Iterator<Item = api::Offer> + 'a {
    bundle
        .applications
        .iter()
        .flat_map(|(application, wanted)| {
            wanted
                .offers
                .iter()
                .map(move |(name, offer)| (application, name, offer))
        })
        .filter(|(_, name, _)| !status.offers.iter().any(|known| known.name == **name))
        .map(|(application, name, offer)| api::Offer {
            model: model.to_owned(),
            name: name.clone(),
            application: application.clone(),
            endpoints: offer.endpoints.clone(),
            ..api::Offer::default()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::status::samples;

    const BUNDLE: &str = "\
default-base: ubuntu@22.04/stable
applications:
  postgresql: {charm: /dev/null, num_units: 4, options: {profile: testing}, expose: true}
  client: {charm: /dev/null, num_units: 1}
  web: {charm: /dev/null, num_units: 2, to: ['0', '1'], trust: true, storage: {data: '1G'}}
machines: {'0': {}, '1': {}}
relations:
- [client:db, postgresql:database]
- [web, postgresql]
";

    fn planned(text: &str, status: &FullStatus) -> Vec<Step> {
        let bundle = Bundle::parse(text, &[]).unwrap();
        steps(&bundle, status, "dev", &Folders::default()).unwrap()
    }

    #[test]
    fn only_what_the_model_lacks_is_done() {
        let told: Vec<String> = planned(BUNDLE, &samples::model())
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "set application options for postgresql",
            "add 1 unit(s) to postgresql",
            "expose application postgresql",
            "deploy application web from /dev/null with 2 unit(s)",
            "add relation web - postgresql",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_new_application_is_deployed_with_everything_the_bundle_says() {
        let steps = planned(BUNDLE, &samples::model());
        let deploy = steps.iter().find_map(|step| match step {
            Step::Deploy(deploy) => Some(deploy),
            _ => None,
        });
        let deploy = deploy.unwrap();
        assert_eq!(deploy.base.as_deref(), Some("ubuntu@22.04/stable"));
        assert_eq!(deploy.to, ["0", "1"]);
        assert!(deploy.trust);
        assert_eq!(deploy.storage["data"].size.as_deref(), Some("1G"));
    }
}
