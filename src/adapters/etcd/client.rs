//! Requests.

use std::cell::RefCell;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::adapters::host::clock::Deadline;
use crate::adapters::http::{Answer, Authorization, Method, Ports, Server, Unanswered};
use crate::domain::words::Secret;

/// Name and password of an etcd user.
#[derive(Clone, Debug)]
pub struct Login {
    /// Name.
    pub user: String,
    /// Password.
    pub password: Secret,
}

/// One member of etcd, asked for itself or for the cluster.
///
/// With a login it authenticates before the first request that needs it, if etcd wants that at all, and keeps the token.
#[derive(Debug)]
pub struct Etcd {
    server: Server,
    login: Option<Login>,
    session: RefCell<Option<Session>>,
}

/// What came of authenticating: a token, or that none is needed.
#[derive(Clone, Debug)]
struct Session {
    token: Option<Secret>,
}

/// etcd did not answer, or answered something else than hoped for.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum EtcdError {
    #[error("{operation}: {why}")]
    Unanswered {
        operation: &'static str,
        #[source]
        why: Unanswered,
    },
    #[error("{operation}: no other voter is known")]
    NobodyElse { operation: &'static str },
    #[error("{operation}: etcd at {address} has no leader")]
    NoLeader {
        operation: &'static str,
        address: String,
    },
    #[error("{operation}: etcd at {address} did not accept user and password: {said}")]
    NotAuthorized {
        operation: &'static str,
        address: String,
        said: String,
    },
    #[error("{operation}: etcd at {address} refused: {said} (gRPC code {code})")]
    Answered {
        operation: &'static str,
        address: String,
        code: i64,
        said: String,
    },
    #[error("{operation}: {address} answered what cannot be read")]
    Unreadable {
        operation: &'static str,
        address: String,
        #[source]
        source: serde_json::Error,
    },
}

impl EtcdError {
    /// Whether nothing is known: nobody answered, or the one who did has no quorum to know it with.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Unanswered { .. } | Self::NobodyElse { .. } | Self::NoLeader { .. }
        )
    }

    /// Whether it is so only until there is a leader: while one is elected, or hands over.
    pub(super) fn is_of_an_election(&self) -> bool {
        matches!(self, Self::NoLeader { .. }) || self.says("proposal dropped")
    }

    /// Whether etcd refused with these words.
    pub(super) fn says(&self, words: &str) -> bool {
        matches!(self, Self::Answered { said, .. } | Self::NotAuthorized { said, .. } if said.contains(words))
    }
}

/// An error of the gateway: the message of etcd and the code of gRPC.
#[derive(Deserialize)]
struct GatewayError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    code: i64,
}

impl Etcd {
    /// The member whose client address is this, without TLS.
    pub fn at(host: &str, port: u16, login: Option<Login>) -> Self {
        Self::reached(host, &Ports::plain(port), login)
    }

    /// The member at this address, in whichever of these ways it answers.
    pub fn reached(host: &str, ports: &Ports, login: Option<Login>) -> Self {
        Self {
            server: Server::at(host, ports),
            login,
            session: RefCell::new(None),
        }
    }

    /// The same member, asked by another user or by none.
    pub(super) fn with_login(&self, login: Option<Login>) -> Self {
        Self {
            server: self.server.clone(),
            login,
            session: RefCell::new(None),
        }
    }

    /// Host and port, for messages.
    pub fn address(&self) -> &str {
        self.server.address()
    }

    /// A request as the user this was made for.
    pub(super) fn call<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        method: &str,
        request: &Value,
        deadline: Deadline,
    ) -> Result<T, EtcdError> {
        let token = self.token(operation, deadline)?;
        match self.send(operation, method, request, token.as_ref(), deadline) {
            // Tokens are forgotten after some minutes, and with the member that gave them.
            Err(error) if token.is_some() && error.says("invalid auth token") => {
                self.session.replace(None);
                let token = self.token(operation, deadline)?;
                self.send(operation, method, request, token.as_ref(), deadline)
            }
            answer => answer,
        }
    }

    /// A token for the login; `None` without a login, or where etcd asks nobody who they are.
    fn token(
        &self,
        operation: &'static str,
        deadline: Deadline,
    ) -> Result<Option<Secret>, EtcdError> {
        let Some(login) = &self.login else {
            return Ok(None);
        };
        if let Some(session) = self.session.borrow().as_ref() {
            return Ok(session.token.clone());
        }
        let token = match self.fetch_token(operation, login, deadline) {
            Ok(token) => Some(token),
            Err(error) if error.says("authentication is not enabled") => None,
            Err(error) => return Err(error),
        };
        self.session.replace(Some(Session {
            token: token.clone(),
        }));
        Ok(token)
    }

    /// Name and password for a token.
    pub(super) fn fetch_token(
        &self,
        operation: &'static str,
        login: &Login,
        deadline: Deadline,
    ) -> Result<Secret, EtcdError> {
        #[derive(Deserialize)]
        struct Token {
            token: String,
        }
        let request = json!({ "name": login.user, "password": login.password.expose() });
        let token: Token = self.send(operation, "auth/authenticate", &request, None, deadline)?;
        Ok(token.token.into())
    }

    fn send<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        method: &str,
        request: &Value,
        token: Option<&Secret>,
        deadline: Deadline,
    ) -> Result<T, EtcdError> {
        let address = || self.server.address().to_owned();
        let authorization = token.cloned().map(Authorization::Token);
        let body = request.to_string();
        let answer = self
            .server
            .send(
                Method::Post,
                &format!("/v3/{method}"),
                authorization.as_ref(),
                Some(body.as_bytes()),
                deadline,
            )
            .map_err(|why| EtcdError::Unanswered { operation, why })?;
        if answer.status != 200 {
            return Err(refusal(operation, address(), &answer));
        }
        serde_json::from_slice(&answer.body).map_err(|source| EtcdError::Unreadable {
            operation,
            address: address(),
            source,
        })
    }
}

fn refusal(operation: &'static str, address: String, answer: &Answer) -> EtcdError {
    let (said, code) = match serde_json::from_slice::<GatewayError>(&answer.body) {
        Ok(error) if !error.message.is_empty() => (error.message, error.code),
        Ok(error) => (error.error, error.code),
        Err(_) => (answer.said(), i64::from(answer.status)),
    };
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    // A member without a quorum says either at once that there is no leader, or after its own time-out that it waited.
    if says(&["no leader", "request timed out", "leader changed"]) {
        return EtcdError::NoLeader { operation, address };
    }
    if says(&[
        "authentication failed",
        "permission denied",
        "user name is empty",
        "invalid auth token",
    ]) {
        return EtcdError::NotAuthorized {
            operation,
            address,
            said,
        };
    }
    EtcdError::Answered {
        operation,
        address,
        code,
        said,
    }
}

/// 64-bit numbers travel as text, and zero not at all.
pub(super) mod number {
    use serde::{Deserialize, Deserializer, de};

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<u64, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::scripted::Scripted;

    const NOT_ENABLED: &str = r#"{"message":"etcdserver: authentication is not enabled","code":9}"#;
    const INVALID_TOKEN: &str = r#"{"message":"etcdserver: invalid auth token","code":16}"#;

    fn soon() -> Deadline {
        Deadline::seconds(20)
    }

    fn etcd(server: &Scripted) -> Etcd {
        let login = Login {
            user: "root".to_owned(),
            password: "pw".into(),
        };
        Etcd::at("127.0.0.1", server.port, Some(login))
    }

    #[test]
    fn one_token_serves_many_requests() {
        let server = Scripted::answers(&[(200, r#"{"token":"t.1"}"#), (200, "{}"), (200, "{}")]);
        let etcd = etcd(&server);
        assert_eq!(etcd.get("a", soon()).unwrap(), None);
        assert!(!etcd.delete("a", soon()).unwrap());
        assert_eq!(
            server.requests(),
            [
                r#"POST /v3/auth/authenticate {"name":"root","password":"pw"}"#,
                r#"[t.1] POST /v3/kv/range {"key":"YQ=="}"#,
                r#"[t.1] POST /v3/kv/deleterange {"key":"YQ=="}"#,
            ]
        );
    }

    #[test]
    fn a_token_that_was_forgotten_is_fetched_again() {
        let server = Scripted::answers(&[
            (200, r#"{"token":"t.1"}"#),
            (401, INVALID_TOKEN),
            (200, r#"{"token":"t.2"}"#),
            (200, "{}"),
        ]);
        etcd(&server).get("a", soon()).unwrap();
        assert!(server.requests()[3].starts_with("[t.2] POST /v3/kv/range"));
    }

    #[test]
    fn a_login_is_of_no_use_where_nobody_asks_for_one_and_does_no_harm() {
        let server = Scripted::answers(&[(412, NOT_ENABLED), (200, "{}")]);
        etcd(&server).get("a", soon()).unwrap();
        assert_eq!(server.requests()[1], r#"POST /v3/kv/range {"key":"YQ=="}"#);
    }

    #[test]
    fn a_member_without_a_quorum_knows_nothing() {
        let answer = r#"{"message":"etcdserver: request timed out","code":14}"#;
        let server = Scripted::answers(&[(412, NOT_ENABLED), (503, answer)]);
        let error = etcd(&server).get_prefix("a", soon()).unwrap_err();
        assert!(error.is_unreachable());
        assert!(matches!(error, EtcdError::NoLeader { .. }));
    }

    #[test]
    fn a_wrong_password_is_not_an_unreachable_etcd() {
        let answer = r#"{"message":"etcdserver: authentication failed, invalid user ID or password","code":3}"#;
        let server = Scripted::answers(&[(400, answer)]);
        let error = etcd(&server).get("a", soon()).unwrap_err();
        assert!(matches!(error, EtcdError::NotAuthorized { .. }));
        assert!(!error.is_unreachable());
        assert!(!format!("{error:?}").contains("pw"));
    }

    #[test]
    fn a_gateway_that_answers_no_json_is_quoted() {
        let server = Scripted::answers(&[(412, NOT_ENABLED), (404, "Not Found\n")]);
        let error = etcd(&server).get("a", soon()).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("refused: Not Found (gRPC code 404)"),
            "{error}"
        );
    }
}
