//! A certificate signing request, parsed and checked.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;

use crate::der::Extension;
use crate::refusal::{Kind, Refusal};

/// Extensions that the authority writes itself: basic constraints and the two key identifiers.
const OURS: [&str; 3] = ["2.5.29.19", "2.5.29.14", "2.5.29.35"];

/// What a request asks to be certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// The subject, as DER.
    pub(crate) subject: Vec<u8>,
    /// The public key with its algorithm, as DER.
    pub(crate) public_key: Vec<u8>,
    /// The bits of the key alone.
    pub(crate) key_bits: Vec<u8>,
    /// The extensions asked for, but for those that the authority writes itself.
    pub(crate) extensions: Vec<Extension>,
    addresses: bool,
    domains: bool,
    wildcards: bool,
}

impl Request {
    /// Parses a request and checks that whoever made it has the key.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let pem = pem::parse(text).map_err(|e| Refusal::NotPem(e.to_string()))?;
        if !matches!(pem.tag(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST") {
            return Err(Refusal::NotPem(format!("it is a {}", pem.tag())));
        }
        let (rest, csr) = X509CertificationRequest::from_der(pem.contents())
            .map_err(|e| Refusal::NotRequest(e.to_string()))?;
        if !rest.is_empty() {
            return Err(Refusal::NotRequest("something follows it".to_owned()));
        }
        csr.verify_signature().map_err(|_| Refusal::Signature)?;
        let info = &csr.certification_request_info;
        let mut request = Self {
            subject: info.subject.as_raw().to_vec(),
            public_key: info.subject_pki.raw.to_vec(),
            key_bits: info.subject_pki.subject_public_key.data.to_vec(),
            extensions: Vec::new(),
            addresses: false,
            domains: false,
            wildcards: false,
        };
        let mut alternative = false;
        for attribute in info.iter_attributes() {
            let ParsedCriAttribute::ExtensionRequest(asked) = attribute.parsed_attribute() else {
                continue;
            };
            for extension in &asked.extensions {
                alternative |= request.add(extension)?;
            }
        }
        if !alternative && info.subject.iter_attributes().next().is_none() {
            return Err(Refusal::Nameless);
        }
        Ok(request)
    }

    /// Takes an extension over. Whether it has alternative names.
    fn add(&mut self, extension: &X509Extension<'_>) -> Result<bool, Refusal> {
        let damaged =
            |why: &str| Refusal::NotRequest(format!("extension {}: {why}", extension.oid));
        let names = match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => names.general_names.as_slice(),
            ParsedExtension::ParseError { .. } => return Err(damaged("cannot be parsed")),
            _ => &[],
        };
        for name in names {
            match name {
                GeneralName::IPAddress(_) => self.addresses = true,
                GeneralName::DNSName(name) => {
                    self.domains = true;
                    self.wildcards |= name.starts_with("*.");
                }
                _ => {}
            }
        }
        let oid = extension.oid.to_id_string();
        if OURS.contains(&oid.as_str()) {
            return Ok(false);
        }
        if self
            .extensions
            .iter()
            .any(|known| known.oid == extension.oid.as_bytes())
        {
            return Err(damaged("is there twice"));
        }
        self.extensions.push(Extension {
            oid: extension.oid.as_bytes().to_vec(),
            critical: extension.critical,
            value: extension.value.to_vec(),
        });
        Ok(!names.is_empty())
    }

    /// Whether an option forbids it.
    pub(crate) fn allowed(&self, refuse: &[Kind]) -> Result<(), Refusal> {
        let forbidden = |kind: &&Kind| match kind {
            Kind::Ip => self.addresses,
            Kind::Domain => self.domains,
            Kind::Wildcard => self.wildcards,
            Kind::Available => true,
        };
        refuse
            .iter()
            .find(forbidden)
            .map_or(Ok(()), |kind| Err(Refusal::Forbidden(*kind)))
    }
}
