//! The two kinds of machines.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// What a lab's machines are. All machines of a lab are of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Kind {
    /// A directory, an address and an init of the lab's own: needs no privileges.
    #[default]
    Simple,
    /// A container with the distribution's systemd and apt: needs root.
    Systemd,
}

/// Below the lab's home: the kind, if it is not the simple one.
const FILE: &str = "machines";

impl Kind {
    /// The kind of the machines of the lab with this home.
    pub fn of_lab(home: &Path) -> Self {
        match fs::read_to_string(home.join(FILE)) {
            Ok(text) if text.trim() == "systemd" => Self::Systemd,
            _ => Self::Simple,
        }
    }

    /// The kind of the machine in this directory, `<home>/m/<number>`. What is elsewhere, like the object store, is
    /// simple.
    pub(crate) fn of_machine(dir: &Path) -> Self {
        match dir.parent() {
            Some(machines) if machines.ends_with("m") => {
                machines.parent().map_or(Self::Simple, Self::of_lab)
            }
            _ => Self::Simple,
        }
    }

    /// Stores the kind of a lab that has no machines yet.
    pub(crate) fn store(self, home: &Path) -> io::Result<()> {
        fs::write(home.join(FILE), format!("{self}\n"))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Simple => "simple",
            Self::Systemd => "systemd",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lab_keeps_the_kind_of_its_machines_and_the_object_store_stays_simple() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(Kind::of_machine(&home.path().join("m/0")), Kind::Simple);
        Kind::Systemd.store(home.path()).unwrap();
        assert_eq!(Kind::of_machine(&home.path().join("m/0")), Kind::Systemd);
        assert_eq!(
            Kind::of_machine(&home.path().join("object-store")),
            Kind::Simple
        );
    }
}
