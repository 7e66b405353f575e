//! A certificate is asked for, and kept when it has come.

use crate::domain::decision::Decision;
use crate::domain::observed::{Observed, Written};
use crate::domain::plan::{Plan, Step};
use crate::domain::tls::standing::Again;
use crate::domain::tls::{Names, PrivateKey};

/// This unit's names, once its address is known.
fn names(seen: &Observed) -> Option<Names> {
    let address = seen.juju.address?;
    let hostname = seen.host.hostname.as_deref();
    Some(Names::of(&seen.juju.member, address, hostname))
}

/// The provider has a request for what this unit is called now, and what it has issued is kept.
///
/// Nothing here holds the rest of the unit up: whether it waits for a certificate is for those to say who need it.
pub fn certificate(seen: &Observed) -> Decision {
    let tls = &seen.juju.tls;
    if !tls.related {
        return Decision::Settled;
    }
    if let Some(material) = tls.material.as_ref().filter(|_| tls.fresh)
        && !seen.juju.written.contains(&Written::Certificate)
    {
        return Decision::Do(Plan::new(
            "keep the certificate",
            vec![Step::KeepCertificate(material.clone())],
        ));
    }
    match names(seen) {
        Some(names) if !seen.juju.written.contains(&Written::CertificateRequest) => {
            match due(seen, &names) {
                Some(purpose) => Decision::Do(Plan::new(
                    purpose,
                    vec![Step::RequestCertificate { names, key: None }],
                )),
                None => Decision::Settled,
            }
        }
        _ => Decision::Settled,
    }
}

fn due(seen: &Observed, names: &Names) -> Option<&'static str> {
    let tls = &seen.juju.tls;
    match (&tls.asked_for, tls.again) {
        (None, _) => Some("ask for a certificate"),
        (Some(asked), _) if asked != names => {
            Some("ask for a certificate for what this unit is called now")
        }
        (_, Some(Again::Renewal)) => Some("renew the certificate before it expires"),
        (_, Some(Again::Expired)) => Some("replace the certificate that has expired"),
        (_, Some(Again::Revoked)) => Some("replace the certificate that was revoked"),
        (Some(_), None) => None,
    }
}

/// The plan that puts another private key to use. The certificate in use stays until one for the new key has come.
pub fn with_key(seen: &Observed, key: PrivateKey) -> Plan {
    let purpose = "use another private key";
    match names(seen).filter(|_| seen.juju.tls.related) {
        Some(names) => Plan::new(
            purpose,
            vec![Step::RequestCertificate {
                names,
                key: Some(key),
            }],
        ),
        None => Plan::new(purpose, vec![Step::KeepPrivateKey(key)]),
    }
}
