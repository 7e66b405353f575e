//! Why a request gets no certificate, in the protocol's codes.

use serde_json::{Value, json};

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the request is not PEM: {0}")]
    NotPem(String),
    #[error("the request cannot be parsed: {0}")]
    NotRequest(String),
    #[error("the signature of the request does not fit its key, or is of an unsupported kind")]
    Signature,
    #[error("the request names nothing: it has neither a subject nor alternative names")]
    Nameless,
    #[error(
        "the relation already has {0} certificates, as many as the option certificate-limit allows"
    )]
    Limit(usize),
    #[error("the option refuse forbids {}", .0.what())]
    Forbidden(Kind),
}

/// A kind of request that an option forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ip,
    Domain,
    Wildcard,
    Available,
}

impl Kind {
    pub(crate) fn from_option(word: &str) -> Option<Self> {
        match word {
            "ip" => Some(Self::Ip),
            "domain" => Some(Self::Domain),
            "wildcard" => Some(Self::Wildcard),
            "available" => Some(Self::Available),
            _ => None,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Ip => "addresses",
            Self::Domain => "domains",
            Self::Wildcard => "wildcards",
            Self::Available => "everything: the authority plays dead",
        }
    }
}

impl Refusal {
    fn code(&self) -> (u16, &'static str) {
        match self {
            Self::Forbidden(Kind::Ip) => (101, "IP_NOT_ALLOWED"),
            Self::Forbidden(Kind::Domain) => (102, "DOMAIN_NOT_ALLOWED"),
            Self::Forbidden(Kind::Wildcard) => (103, "WILDCARD_NOT_ALLOWED"),
            Self::Forbidden(Kind::Available) => (201, "SERVER_NOT_AVAILABLE"),
            _ => (999, "OTHER"),
        }
    }

    /// The item for `request_errors`.
    pub(crate) fn item(&self, csr: &str) -> Value {
        let (code, name) = self.code();
        json!({
            "csr": csr,
            "error": {
                "code": code,
                "name": name,
                "message": self.to_string(),
                "provider": "self-signed-certificates",
                "endpoint": "certificates",
            }
        })
    }
}
