//! What a unit asks a certificate for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rustls::pki_types::CertificateSigningRequestDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension, SubjectAlternativeName};
use x509_parser::prelude::FromDer as _;

use crate::domain::words::MemberName;

/// The names and addresses of a unit. The address is also the common name: pgBackRest tells members apart by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Where the unit is reached.
    pub address: IpAddr,
    /// Names, and each address once more: pgBackRest 2.45 looks for addresses only among names.
    pub names: BTreeSet<String>,
}

impl Names {
    /// The names of a member: what clients and the other members may call it.
    pub fn of(member: &MemberName, address: IpAddr, hostname: Option<&str>) -> Self {
        let mut names = BTreeSet::from([member.to_string(), address.to_string()]);
        names.extend(hostname.filter(|name| is_host(name)).map(str::to_owned));
        Self { address, names }
    }
}

/// Whether a text can be the name of a host in a certificate.
fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len()) && label.chars().all(plain)
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// A request that was made, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The text, exactly as it was sent: a provider answers to the text.
    pub text: String,
    /// The key it was signed with.
    pub public: Vec<u8>,
    /// What it asks for.
    pub names: Names,
}

impl Request {
    /// Reads a request of ours; nothing when it is none.
    pub fn read(text: &str) -> Option<Self> {
        let der = CertificateSigningRequestDer::from_pem_slice(text.as_bytes()).ok()?;
        let (_, request) = X509CertificationRequest::from_der(&der).ok()?;
        let info = &request.certification_request_info;
        let common = info.subject.iter_common_name().next()?.as_str().ok()?;
        let alternative =
            request
                .requested_extensions()?
                .find_map(|extension| match extension {
                    ParsedExtension::SubjectAlternativeName(names) => Some(names),
                    _ => None,
                })?;
        Some(Self {
            text: text.to_owned(),
            public: info.subject_pki.subject_public_key.data.to_vec(),
            names: Names {
                address: common.parse().ok()?,
                names: names(alternative),
            },
        })
    }

    /// The addresses it asks for.
    pub fn addresses(&self) -> BTreeSet<IpAddr> {
        BTreeSet::from([self.names.address])
    }
}

fn names(alternative: &SubjectAlternativeName<'_>) -> BTreeSet<String> {
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    };
    alternative.general_names.iter().filter_map(name).collect()
}
