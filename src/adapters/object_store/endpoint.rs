//! The address of an object store.

use super::{AddressStyle, Bucket, ObjectStoreError};

/// An endpoint in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Whether it is spoken to with TLS.
    pub(super) tls: bool,
    /// Host that is connected to: with the bucket in front where that is how the bucket is addressed.
    pub(super) host: String,
    /// Port.
    pub(super) port: u16,
    /// The endpoint as a URL without a path.
    pub(super) url: String,
}

impl Endpoint {
    pub(super) fn of(bucket: &Bucket) -> Result<Self, ObjectStoreError> {
        let wrong = || ObjectStoreError::Endpoint {
            endpoint: bucket.endpoint.clone(),
        };
        let text = bucket.endpoint.trim();
        // Without a scheme it is a host, as pgBackRest takes it.
        let text = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let uri: ureq::http::Uri = text.parse().map_err(|_| wrong())?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let host = uri
            .host()
            .filter(|host| !host.is_empty())
            .ok_or_else(wrong)?;
        // The parser takes a port that is no number for none, and a password would end up in messages.
        let authority = uri.authority().ok_or_else(wrong)?.as_str();
        if uri
            .port_u16()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
            != authority
        {
            return Err(wrong());
        }
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let scheme = if tls { "https" } else { "http" };
        let url = match uri.port_u16() {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = match bucket.style {
            AddressStyle::Path => host.to_owned(),
            AddressStyle::Host => format!("{}.{host}", bucket.name),
        };
        Ok(Self {
            tls,
            host,
            port,
            url,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::object_store::Keys;

    fn endpoint(endpoint: &str, style: AddressStyle) -> Result<Endpoint, ObjectStoreError> {
        Endpoint::of(&Bucket {
            name: "backups".to_owned(),
            endpoint: endpoint.to_owned(),
            region: String::new(),
            style,
            ca_chain: Vec::new(),
            keys: Keys {
                access: String::new(),
                secret: "".into(),
            },
        })
    }

    #[test]
    fn an_endpoint_is_a_url_or_a_host() {
        let parts = |text| {
            let endpoint = endpoint(text, AddressStyle::Path).unwrap();
            (endpoint.tls, endpoint.host, endpoint.port, endpoint.url)
        };
        let all = |tls, host: &str, port, url: &str| (tls, host.to_owned(), port, url.to_owned());
        assert_eq!(
            parts("https://s3.test"),
            all(true, "s3.test", 443, "https://s3.test")
        );
        assert_eq!(
            parts("s3.test"),
            all(true, "s3.test", 443, "https://s3.test")
        );
        assert_eq!(
            parts(" s3.test:9000 "),
            all(true, "s3.test", 9000, "https://s3.test:9000")
        );
        assert_eq!(
            parts("http://s3.test/"),
            all(false, "s3.test", 80, "http://s3.test")
        );
        assert_eq!(
            parts("https://[fd00::1]:9"),
            all(true, "fd00::1", 9, "https://[fd00::1]:9")
        );
    }

    #[test]
    fn a_bucket_can_stand_in_front_of_the_host() {
        assert_eq!(
            endpoint("https://s3.test", AddressStyle::Host)
                .unwrap()
                .host,
            "backups.s3.test"
        );
    }

    #[test]
    fn other_text_is_no_endpoint() {
        for text in [
            "",
            "https://",
            "ftp://s3.test",
            "https://s3 test",
            "https://s3.test:port",
        ] {
            assert!(endpoint(text, AddressStyle::Path).is_err(), "{text}");
        }
    }
}
