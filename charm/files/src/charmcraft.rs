//! `charmcraft.yaml`: the part of it that packing needs.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::FileError;
use crate::manifest::Base;

const FILE: &str = "charmcraft.yaml";

/// How a charm is packed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Charmcraft {
    /// The charm's name, if it is not left to `metadata.yaml`.
    pub name: Option<String>,
    /// The base for platforms that name none: `ubuntu@22.04`.
    pub base: Option<String>,
    /// By label: what to build for. A label such as `ubuntu@22.04:amd64` says it all.
    #[serde(default)]
    platforms: BTreeMap<String, Option<Platform>>,
    /// The older way to say the same.
    #[serde(default)]
    bases: Vec<Bases>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Platform {
    #[serde(default, deserialize_with = "one_or_more")]
    build_on: Vec<String>,
    #[serde(default, deserialize_with = "one_or_more")]
    build_for: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, rename_all_fields = "kebab-case")]
enum Bases {
    Long {
        build_on: Vec<Base>,
        run_on: Vec<Base>,
    },
    Short(Base),
}

impl Charmcraft {
    /// Reads `charmcraft.yaml`.
    ///
    /// # Errors
    /// When it is not YAML of the right shape, or names no base.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let file: Self = serde_yaml::from_str(text).map_err(FileError::syntax(FILE))?;
        let mut problems = Vec::new();
        if file.bases().is_empty() {
            problems.push("it names no base: say platforms: {ubuntu@22.04:amd64: }".to_owned());
        }
        FileError::unless_empty(FILE, problems)?;
        Ok(file)
    }

    /// The bases to write into `manifest.yaml`.
    pub fn bases(&self) -> Vec<Base> {
        let mut bases: Vec<Base> = Vec::new();
        let older = self.bases.iter().flat_map(|entry| match entry {
            Bases::Long { run_on, .. } => run_on.clone(),
            Bases::Short(base) => vec![base.clone()],
        });
        let newer = self.platforms.iter().flat_map(|(label, platform)| {
            let targets = match platform {
                Some(platform) if !platform.build_for.is_empty() => &platform.build_for,
                Some(platform) if !platform.build_on.is_empty() => &platform.build_on,
                _ => std::slice::from_ref(label),
            };
            targets
                .iter()
                .filter_map(|target| self.target(label, target))
                .collect::<Vec<_>>()
        });
        for base in older.chain(newer) {
            match bases.iter_mut().find(|known| known.is_same_system(&base)) {
                Some(known) => known.architectures.extend(base.architectures),
                None => bases.push(base),
            }
        }
        for base in &mut bases {
            base.architectures.sort();
            base.architectures.dedup();
        }
        bases
    }

    /// A target is `ubuntu@22.04:amd64`, or only `amd64`; then the label or `base` says the rest.
    fn target(&self, label: &str, target: &str) -> Option<Base> {
        let (system, architecture) = match target.split_once(':') {
            Some((system, architecture)) => (Some(system), architecture),
            None => (label.split_once(':').map(|(system, _)| system), target),
        };
        let mut base = Base::parse(system.or(self.base.as_deref())?)?;
        base.architectures.push(architecture.to_owned());
        Some(base)
    }
}

fn one_or_more<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected one platform or a list of them")]
    enum Written {
        One(String),
        More(Vec<String>),
    }
    Ok(match Written::deserialize(from)? {
        Written::One(one) => vec![one],
        Written::More(more) => more,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(text: &str) -> Vec<String> {
        let bases = Charmcraft::parse(text).unwrap().bases();
        bases
            .iter()
            .map(|base| format!("{base} {}", base.architectures.join(",")))
            .collect()
    }

    #[test]
    fn the_bases_of_every_notation_are_found() {
        let short = "name: x\nplatforms:\n  ubuntu@22.04:amd64:\n  ubuntu@22.04:arm64:\n  ubuntu@24.04:amd64:\n";
        assert_eq!(
            bases(short),
            ["ubuntu@22.04 amd64,arm64", "ubuntu@24.04 amd64"]
        );
        let long = "base: ubuntu@22.04\nplatforms:\n  amd64:\n  arm: {build-on: [amd64], build-for: [arm64]}\n";
        assert_eq!(bases(long), ["ubuntu@22.04 amd64,arm64"]);
        let old = "bases:\n- build-on: [{name: ubuntu, channel: '20.04'}]\n  \
                   run-on: [{name: ubuntu, channel: '22.04', architectures: [amd64]}]\n";
        assert_eq!(bases(old), ["ubuntu@22.04 amd64"]);
        let oldest = "bases:\n- {name: ubuntu, channel: '22.04', architectures: [amd64]}\n";
        assert_eq!(bases(oldest), ["ubuntu@22.04 amd64"]);
    }

    #[test]
    fn a_file_without_a_base_is_refused() {
        let error = Charmcraft::parse("name: x\n").unwrap_err();
        assert!(error.to_string().contains("names no base"), "{error}");
    }
}
