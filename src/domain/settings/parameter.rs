//! Parameters of the server that follow from options.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::OptionValue;

/// The value of a parameter, as PostgreSQL's configuration spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter {
    Int(i64),
    Text(String),
}

impl From<OptionValue> for Parameter {
    fn from(value: OptionValue) -> Self {
        match value {
            OptionValue::String(text) => Self::Text(text),
            OptionValue::Int(number) => Self::Int(number),
            OptionValue::Float(number) => Self::Text(number.to_string()),
            OptionValue::Bool(truth) => Self::Text(if truth { "on" } else { "off" }.to_owned()),
        }
    }
}

/// Parameters by the place they are set in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parameters {
    cluster: BTreeMap<String, Parameter>,
    member: BTreeMap<String, (Parameter, RangeInclusive<u32>)>,
}

impl Parameters {
    pub(super) fn cluster(&mut self, name: &str, value: Parameter) {
        self.cluster.insert(name.to_owned(), value);
    }

    /// A parameter of the member that these major versions have. False when it has another value already.
    pub(super) fn member(
        &mut self,
        name: &str,
        value: Parameter,
        versions: RangeInclusive<u32>,
    ) -> bool {
        let agrees = self
            .member
            .get(name)
            .is_none_or(|(earlier, _)| *earlier == value);
        self.member.insert(name.to_owned(), (value, versions));
        agrees
    }

    pub(super) fn of_the_cluster(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.cluster
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    pub(super) fn of_the_member(&self, major: u32) -> impl Iterator<Item = (&str, &Parameter)> {
        self.member
            .iter()
            .filter(move |(_, (_, versions))| versions.contains(&major))
            .map(|(name, (value, _))| (name.as_str(), value))
    }
}
