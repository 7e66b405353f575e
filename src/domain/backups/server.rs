//! What members have to know of each other so that a replica can back the cluster up.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::words::MemberName;
use crate::layout::Layout;

/// What a unit tells its peers of its pgBackRest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupServer {
    /// Where its files lie; `/` on a machine.
    pub root: PathBuf,
    /// The common name of the certificate by which it is known.
    pub name: String,
}

/// The primary, as a replica reaches it for a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// Who it is.
    pub member: MemberName,
    /// Where it is.
    pub address: IpAddr,
    /// Where its files lie, on its own machine.
    pub layout: Layout,
}
