//! Requests to the members of the cluster: one address, one answer, one deadline.
//!
//! While the cluster turns to TLS, a member may answer in one of two ways; a [`Server`] knows both, and tries them in order.

use std::io;

use crate::adapters::host::clock::Deadline;
use crate::adapters::trust::Trust;
use crate::domain::words::Secret;

/// Bytes of an answer that are read. The largest is a listing of etcd's keys.
const ANSWER_LIMIT: u64 = 64 << 20;

/// A server of the cluster.
#[derive(Clone, Debug)]
pub(super) struct Server {
    address: String,
    ways: Vec<Way>,
}

/// One way to reach a server.
#[derive(Clone, Debug)]
struct Way {
    address: String,
    trust: Option<Trust>,
}

/// Where a program answers, and whom it has to be vouched for by.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Without TLS; none where plaintext is not to be used.
    pub plain: Option<u16>,
    /// With TLS, which is tried first.
    pub tls: Option<(u16, Trust)>,
}

impl Ports {
    /// Plaintext only.
    pub fn plain(port: u16) -> Self {
        Self {
            plain: Some(port),
            tls: None,
        }
    }
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Patch,
}

/// What a request may carry to say who asks.
#[derive(Clone, Debug)]
pub(super) enum Authorization {
    Basic { user: String, password: Secret },
    Token(Secret),
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The beginning of the body, for messages.
    pub(super) fn said(&self) -> String {
        const SHOWN: usize = 300;
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        }
    }
}

/// Nobody answered, so nothing is known.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message says what happened, and every field is its object or its cause"
)]
pub enum Unanswered {
    #[error("nothing listens at {address}")]
    Refused { address: String },
    #[error("{address} did not answer in time")]
    TimedOut { address: String },
    #[error("reach {address}")]
    Unreachable {
        address: String,
        #[source]
        source: Box<ureq::Error>,
    },
}

impl Server {
    /// The server at a host, which may be an IPv6 address.
    pub(super) fn at(host: &str, ports: &Ports) -> Self {
        let authority = |port: u16| {
            if host.contains(':') && !host.starts_with('[') {
                format!("[{host}]:{port}")
            } else {
                format!("{host}:{port}")
            }
        };
        let tls = ports.tls.as_ref().map(|(port, trust)| Way {
            address: authority(*port),
            trust: Some(trust.clone()),
        });
        let plain = ports.plain.map(|port| Way {
            address: authority(port),
            trust: None,
        });
        let ways: Vec<Way> = tls.into_iter().chain(plain).collect();
        Self {
            address: ways
                .first()
                .map_or_else(|| host.to_owned(), |way| way.address.clone()),
            ways,
        }
    }

    /// Host and port, for messages.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a request; every answer is one, whatever its status.
    pub(super) fn send(
        &self,
        method: Method,
        path: &str,
        authorization: Option<&Authorization>,
        body: Option<&[u8]>,
        deadline: Deadline,
    ) -> Result<Answer, Unanswered> {
        let mut first = None;
        for way in &self.ways {
            match way.send(method, path, authorization, body, deadline) {
                // It was heard, perhaps: what it asks for may not be asked twice.
                Err(late @ Unanswered::TimedOut { .. }) => return Err(late),
                Err(unanswered) => first = first.or(Some(unanswered)),
                answer => return answer,
            }
        }
        Err(first.unwrap_or_else(|| Unanswered::Refused {
            address: self.address.clone(),
        }))
    }
}

impl Way {
    fn send(
        &self,
        method: Method,
        path: &str,
        authorization: Option<&Authorization>,
        body: Option<&[u8]>,
        deadline: Deadline,
    ) -> Result<Answer, Unanswered> {
        let left = deadline.remaining();
        if left.is_zero() {
            return Err(Unanswered::TimedOut {
                address: self.address.clone(),
            });
        }
        let scheme = if self.trust.is_some() {
            "https"
        } else {
            "http"
        };
        let mut request = ureq::http::Request::builder()
            .uri(format!("{scheme}://{}{path}", self.address))
            .method(match method {
                Method::Get => "GET",
                Method::Post => "POST",
                Method::Patch => "PATCH",
            });
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization.header());
        }
        if body.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        let request = request
            .body(body.unwrap_or_default())
            .map_err(|error| self.unanswered(ureq::Error::Http(error)))?;
        let agent = agent(left, self.trust.as_ref());
        let mut response = agent.run(request).map_err(|error| self.unanswered(error))?;
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_LIMIT)
            .read_to_vec();
        Ok(Answer {
            status,
            body: body.map_err(|error| self.unanswered(error))?,
        })
    }

    fn unanswered(&self, error: ureq::Error) -> Unanswered {
        let kind = match &error {
            ureq::Error::Timeout(_) => io::ErrorKind::TimedOut,
            ureq::Error::Io(error) => error.kind(),
            _ => io::ErrorKind::Other,
        };
        let address = self.address.clone();
        match kind {
            io::ErrorKind::ConnectionRefused => Unanswered::Refused { address },
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Unanswered::TimedOut { address },
            _ => Unanswered::Unreachable {
                address,
                source: Box::new(error),
            },
        }
    }
}

impl Authorization {
    fn header(&self) -> String {
        use base64::Engine;
        match self {
            Self::Basic { user, password } => {
                let both = format!("{user}:{}", password.expose());
                let encoded = base64::engine::general_purpose::STANDARD.encode(both);
                format!("Basic {encoded}")
            }
            Self::Token(token) => token.expose().to_owned(),
        }
    }
}

fn agent(left: std::time::Duration, trust: Option<&Trust>) -> ureq::Agent {
    let tls = trust.map(Trust::http_client).unwrap_or_default();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(left))
        .http_status_as_error(false)
        // A member tells where it is; to follow it elsewhere would carry the password along.
        .max_redirects(0)
        .max_redirects_will_error(false)
        // The machine's proxy is for the world outside.
        .proxy(None)
        .build()
        .into()
}

#[cfg(test)]
pub(super) mod scripted;
#[cfg(test)]
mod tests;
