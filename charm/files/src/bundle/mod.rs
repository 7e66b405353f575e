//! `bundle.yaml`: applications and relations to be deployed together.

mod overlay;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::error::FileError;

const FILE: &str = "bundle.yaml";

/// A bundle, its overlays applied.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Bundle {
    /// For people.
    pub name: Option<String>,
    /// `kubernetes`, or nothing for machines.
    #[serde(rename = "bundle")]
    pub kind: Option<String>,
    /// The base of applications that name none: `ubuntu@22.04/stable`.
    pub default_base: Option<String>,
    /// By name.
    #[serde(default, alias = "services")]
    pub applications: BTreeMap<String, BundleApplication>,
    /// By number, as `to` refers to them.
    #[serde(default)]
    pub machines: BTreeMap<String, Option<BundleMachine>>,
    /// Pairs of `APPLICATION:ENDPOINT`.
    #[serde(default)]
    pub relations: Vec<[String; 2]>,
    /// Offers of other models, by the name they get here.
    #[serde(default)]
    pub saas: BTreeMap<String, Saas>,
}

/// An application of a bundle.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct BundleApplication {
    /// A path that starts with `.` or `/` and is relative to the bundle, or a name on Charmhub.
    pub charm: String,
    /// Charmhub's channel.
    pub channel: Option<String>,
    /// Charmhub's revision.
    pub revision: Option<u32>,
    /// `ubuntu@22.04/stable`
    pub base: Option<String>,
    /// How many units; none unless said. On Kubernetes it may be called `scale`.
    #[serde(default, alias = "scale")]
    pub num_units: u32,
    /// Where the units go; the last place is for all that follow.
    #[serde(default, alias = "placement", deserialize_with = "one_or_more")]
    pub to: Vec<String>,
    /// Configuration; `include-file://` and `include-base64://` are not resolved here.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// `mem=2G`
    pub constraints: Option<String>,
    /// `POOL,SIZE,COUNT` by storage.
    #[serde(default)]
    pub storage: BTreeMap<String, String>,
    /// A path or a revision by resource.
    #[serde(default)]
    pub resources: BTreeMap<String, Value>,
    /// Space by endpoint; the empty name is for all others.
    #[serde(default)]
    pub bindings: BTreeMap<String, String>,
    /// Whether its ports can be reached from outside.
    #[serde(default)]
    pub expose: bool,
    /// Whether single endpoints can be reached from outside, and for whom; only in overlays.
    #[serde(default)]
    #[serde(rename = "exposed-endpoints")]
    pub exposed_endpoints: BTreeMap<String, Value>,
    /// Whether it gets access to the cloud.
    #[serde(default)]
    pub trust: bool,
    /// Offers it makes to other models, by name; only in overlays.
    #[serde(default)]
    pub offers: BTreeMap<String, Offer>,
}

impl BundleApplication {
    /// Whether the charm is a file or a directory beside the bundle.
    pub fn is_local(&self) -> bool {
        self.charm.starts_with('.') || self.charm.starts_with('/')
    }

    /// Whether any of its ports can be reached from outside.
    pub fn is_exposed(&self) -> bool {
        self.expose || !self.exposed_endpoints.is_empty()
    }
}

/// A machine of a bundle.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct BundleMachine {
    /// `mem=2G`
    pub constraints: Option<String>,
    /// `ubuntu@22.04/stable`
    pub base: Option<String>,
}

/// Endpoints offered to other models.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Offer {
    /// The endpoints.
    #[serde(default)]
    pub endpoints: Vec<String>,
}

/// An offer of another model.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Saas {
    /// `admin/MODEL.NAME`
    pub url: String,
}

impl Bundle {
    /// Reads a bundle. Further documents in the same text are overlays to the first, and the
    /// texts in `overlays` come after them, in order.
    ///
    /// # Errors
    /// When a text is not YAML of the right shape, or the whole contradicts itself.
    pub fn parse(text: &str, overlays: &[&str]) -> Result<Self, FileError> {
        let mut merged = serde_yaml::Value::Null;
        let mut misplaced = Vec::new();
        for text in std::iter::once(text).chain(overlays.iter().copied()) {
            for document in serde_yaml::Deserializer::from_str(text) {
                let document =
                    serde_yaml::Value::deserialize(document).map_err(FileError::syntax(FILE))?;
                if merged.is_null() {
                    misplaced = overlay::misplaced(&document);
                    merged = document;
                } else {
                    overlay::apply(&mut merged, document);
                }
            }
        }
        let bundle: Self = serde_yaml::from_value(merged).map_err(FileError::syntax(FILE))?;
        misplaced.extend(bundle.problems());
        FileError::unless_empty(FILE, misplaced)?;
        Ok(bundle)
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.applications.is_empty() {
            problems.push("it has no applications".to_owned());
        }
        for end in self.relations.iter().flatten() {
            let application = end.split(':').next().unwrap_or_default();
            let known = self.applications.contains_key(application);
            if !known && !self.saas.contains_key(application) {
                problems.push(format!(
                    "relation end {end:?} names an application it does not have"
                ));
            }
        }
        for (name, application) in &self.applications {
            for place in &application.to {
                let machine = place.rsplit(':').next().unwrap_or_default();
                let is_number = machine.bytes().all(|b| b.is_ascii_digit());
                if is_number && !self.machines.contains_key(machine) {
                    problems.push(format!(
                        "{name:?} goes to machine {machine}, which is not listed"
                    ));
                }
            }
        }
        problems
    }
}

fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a place or a list of places")]
    enum Written {
        Number(u32),
        Text(String),
        List(Vec<Place>),
    }
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a place such as 0, lxd:0 or new")]
    enum Place {
        Number(u32),
        Text(String),
    }
    Ok(match Written::deserialize(from)? {
        Written::Number(number) => vec![number.to_string()],
        Written::Text(text) => vec![text],
        Written::List(list) => list
            .into_iter()
            .map(|place| match place {
                Place::Number(number) => number.to_string(),
                Place::Text(text) => text,
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HA: &str = "name: pg-ha
default-base: ubuntu@22.04/stable
applications:
  postgresql:
    charm: ./postgresql_amd64.charm
    num_units: 3
    to: [0, '1', lxd:1]
    options: {profile: testing}
    storage: {pgdata: 'rootfs,1G'}
  client:
    charm: client
    num_units: 1
    to: '0'
machines: {'0': {}, '1': }
relations:
- [postgresql:database, client:db]
";

    #[test]
    fn a_bundle_is_read() {
        let bundle = Bundle::parse(HA, &[]).unwrap();
        let postgresql = &bundle.applications["postgresql"];
        assert!(postgresql.is_local());
        assert_eq!(
            (postgresql.num_units, postgresql.to.join(" ")),
            (3, "0 1 lxd:1".into())
        );
        assert_eq!(postgresql.options["profile"], "testing");
        assert!(!bundle.applications["client"].is_local());
        assert_eq!(bundle.relations[0], ["postgresql:database", "client:db"]);
    }

    #[test]
    fn overlays_change_add_and_take_away() {
        let overlay = "applications:
  postgresql: {num_units: 5, options: {memory: 2}}
  client:
  other: {charm: ./other.charm}
machines: {'0': {}, '1': {}, '7': {}}
relations:
- [postgresql:database, other:db]
";
        let bundle = Bundle::parse(
            &format!("{HA}---\n{overlay}"),
            &["applications: {other: {num_units: 2}}"],
        )
        .unwrap();
        let postgresql = &bundle.applications["postgresql"];
        assert_eq!(postgresql.num_units, 5);
        assert_eq!(
            Value::Object(postgresql.options.clone()).to_string(),
            r#"{"memory":2,"profile":"testing"}"#
        );
        assert_eq!(
            bundle.applications.keys().collect::<Vec<_>>(),
            ["other", "postgresql"]
        );
        assert_eq!(bundle.applications["other"].num_units, 2);
        assert_eq!(bundle.machines.len(), 3);
        assert_eq!(bundle.relations, [["postgresql:database", "other:db"]]);
    }

    #[test]
    fn offers_belong_in_overlays() {
        let offers = "applications: {a: {charm: ./a, offers: {x: {endpoints: [db]}}}}";
        assert_eq!(
            Bundle::parse(offers, &[]).unwrap_err().to_string(),
            "cannot use bundle.yaml: offers of \"a\" can only appear in an overlay"
        );
        let base = "applications: {a: {charm: ./a}}";
        let overlay = "applications: {a: {offers: {x: {endpoints: [db], acl: {admin: admin}}}, \
                       exposed-endpoints: {db: {expose-to-cidrs: [10.0.0.0/8]}}}}";
        let bundle = Bundle::parse(base, &[overlay]).unwrap();
        assert_eq!(bundle.applications["a"].offers["x"].endpoints, ["db"]);
        assert!(bundle.applications["a"].is_exposed());
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let text = "applications: {a: {charm: ./a, to: [4]}}\nrelations: [[a:x, b:y]]\n";
        assert_eq!(
            Bundle::parse(text, &[]).unwrap_err().to_string(),
            "cannot use bundle.yaml: relation end \"b:y\" names an application it does not have; \
             \"a\" goes to machine 4, which is not listed"
        );
        assert!(Bundle::parse("applications: {}", &[]).is_err());
        assert!(Bundle::parse("- a", &[]).is_err());
    }
}
