//! The options of `config.yaml`, validated all at once.
//!
//! Every option has the hyphenated name of Charmed PostgreSQL 16 and, where 14 has it too, the underscored name of 14
//! (D11). Both are declared; the hyphenated one wins when it is set, so it has no default of its own and the underscored
//! one carries it.

mod config_yaml;
mod declaration;
mod general;
mod machine;
mod memory;
mod parameter;
mod problem;
mod reader;
mod shape;
mod synchronous;
mod tuning;
mod value;
mod workers;

use std::collections::BTreeMap;

pub use config_yaml::config_yaml;
pub use general::Profile;
pub use machine::Machine;
pub use parameter::Parameter;
pub use problem::Problem;
pub use synchronous::{Synchronous, SynchronousNodes};
pub use value::OptionValue;

use reader::Reader;

/// Options that were found valid, and what follows from them on this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    general: general::General,
    parameters: parameter::Parameters,
}

impl Settings {
    /// What `options`, as Juju gives them, mean on this machine, or everything that is wrong with them.
    ///
    /// An option that is not in the map has its default. An option this charm does not know is not looked at; Juju lets
    /// none through.
    pub fn from_options(
        options: &BTreeMap<String, OptionValue>,
        machine: &Machine,
    ) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(options, machine);
        let general = general::read(&mut reader);
        let mut parameters = tuning::read(&mut reader);
        parameters.cluster(
            "max_connections",
            general::max_connections(&mut reader, machine),
        );
        workers::read(&mut reader, machine, &mut parameters);
        memory::read(&mut reader, general.profile, machine, &mut parameters);
        reader.finish()?;
        Ok(Self {
            general,
            parameters,
        })
    }

    /// The major version of PostgreSQL that was asked for; `None` is the distribution's own.
    pub fn version(&self) -> Option<u32> {
        self.general.version
    }

    /// What the machine is used for.
    pub fn profile(&self) -> Profile {
        self.general.profile
    }

    /// How many bytes of WAL a replica may lack and still be promoted.
    pub fn maximum_lag_on_failover(&self) -> i64 {
        self.general.maximum_lag_on_failover
    }

    /// Synchronous replication in a cluster of so many members.
    pub fn synchronous(&self, members: u32) -> Synchronous {
        self.general
            .synchronous_nodes
            .among(members, self.general.synchronous_strict)
    }

    /// Parameters that Patroni keeps equal on all members and takes from etcd only.
    ///
    /// All of them, also those at their default: what was once written to etcd stays until it is written again.
    pub fn cluster_parameters(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.parameters.of_the_cluster()
    }

    /// Parameters of this member, as far as the major version has them and they differ from its own defaults.
    pub fn local_parameters(&self, major: u32) -> impl Iterator<Item = (&str, &Parameter)> {
        self.parameters.of_the_member(major)
    }
}

#[cfg(test)]
mod tests;
