//! What a client has to know.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::{ObjectStoreError, service};

/// Printed on request only: it holds the secret key.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Info {
    running: bool,
    endpoint: String,
    region: &'static str,
    s3_uri_style: &'static str,
    access_key: String,
    secret_key: String,
    /// The certificate that clients have to trust.
    ca: PathBuf,
    /// The same as the configuration option of charms wants it: its text in base64.
    tls_ca_chain: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Credentials {
    access_key: String,
    secret_key: String,
}

pub(super) fn read(home: &Path) -> Result<Info, ObjectStoreError> {
    let data = service::data(home);
    let path = data.join("credentials.json");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(ObjectStoreError::NeverStarted(home.to_owned()));
        }
        Err(error) => return Err(ObjectStoreError::io("read", &path)(error)),
    };
    let credentials: Credentials =
        serde_json::from_str(&text).map_err(|error| ObjectStoreError::Credentials {
            path,
            cause: error.to_string(),
        })?;
    let ca = data.join("tls/ca.pem");
    let pem = fs::read(&ca).map_err(ObjectStoreError::io("read", &ca))?;
    Ok(Info {
        running: service::answers(home),
        endpoint: format!("https://{}", service::address(home)),
        region: "us-east-1",
        s3_uri_style: "path",
        access_key: credentials.access_key,
        secret_key: credentials.secret_key,
        ca,
        tls_ca_chain: BASE64_STANDARD.encode(pem),
    })
}
