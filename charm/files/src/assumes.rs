//! `assumes` in `metadata.yaml`: what Juju must offer for the charm to be deployed.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// One requirement; a charm's list of them must hold in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assumption {
    /// `k8s-api`, or `juju >= 3.4`.
    Feature {
        /// Name of the feature.
        name: String,
        /// Which versions of it, if it has versions.
        version: Option<VersionRule>,
    },
    /// At least one of these.
    AnyOf(Vec<Assumption>),
    /// All of these.
    AllOf(Vec<Assumption>),
}

/// A bound on a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRule {
    /// `true` for `>=`, `false` for `<`.
    at_least: bool,
    version: (u32, u32, u32),
}

/// What there is to meet assumptions with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// Version of Juju: major, minor, patch.
    pub juju: (u32, u32, u32),
    /// Features without a version, such as `k8s-api`.
    pub features: Vec<String>,
}

impl Platform {
    /// What of a charm's `assumes` this platform does not offer; empty when all is well.
    pub fn unmet<'a>(&self, assumes: &'a [Assumption]) -> Vec<&'a Assumption> {
        assumes
            .iter()
            .filter(|assumption| !self.meets(assumption))
            .collect()
    }

    fn meets(&self, assumption: &Assumption) -> bool {
        match assumption {
            Assumption::AnyOf(some) => some.iter().any(|one| self.meets(one)),
            Assumption::AllOf(all) => all.iter().all(|one| self.meets(one)),
            Assumption::Feature {
                name,
                version: None,
            } => name == "juju" || self.features.contains(name),
            Assumption::Feature {
                name,
                version: Some(rule),
            } => name == "juju" && (self.juju >= rule.version) == rule.at_least,
        }
    }
}

impl<'de> Deserialize<'de> for Assumption {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a feature, any-of or all-of")]
        enum Written {
            Feature(String),
            AnyOf {
                #[serde(rename = "any-of")]
                any_of: Vec<Assumption>,
            },
            AllOf {
                #[serde(rename = "all-of")]
                all_of: Vec<Assumption>,
            },
        }
        match Written::deserialize(from)? {
            Written::Feature(text) => parse(&text).ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "{text:?} is not a feature (such as k8s-api or juju >= 3.4)"
                ))
            }),
            Written::AnyOf { any_of } => Ok(Self::AnyOf(any_of)),
            Written::AllOf { all_of } => Ok(Self::AllOf(all_of)),
        }
    }
}

fn parse(text: &str) -> Option<Assumption> {
    let Some(at) = text.find(['<', '>', '=']) else {
        let name = text.trim();
        let good = !name.is_empty() && !name.contains(char::is_whitespace);
        return good.then(|| Assumption::Feature {
            name: name.to_owned(),
            version: None,
        });
    };
    let name = text[..at].trim().to_owned();
    let (at_least, version) = match text[at..].strip_prefix(">=") {
        Some(version) => (true, version),
        None => (
            false,
            text[at..]
                .strip_prefix('<')
                .filter(|rest| !rest.starts_with('='))?,
        ),
    };
    let mut numbers = version
        .trim()
        .split('.')
        .map(|part| part.parse::<u32>().ok());
    let major = numbers.next()??;
    let minor = numbers.next().unwrap_or(Some(0))?;
    let patch = numbers.next().unwrap_or(Some(0))?;
    let rule = VersionRule {
        at_least,
        version: (major, minor, patch),
    };
    (!name.is_empty()).then_some(Assumption::Feature {
        name,
        version: Some(rule),
    })
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, word: &str, of: &[Self]| {
            let of: Vec<String> = of.iter().map(ToString::to_string).collect();
            write!(f, "{word} ({})", of.join(", "))
        };
        match self {
            Self::Feature {
                name,
                version: None,
            } => f.write_str(name),
            Self::Feature {
                name,
                version: Some(rule),
            } => {
                let (major, minor, patch) = rule.version;
                let sign = if rule.at_least { ">=" } else { "<" };
                write!(f, "{name} {sign} {major}.{minor}.{patch}")
            }
            Self::AnyOf(some) => list(f, "any of", some),
            Self::AllOf(all) => list(f, "all of", all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_compared_with_what_a_charm_assumes() {
        let text =
            "[juju >= 3.4, juju < 5, {any-of: [k8s-api, juju >= 4.0]}, {all-of: [juju >= 2]}]";
        let assumes: Vec<Assumption> = serde_yaml::from_str(text).unwrap();
        let machines = Platform {
            juju: (3, 6, 11),
            features: Vec::new(),
        };
        let unmet: Vec<String> = machines
            .unmet(&assumes)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(unmet, ["any of (k8s-api, juju >= 4.0.0)"]);
        let cluster = Platform {
            juju: (3, 6, 11),
            features: vec!["k8s-api".into()],
        };
        assert!(cluster.unmet(&assumes).is_empty());
        let old = Platform {
            juju: (3, 3, 9),
            features: vec!["k8s-api".into()],
        };
        assert_eq!(old.unmet(&assumes).len(), 1);
    }

    #[test]
    fn what_is_no_requirement_is_refused() {
        for text in [
            "[juju = 3]",
            "[juju <= 3]",
            "['>= 3']",
            "[juju >= x]",
            "['']",
        ] {
            assert!(
                serde_yaml::from_str::<Vec<Assumption>>(text).is_err(),
                "{text}"
            );
        }
    }
}
