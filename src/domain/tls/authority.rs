//! From what a provider sends to what a unit can prove itself with.

use std::net::IpAddr;

use super::certificate::Certificate;
use super::{Material, PrivateKey};
use crate::domain::words::Timestamp;

/// What a provider has issued, as it sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issued {
    /// The unit's certificate.
    pub certificate: String,
    /// Those that vouch for it, in any order, with or without itself.
    pub chain: Vec<String>,
    /// The authority; not every provider names it.
    pub ca: Option<String>,
}

/// Why what a provider has issued is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no certificate.
    #[error("the provider's certificate cannot be read")]
    Unreadable,
    /// It is for another key.
    #[error("the provider's certificate does not belong to this unit's private key")]
    OtherKey,
    /// It lacks an address of the request.
    #[error("the provider's certificate is not for the address {0} that it was asked for")]
    OtherAddress(IpAddr),
    /// It may not be used both ways.
    #[error("the provider's certificate may not be used by servers and clients alike")]
    OneWay,
    /// It does not say whom it is for.
    #[error(
        "the provider's certificate has no common name, by which the units tell each other apart"
    )]
    NoName,
    /// Nobody vouches for it.
    #[error("the provider's certificates do not lead from this unit's to a root authority")]
    NoRoot,
    /// It, or one that vouches for it, has expired.
    #[error("the certificate has expired on {0}")]
    Expired(Timestamp),
    /// It, or one that vouches for it, is not valid yet.
    #[error("the certificate is not valid before {0}: compare the clocks")]
    NotYet(Timestamp),
}

/// A chain of this length is none that anybody has made on purpose.
const LONGEST_CHAIN: usize = 10;

/// Puts together what belongs together, and proves that it does.
///
/// # Errors
///
/// Says what does not fit.
pub fn material(
    key: &PrivateKey,
    issued: &Issued,
    addresses: impl IntoIterator<Item = IpAddr>,
    now: Timestamp,
) -> Result<Material, Refused> {
    let leaf = Certificate::first_in(&issued.certificate).ok_or(Refused::Unreadable)?;
    if leaf.public != key.public() {
        return Err(Refused::OtherKey);
    }
    let missing = |address: &IpAddr| !leaf.addresses.contains(address);
    if let Some(address) = addresses.into_iter().find(missing) {
        return Err(Refused::OtherAddress(address));
    }
    if leaf.common_name.is_none() {
        return Err(Refused::NoName);
    }
    if !leaf.both_ways {
        return Err(Refused::OneWay);
    }
    let pool: Vec<Certificate> = issued
        .chain
        .iter()
        .chain(&issued.ca)
        .flat_map(|text| Certificate::all_in(text))
        .collect();
    let mut path = path(&leaf, &pool)?;
    let ends = || std::iter::once(&leaf).chain(&path);
    let not_after = ends()
        .map(|it| it.not_after)
        .min()
        .unwrap_or(leaf.not_after);
    if not_after <= now {
        return Err(Refused::Expired(not_after));
    }
    let not_before = ends().map(|it| it.not_before).max();
    if let Some(later) = not_before.filter(|moment| *moment > now) {
        return Err(Refused::NotYet(later));
    }
    let root = path.pop().ok_or(Refused::NoRoot)?;
    Ok(Material {
        key: key.pem().clone(),
        certificate: leaf.pem(),
        chain: path.iter().map(Certificate::pem).collect(),
        ca: root.pem(),
        not_after,
    })
}

/// Those that vouch for a certificate, its issuer first, the root last.
fn path(leaf: &Certificate, pool: &[Certificate]) -> Result<Vec<Certificate>, Refused> {
    let mut path: Vec<Certificate> = Vec::new();
    for _ in 0..LONGEST_CHAIN {
        let last = path.last().unwrap_or(leaf);
        if !path.is_empty() && last.is_root() {
            return Ok(path);
        }
        let issuer = pool
            .iter()
            .find(|it| it.authority && *it != last && it.vouches_for(last))
            .ok_or(Refused::NoRoot)?;
        path.push(issuer.clone());
    }
    Err(Refused::NoRoot)
}
