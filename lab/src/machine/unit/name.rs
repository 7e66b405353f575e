//! Names of units.

use std::borrow::Borrow;
use std::fmt;

/// A valid name with its suffix, for example `patroni.service` or `pgbackrest@tls.service`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub(crate) struct UnitName(String);

const MAX_BYTES: usize = 255;
/// Suffixes that systemd knows; anything else after a dot is part of a service's name.
const SUFFIXES: &[&str] = &[
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "slice",
    "scope",
];

impl UnitName {
    /// The unit a command line means: `.service` is added to a name without a unit suffix, and bytes that
    /// no unit name can hold are escaped. None when the result is not a unit name.
    pub(crate) fn from_argument(text: &str) -> Option<Self> {
        let suffixed = text
            .rsplit_once('.')
            .is_some_and(|(_, suffix)| SUFFIXES.contains(&suffix));
        if suffixed {
            Self::parse(text)
        } else {
            Self::parse(&format!("{text}.service"))
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (stem, suffix) = text.rsplit_once('.')?;
        let valid = !stem.is_empty()
            && !stem.starts_with('@')
            && SUFFIXES.contains(&suffix)
            && text.len() <= MAX_BYTES
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte));
        valid.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn suffix(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(_, suffix)| suffix)
    }

    pub(crate) fn without_suffix(&self) -> &str {
        self.0.rsplit_once('.').map_or(&self.0, |(stem, _)| stem)
    }

    /// What stands before `@`, or the whole stem.
    pub(crate) fn prefix(&self) -> &str {
        let stem = self.without_suffix();
        stem.split_once('@').map_or(stem, |(prefix, _)| prefix)
    }

    pub(crate) fn instance(&self) -> Option<&str> {
        self.without_suffix()
            .split_once('@')
            .map(|(_, instance)| instance)
    }

    /// `name@.service` of `name@instance.service`.
    pub(crate) fn template(&self) -> Option<Self> {
        self.instance()?;
        Some(Self(format!("{}@.{}", self.prefix(), self.suffix())))
    }

    pub(crate) fn is_template(&self) -> bool {
        self.instance() == Some("")
    }

    pub(crate) fn is_service(&self) -> bool {
        self.suffix() == "service"
    }

    pub(crate) fn is_target(&self) -> bool {
        self.suffix() == "target"
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Borrow<str> for UnitName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_may_leave_out_the_suffix() {
        let name = |text| UnitName::from_argument(text).map(|name| name.as_str().to_owned());
        assert_eq!(name("patroni").as_deref(), Some("patroni.service"));
        assert_eq!(
            name("snap.pg.exporter").as_deref(),
            Some("snap.pg.exporter.service")
        );
        assert_eq!(
            name("multi-user.target").as_deref(),
            Some("multi-user.target")
        );
    }

    #[test]
    fn names_with_slashes_or_spaces_are_no_units() {
        for text in [
            "../x.service",
            "a b.service",
            "",
            "@x.service",
            ".service",
            "x.nonsense",
        ] {
            assert_eq!(UnitName::parse(text), None, "{text}");
        }
        assert_eq!(
            UnitName::parse(&format!("{}.service", "x".repeat(250))),
            None
        );
    }

    #[test]
    fn an_instance_knows_its_template() {
        let name = UnitName::parse("pg@15-main.service").unwrap();
        assert_eq!(name.template().unwrap().as_str(), "pg@.service");
        assert_eq!(name.instance(), Some("15-main"));
        assert!(!name.is_template());
        assert_eq!(UnitName::parse("pg.service").unwrap().template(), None);
    }
}
