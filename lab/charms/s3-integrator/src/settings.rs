//! The options, checked, and as they are written to databags.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use juju_charm::Config;
use serde_json::json;

/// Options that go to the relations as they are.
const PLAIN: [&str; 7] = [
    "endpoint",
    "bucket",
    "region",
    "path",
    "s3-uri-style",
    "storage-class",
    "s3-api-version",
];

/// The options of the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    plain: Vec<(&'static str, String)>,
    attributes: Option<String>,
    pub(crate) ca_chain: Vec<String>,
    delete_older_than_days: Option<i64>,
    /// Whether to know of the protocol that uses secrets.
    pub(crate) speaks_v1: bool,
}

impl Settings {
    /// The options, or everything that is wrong with them.
    pub(crate) fn from_config(config: &Config) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let ca_chain = config
            .string("tls-ca-chain")
            .map_or(Ok(Vec::new()), certificates);
        let ca_chain = ca_chain.unwrap_or_else(|problem| {
            problems.push(format!("tls-ca-chain {problem}"));
            Vec::new()
        });
        let days = config.integer("experimental-delete-older-than-days");
        if days.is_some_and(|days| !(1..=9_999_999).contains(&days)) {
            problems.push("experimental-delete-older-than-days is not 1 to 9999999".to_owned());
        }
        let mut one_of = |option: &str, allowed: [&str; 2]| {
            if let Some(value) = config
                .string(option)
                .filter(|value| !allowed.contains(value))
            {
                let [one, other] = allowed;
                problems.push(format!("{option} is {value:?}, not {one} or {other}"));
            }
        };
        one_of("s3-uri-style", ["host", "path"]);
        one_of("s3-api-version", ["2", "4"]);
        one_of("protocol", ["both", "0"]);
        if !problems.is_empty() {
            return Err(problems);
        }
        let plain = PLAIN.into_iter();
        Ok(Self {
            plain: plain
                .filter_map(|option| Some((option, config.string(option)?.to_owned())))
                .collect(),
            attributes: config.string("attributes").map(str::to_owned),
            ca_chain,
            delete_older_than_days: days,
            speaks_v1: config.string("protocol") != Some("0"),
        })
    }

    /// An option that goes to the relations as it is.
    pub(crate) fn get(&self, option: &str) -> Option<&str> {
        let found = self.plain.iter().find(|(name, _)| *name == option);
        found.map(|(_, value)| value.as_str())
    }

    /// Keys and values for a databag, without credentials.
    pub(crate) fn connection(&self, protocol: Protocol) -> Vec<(&'static str, String)> {
        let mut all = self.plain.clone();
        if let Some(attributes) = &self.attributes {
            let written = match protocol {
                Protocol::V0 => json!(attributes.split(',').collect::<Vec<_>>()).to_string(),
                // The newer charm hands the option on as it is.
                Protocol::V1 => attributes.clone(),
            };
            all.push(("attributes", written));
        }
        if !self.ca_chain.is_empty() {
            all.push(("tls-ca-chain", json!(self.ca_chain).to_string()));
        }
        if let Some(days) = self.delete_older_than_days {
            all.push(("delete-older-than-days", days.to_string()));
        }
        all
    }
}

/// The two protocols of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Credentials in plain text.
    V0,
    /// Credentials in a secret.
    V1,
}

/// The certificates in a PEM bundle that is encoded in base64.
fn certificates(encoded: &str) -> Result<Vec<String>, &'static str> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let bytes = STANDARD
        .decode(encoded.trim())
        .map_err(|_| "is not base64")?;
    let mut rest = std::str::from_utf8(&bytes).map_err(|_| "is not PEM in base64")?;
    let mut found = Vec::new();
    while let Some(start) = rest.find(BEGIN) {
        let length = rest[start..]
            .find(END)
            .ok_or("has a certificate that does not end")?;
        let end = start + length + END.len();
        found.push(rest[start..end].to_owned());
        rest = &rest[end..];
    }
    if found.is_empty() {
        Err("has no certificate in it")
    } else {
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_of_a_bundle_is_found_and_what_is_between_is_not() {
        let one = "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----";
        let two = "-----BEGIN CERTIFICATE-----\nBBB\n-----END CERTIFICATE-----";
        let bundle = STANDARD.encode(format!("# root\n{one}\n# leaf\n{two}\n"));
        assert_eq!(certificates(&bundle).unwrap(), [one, two]);
    }

    #[test]
    fn a_bundle_without_certificates_is_refused() {
        assert_eq!(certificates("%%%"), Err("is not base64"));
        assert_eq!(
            certificates(&STANDARD.encode("hello")),
            Err("has no certificate in it")
        );
        assert_eq!(
            certificates(&STANDARD.encode("-----BEGIN CERTIFICATE-----\nAAA")),
            Err("has a certificate that does not end")
        );
    }
}
