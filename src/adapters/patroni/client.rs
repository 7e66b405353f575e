//! Requests to one member's Patroni.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::json;

use super::read::{self, Member, Switchover, ThisMember};
use super::wire;
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::http::{Answer, Authorization, Method, Ports, Server, Unanswered};
use crate::domain::words::Secret;

/// Between two attempts while Patroni does something else.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);
/// Before a change is merged into what another has made of the configuration at the same time.
const AFTER_A_CONFLICT: Duration = Duration::from_millis(100);

/// Name and password of the REST API; needed for everything that changes something.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Name.
    pub user: String,
    /// Password.
    pub password: Secret,
}

/// The Patroni of one member.
#[derive(Clone, Debug)]
pub struct Patroni {
    server: Server,
    authorization: Option<Authorization>,
}

/// Patroni did not answer, or answered something else than hoped for.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum PatroniError {
    #[error("{operation}: {why}")]
    Unanswered {
        operation: &'static str,
        #[source]
        why: Unanswered,
    },
    #[error("{operation}: {address} wants a user and password and did not accept ours")]
    NotAuthorized {
        operation: &'static str,
        address: String,
    },
    #[error("{operation}: {address} answered {status}: {said}")]
    Answered {
        operation: &'static str,
        address: String,
        status: u16,
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

impl PatroniError {
    /// Whether nothing is known because nobody answered.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unanswered { .. })
    }

    /// Whether Patroni is doing something else with the database.
    fn is_busy(&self) -> bool {
        matches!(self, Self::Answered { status: 503, said, .. } if said.ends_with("already in progress"))
    }
}

impl Patroni {
    /// The Patroni at this address, without TLS.
    pub fn at(host: &str, port: u16, credentials: Option<Credentials>) -> Self {
        Self::reached(host, &Ports::plain(port), credentials)
    }

    /// The Patroni at this address, in whichever of these ways it answers.
    pub fn reached(host: &str, ports: &Ports, credentials: Option<Credentials>) -> Self {
        Self {
            server: Server::at(host, ports),
            authorization: credentials.map(|credentials| Authorization::Basic {
                user: credentials.user,
                password: credentials.password,
            }),
        }
    }

    /// All members (`GET /cluster`).
    pub fn cluster(&self, deadline: Deadline) -> Result<Vec<Member>, PatroniError> {
        const OPERATION: &str = "ask Patroni for the members";
        let answer = self.send(OPERATION, Method::Get, "/cluster", None, deadline)?;
        Ok(read::members(
            self.parse::<wire::Cluster>(OPERATION, &answer)?,
        ))
    }

    /// This member (`GET /patroni`).
    pub fn member(&self, deadline: Deadline) -> Result<ThisMember, PatroniError> {
        const OPERATION: &str = "ask Patroni for its member";
        let answer = self.send(OPERATION, Method::Get, "/patroni", None, deadline)?;
        Ok(read::this_member(
            self.parse::<wire::ThisMember>(OPERATION, &answer)?,
        ))
    }

    /// The dynamic configuration of the cluster, as this member last saw it: right after a change Patroni 4.1 may still
    /// answer with what was before.
    pub fn config(&self, deadline: Deadline) -> Result<serde_json::Value, PatroniError> {
        const OPERATION: &str = "ask Patroni for the configuration of the cluster";
        let answer = self.send(OPERATION, Method::Get, "/config", None, deadline)?;
        self.parse(OPERATION, &answer)
    }

    /// Merges into the dynamic configuration (`null` removes) and returns what it became. When somebody else has changed it
    /// meanwhile, it is merged into what that made of it.
    pub fn patch_config(
        &self,
        patch: &serde_json::Value,
        deadline: Deadline,
    ) -> Result<serde_json::Value, PatroniError> {
        const OPERATION: &str = "change the configuration of the cluster";
        let answer = while_it_passes(
            |error| matches!(error, PatroniError::Answered { status: 409, .. }),
            AFTER_A_CONFLICT,
            deadline,
            || self.send(OPERATION, Method::Patch, "/config", Some(patch), deadline),
        )?;
        self.parse(OPERATION, &answer)
    }

    /// Has a member look at the cluster now instead of with its next round, by a change that changes nothing.
    pub fn wake(&self, deadline: Deadline) -> Result<(), PatroniError> {
        const OPERATION: &str = "wake Patroni";
        let nothing = json!({ "never_set": null });
        self.send(
            OPERATION,
            Method::Patch,
            "/config",
            Some(&nothing),
            deadline,
        )
        .map(|_| ())
    }

    /// Makes Patroni read its file anew and reload PostgreSQL; it does so a moment after it answered.
    pub fn reload(&self, deadline: Deadline) -> Result<(), PatroniError> {
        let empty = json!({});
        self.send(
            "reload Patroni",
            Method::Post,
            "/reload",
            Some(&empty),
            deadline,
        )
        .map(|_| ())
    }

    /// Restarts this member's database and waits until it is back. What Patroni has begun to do with it, a restart that somebody
    /// else asked for or the copy of a database, is let come to its end first.
    pub fn restart(&self, deadline: Deadline) -> Result<(), PatroniError> {
        while_it_passes(PatroniError::is_busy, BETWEEN_ATTEMPTS, deadline, || {
            self.restart_now(deadline)
        })
    }

    fn restart_now(&self, deadline: Deadline) -> Result<(), PatroniError> {
        // Patroni gives up on its own at our deadline: a late restart would surprise whoever acts on the error.
        let body = json!({ "timeout": deadline.remaining().as_secs().max(1) });
        self.send(
            "restart the database",
            Method::Post,
            "/restart",
            Some(&body),
            deadline,
        )
        .map(|_| ())
    }

    /// Hands the lead to another member and waits until it has it.
    pub fn switchover(
        &self,
        switchover: &Switchover,
        deadline: Deadline,
    ) -> Result<(), PatroniError> {
        let mut body = json!({ "leader": switchover.leader });
        if let Some(candidate) = &switchover.candidate {
            body["candidate"] = json!(candidate);
        }
        self.send(
            "switch over",
            Method::Post,
            "/switchover",
            Some(&body),
            deadline,
        )
        .map(|_| ())
    }

    /// Gives the lead of a cluster that has none to a member, whether or not it is known to have every commit, and waits until it
    /// has it.
    pub fn failover(&self, candidate: &str, deadline: Deadline) -> Result<(), PatroniError> {
        self.send(
            "fail over",
            Method::Post,
            "/failover",
            Some(&json!({ "candidate": candidate })),
            deadline,
        )
        .map(|_| ())
    }

    /// Removes the database of this replica and copies the primary's; returns when that has begun.
    pub fn reinitialize(&self, deadline: Deadline) -> Result<(), PatroniError> {
        self.send(
            "copy the database again",
            Method::Post,
            "/reinitialize",
            Some(&json!({ "force": true })),
            deadline,
        )
        .map(|_| ())
    }

    fn send(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
        deadline: Deadline,
    ) -> Result<Answer, PatroniError> {
        let address = || self.server.address().to_owned();
        let body = body.map(ToString::to_string);
        let authorization = self
            .authorization
            .as_ref()
            .filter(|_| method != Method::Get);
        let answer = self
            .server
            .send(
                method,
                path,
                authorization,
                body.as_deref().map(str::as_bytes),
                deadline,
            )
            .map_err(|why| PatroniError::Unanswered { operation, why })?;
        match answer.status {
            200..=299 => Ok(answer),
            401 | 403 => Err(PatroniError::NotAuthorized {
                operation,
                address: address(),
            }),
            status => Err(PatroniError::Answered {
                operation,
                address: address(),
                status,
                said: answer.said(),
            }),
        }
    }

    fn parse<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        answer: &Answer,
    ) -> Result<T, PatroniError> {
        serde_json::from_slice(&answer.body).map_err(|source| PatroniError::Unreadable {
            operation,
            address: self.server.address().to_owned(),
            source,
        })
    }
}

/// Tries again while what refuses it passes by itself, with a pause before each further attempt.
fn while_it_passes<T>(
    passes: impl Fn(&PatroniError) -> bool,
    pause: Duration,
    deadline: Deadline,
    attempt: impl Fn() -> Result<T, PatroniError>,
) -> Result<T, PatroniError> {
    loop {
        match attempt() {
            Err(error) if passes(&error) && deadline.remaining() > pause => clock::sleep(pause),
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::scripted::Scripted;

    fn soon() -> Deadline {
        Deadline::seconds(20)
    }

    fn patroni(server: &Scripted) -> Patroni {
        let password = "secret".into();
        let credentials = Credentials {
            user: "patroni".to_owned(),
            password,
        };
        Patroni::at("127.0.0.1", server.port, Some(credentials))
    }

    #[test]
    fn only_what_changes_something_carries_the_password() {
        let server = Scripted::answers(&[
            (200, "{}"),
            (200, "{\"ttl\": 30}"),
            (202, "reload scheduled"),
        ]);
        let patroni = patroni(&server);
        patroni.config(soon()).unwrap();
        assert_eq!(
            patroni.patch_config(&json!({"ttl": 30}), soon()).unwrap(),
            json!({"ttl": 30})
        );
        patroni.reload(soon()).unwrap();
        assert_eq!(
            server.requests(),
            [
                "GET /config",
                "[Basic cGF0cm9uaTpzZWNyZXQ=] PATCH /config {\"ttl\":30}",
                "[Basic cGF0cm9uaTpzZWNyZXQ=] POST /reload {}",
            ]
        );
    }

    #[test]
    fn a_change_that_comes_second_is_merged_into_the_first() {
        let server = Scripted::answers(&[(409, "Conflict"), (200, "{\"ttl\": 30}")]);
        patroni(&server)
            .patch_config(&json!({"ttl": 30}), soon())
            .unwrap();
        assert_eq!(server.requests().len(), 2);
    }

    #[test]
    fn a_restart_waits_for_the_one_before_it_and_for_nothing_else() {
        let server = Scripted::answers(&[
            (503, "restart already in progress"),
            (200, "restarted successfully"),
        ]);
        patroni(&server).restart(soon()).unwrap();
        assert_eq!(server.requests().len(), 2);

        let server = Scripted::answers(&[(503, "restart failed")]);
        let error = patroni(&server).restart(soon()).unwrap_err();
        assert!(error.to_string().ends_with("answered 503: restart failed"));
        assert_eq!(server.requests().len(), 1);
    }

    #[test]
    fn a_switchover_that_patroni_refuses_says_why() {
        let server = Scripted::answers(&[(412, "leader name does not match")]);
        let patroni = patroni(&server);
        let switchover = Switchover {
            leader: "pg-0".to_owned(),
            candidate: Some("pg-1".to_owned()),
        };
        let error = patroni.switchover(&switchover, soon()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "switch over: 127.0.0.1:{} answered 412: leader name does not match",
                server.port
            )
        );
        assert!(!error.is_unreachable());
        let requests = server.requests();
        assert!(
            requests[0].ends_with("POST /switchover {\"candidate\":\"pg-1\",\"leader\":\"pg-0\"}")
        );
    }

    #[test]
    fn a_wrong_password_is_told_from_other_refusals() {
        let server = Scripted::answers(&[(401, "not authenticated")]);
        let error = patroni(&server).reload(soon()).unwrap_err();
        assert!(matches!(error, PatroniError::NotAuthorized { .. }));
    }

    #[test]
    fn an_answer_that_is_no_json_is_not_an_absent_cluster() {
        let server = Scripted::answers(&[(200, "<html>")]);
        let error = patroni(&server).cluster(soon()).unwrap_err();
        assert!(matches!(error, PatroniError::Unreadable { .. }));
        assert!(!error.is_unreachable());
    }
}
