//! Requests to the members of the cluster: one address, one answer, one deadline.
//!
//! Plain HTTP for now. TLS between members belongs into [`agent`], where the one configuration of the client is made.

use std::io;

use crate::adapters::host::clock::Deadline;
use crate::domain::words::Secret;

/// Bytes of an answer that are read. The largest is a listing of etcd's keys.
const ANSWER_LIMIT: u64 = 64 << 20;

/// A server of the cluster.
#[derive(Clone, Debug)]
pub(super) struct Server {
    address: String,
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
#[derive(Debug)]
pub(super) enum Unanswered {
    Refused,
    TimedOut,
    Unreachable(Box<ureq::Error>),
}

impl Server {
    /// The server at a host, which may be an IPv6 address, and port.
    pub(super) fn at(host: &str, port: u16) -> Self {
        let address = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        Self { address }
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
        let left = deadline.remaining();
        if left.is_zero() {
            return Err(Unanswered::TimedOut);
        }
        let mut request = ureq::http::Request::builder()
            .uri(format!("http://{}{path}", self.address))
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
            .map_err(|error| unanswered(ureq::Error::Http(error)))?;
        let mut response = agent(left).run(request).map_err(unanswered)?;
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_LIMIT)
            .read_to_vec();
        Ok(Answer {
            status,
            body: body.map_err(unanswered)?,
        })
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

fn agent(left: std::time::Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
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

fn unanswered(error: ureq::Error) -> Unanswered {
    let kind = match &error {
        ureq::Error::Timeout(_) => io::ErrorKind::TimedOut,
        ureq::Error::Io(error) => error.kind(),
        _ => io::ErrorKind::Other,
    };
    match kind {
        io::ErrorKind::ConnectionRefused => Unanswered::Refused,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Unanswered::TimedOut,
        _ => Unanswered::Unreachable(Box::new(error)),
    }
}

#[cfg(test)]
pub(super) mod scripted;
#[cfg(test)]
mod tests;
