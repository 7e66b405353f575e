//! Options that are one parameter of the server each: the table of them, by group.
//!
//! The name of an option is its group, then the parameter. A parameter is written down only when it differs from what
//! PostgreSQL does by itself, so that the server's configuration shows what somebody chose.

mod optimizer;
mod request;
mod server;
mod vacuum;

use std::ops::RangeInclusive;

use super::Parameter;
use super::declaration::{Declaration, Kind};
use super::parameter::Parameters;
use super::reader::Reader;
use super::shape::Shape;

/// The major versions of PostgreSQL that work.
pub(super) const SUPPORTED: RangeInclusive<u32> = 14..=17;

/// An option and the parameter it sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    declaration: Declaration,
    /// The parameter, where it is not the option's name without the group.
    parameter: Option<&'static str>,
    /// Patroni keeps it equal on all members and takes it from etcd only.
    of_the_cluster: bool,
    /// Written down even at its default, because PostgreSQL's own default is another.
    always: bool,
    since: u32,
    until: u32,
}

/// Every option of the table.
pub(super) fn all() -> impl Iterator<Item = &'static Tuning> {
    [
        server::TABLE,
        optimizer::TABLE,
        request::TABLE,
        vacuum::TABLE,
    ]
    .into_iter()
    .flatten()
}

/// Reads every option of the table.
pub(super) fn read(reader: &mut Reader<'_>) -> Parameters {
    let mut parameters = Parameters::default();
    for tuning in all() {
        let option = tuning.declaration;
        let Some(value) = reader.read(&option) else {
            continue;
        };
        if !(tuning.always || tuning.of_the_cluster)
            && Some(&value) == option.kind.default().as_ref()
        {
            continue;
        }
        let name = tuning.parameter();
        let value = Parameter::from(value);
        if tuning.of_the_cluster {
            parameters.cluster(&name, value);
        } else if !parameters.member(&name, value, tuning.since..=tuning.until) {
            reader.problem(
                reader.name_in_use(&option),
                format!("says something else than another option about {name}"),
                "set only one of the two",
            );
        }
    }
    parameters
}

impl Tuning {
    pub(super) const fn declaration(&self) -> Declaration {
        self.declaration
    }

    /// The name of the parameter in the server.
    pub(super) fn parameter(&self) -> String {
        let after_group = self
            .declaration
            .name
            .split_once('-')
            .map_or("", |(_, name)| name);
        self.parameter
            .map_or_else(|| after_group.replace('-', "_"), ToOwned::to_owned)
    }

    const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            declaration: Declaration {
                name,
                kind,
                about,
                inherited: true,
                restart: false,
            },
            parameter: None,
            of_the_cluster: false,
            always: false,
            since: *SUPPORTED.start(),
            until: *SUPPORTED.end(),
        }
    }

    const fn sets(mut self, parameter: &'static str) -> Self {
        self.parameter = Some(parameter);
        self
    }

    const fn of_the_cluster(mut self) -> Self {
        self.of_the_cluster = true;
        self
    }

    const fn always(mut self) -> Self {
        self.always = true;
        self
    }

    const fn restart(mut self) -> Self {
        self.declaration.restart = true;
        self
    }

    const fn until(mut self, major: u32) -> Self {
        self.until = major;
        self
    }
}

const fn truth(name: &'static str, default: bool, about: &'static str) -> Tuning {
    Tuning::new(name, Kind::Bool { default }, about)
}

const fn int(
    name: &'static str,
    least: i64,
    most: i64,
    default: i64,
    about: &'static str,
) -> Tuning {
    Tuning::new(
        name,
        Kind::Int {
            least,
            most,
            default: Some(default),
        },
        about,
    )
}

const fn float(
    name: &'static str,
    least: f64,
    most: f64,
    default: f64,
    about: &'static str,
) -> Tuning {
    Tuning::new(
        name,
        Kind::Float {
            least,
            most,
            default,
        },
        about,
    )
}

const fn choice(
    name: &'static str,
    allowed: &'static [&'static str],
    default: &'static str,
    about: &'static str,
) -> Tuning {
    Tuning::new(name, Kind::Choice { allowed, default }, about)
}

const fn text(
    name: &'static str,
    shape: Shape,
    default: &'static str,
    about: &'static str,
) -> Tuning {
    Tuning::new(name, Kind::Text { shape, default }, about)
}
