//! Whom the members of the cluster are vouched for by.

use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// The authorities that may vouch for a member of the cluster; those of the machine may not.
#[derive(Clone, Debug)]
pub struct Trust {
    authorities: Arc<Vec<CertificateDer<'static>>>,
}

/// Authorities that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the authorities of the cluster cannot be used: {0}")]
pub struct TrustError(&'static str);

impl Trust {
    /// The authorities in a PEM text.
    ///
    /// # Errors
    ///
    /// When there is none in it, or the text cannot be read.
    pub fn of(text: &str) -> Result<Self, TrustError> {
        let authorities: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(text.as_bytes())
                .collect::<Result<_, _>>()
                .map_err(|_| TrustError("they are no PEM text"))?;
        if authorities.is_empty() {
            return Err(TrustError("there are none"));
        }
        Ok(Self {
            authorities: Arc::new(authorities),
        })
    }

    /// The configuration of an HTTP client. Nothing older than TLS 1.2 is spoken.
    pub(super) fn http_client(&self) -> TlsConfig {
        let roots: Vec<Certificate<'static>> = self
            .authorities
            .iter()
            .map(|der| Certificate::from_der(der).to_owned())
            .collect();
        TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
            .build()
    }

    /// The configuration of any other client.
    ///
    /// # Errors
    ///
    /// When none of the authorities can be used.
    pub(super) fn client(&self) -> Result<ClientConfig, TrustError> {
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(self.authorities.iter().cloned());
        if usable == 0 {
            return Err(TrustError("none of them can be read"));
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| TrustError("the ciphers of this program do not fit together"))?;
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_an_authority_is_refused() {
        for text in ["", "hello"] {
            let error = Trust::of(text).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the authorities of the cluster cannot be used: there are none"
            );
        }
    }
}
