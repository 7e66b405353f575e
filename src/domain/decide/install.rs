//! Programs and directories.

use crate::domain::decision::Decision;
use crate::domain::observed::{Observed, Packages};
use crate::domain::plan::{Plan, Step};

/// The programs are there.
pub fn packages(seen: &Observed) -> Decision {
    match &seen.host.packages {
        Packages::Present { .. } => Decision::Settled,
        Packages::Missing { major, names } => Decision::Do(Plan::new(
            "install the programs",
            vec![Step::InstallPackages {
                major: *major,
                names: names.clone(),
            }],
        )),
    }
}

/// The directories are there, with owners and modes.
pub fn directories(seen: &Observed) -> Decision {
    match &seen.host.packages {
        Packages::Present { major, version, .. } if !seen.host.prepared => Decision::Do(Plan::new(
            "prepare the machine",
            vec![
                Step::MakeDirectories { major: *major },
                Step::SetVersion(version.clone()),
            ],
        )),
        Packages::Present { .. } | Packages::Missing { .. } => Decision::Settled,
    }
}
