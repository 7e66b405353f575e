//! Members and their health.

use serde_json::{Value, json};

use super::{Etcd, EtcdError};
use crate::adapters::host::clock::Deadline;

/// Number of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u64);

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub id: MemberId,
    /// Its name; empty until it was started for the first time.
    pub name: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it; empty until it was started for the first time.
    pub client_urls: Vec<String>,
    /// Whether it only listens and has no vote.
    pub is_learner: bool,
}

/// Health of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its number.
    pub member: MemberId,
    /// The number of the leader it follows; `None` without a leader.
    pub leader: Option<MemberId>,
    /// Version of etcd.
    pub version: String,
    /// Bytes of its store.
    pub store_bytes: u64,
    /// Alarms and errors it reports, such as `NOSPACE`.
    pub errors: Vec<String>,
}

impl Etcd {
    /// Health of this member itself.
    pub fn health(&self, deadline: Deadline) -> Result<Health, EtcdError> {
        const OPERATION: &str = "ask etcd for its health";
        let status: wire::Status =
            self.call(OPERATION, "maintenance/status", &json!({}), deadline)?;
        Ok(Health {
            member: MemberId(status.header.member_id),
            leader: Some(status.leader)
                .filter(|leader| *leader != 0)
                .map(MemberId),
            version: status.version,
            store_bytes: status.db_size,
            errors: status.errors,
        })
    }

    /// All members, as this member knows them; without a quorum it answers, too.
    pub fn member_list(&self, deadline: Deadline) -> Result<Vec<Member>, EtcdError> {
        const OPERATION: &str = "ask etcd for its members";
        let list: wire::Members =
            self.call(OPERATION, "cluster/member/list", &json!({}), deadline)?;
        Ok(list.members.into_iter().map(member).collect())
    }

    /// Adds a member that is reached by others at `peer_url`, before it starts for the first time.
    pub fn member_add(&self, peer_url: &str, deadline: Deadline) -> Result<Member, EtcdError> {
        const OPERATION: &str = "add a member to etcd";
        let request = json!({ "peerURLs": [peer_url] });
        let added: wire::Added = self.call(OPERATION, "cluster/member/add", &request, deadline)?;
        Ok(member(added.member))
    }

    /// Adds a member that copies everything and does not vote yet. A second one is refused while the first copies.
    pub fn learner_add(&self, peer_url: &str, deadline: Deadline) -> Result<Member, EtcdError> {
        const OPERATION: &str = "add a learner to etcd";
        let request = json!({ "peerURLs": [peer_url], "isLearner": true });
        let added: wire::Added = self.call(OPERATION, "cluster/member/add", &request, deadline)?;
        Ok(member(added.member))
    }

    /// Lets a learner vote. Ask the leader: with authentication, others cannot pass the question on. Whether the member
    /// votes from now on or did before; false while it has not copied enough.
    pub fn learner_promote(&self, member: MemberId, deadline: Deadline) -> Result<bool, EtcdError> {
        const OPERATION: &str = "let a learner of etcd vote";
        let request = json!({ "ID": member.0.to_string() });
        match self.call::<Value>(OPERATION, "cluster/member/promote", &request, deadline) {
            Ok(_) => Ok(true),
            Err(error) if error.says("in sync with leader") => Ok(false),
            Err(error) if error.says("can only promote a learner member") => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Has another member lead. Ask the one that leads now; the other has to be able to follow it closely.
    pub fn move_leader(&self, to: MemberId, deadline: Deadline) -> Result<(), EtcdError> {
        const OPERATION: &str = "have another member lead etcd";
        let request = json!({ "targetID": to.0.to_string() });
        self.call::<Value>(
            OPERATION,
            "maintenance/transfer-leadership",
            &request,
            deadline,
        )
        .map(|_| ())
    }

    /// Has the other members reach a member at these URLs from now on.
    pub fn member_update(
        &self,
        member: MemberId,
        peer_urls: &[&str],
        deadline: Deadline,
    ) -> Result<(), EtcdError> {
        const OPERATION: &str = "change where a member of etcd is reached";
        let request = json!({ "ID": member.0.to_string(), "peerURLs": peer_urls });
        self.call::<Value>(OPERATION, "cluster/member/update", &request, deadline)
            .map(|_| ())
    }

    /// Removes a member; tells whether it was one.
    pub fn member_remove(&self, member: MemberId, deadline: Deadline) -> Result<bool, EtcdError> {
        const OPERATION: &str = "remove a member from etcd";
        let request = json!({ "ID": member.0.to_string() });
        match self.call::<Value>(OPERATION, "cluster/member/remove", &request, deadline) {
            Ok(_) => Ok(true),
            Err(error) if error.says("member not found") => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn member(member: wire::Member) -> Member {
    Member {
        id: MemberId(member.id),
        name: member.name,
        peer_urls: member.peer_urls,
        client_urls: member.client_urls,
        is_learner: member.is_learner,
    }
}

mod wire {
    use serde::Deserialize;

    use crate::adapters::etcd::client::number;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Status {
        pub(super) header: Header,
        #[serde(default)]
        pub(super) version: String,
        #[serde(default, with = "number")]
        pub(super) db_size: u64,
        #[serde(default, with = "number")]
        pub(super) leader: u64,
        #[serde(default)]
        pub(super) errors: Vec<String>,
    }

    #[derive(Deserialize)]
    pub(super) struct Header {
        #[serde(with = "number")]
        pub(super) member_id: u64,
    }

    #[derive(Deserialize)]
    pub(super) struct Members {
        #[serde(default)]
        pub(super) members: Vec<Member>,
    }

    #[derive(Deserialize)]
    pub(super) struct Added {
        pub(super) member: Member,
    }

    #[derive(Deserialize)]
    pub(super) struct Member {
        #[serde(rename = "ID", with = "number")]
        pub(super) id: u64,
        #[serde(default)]
        pub(super) name: String,
        #[serde(default, rename = "peerURLs")]
        pub(super) peer_urls: Vec<String>,
        #[serde(default, rename = "clientURLs")]
        pub(super) client_urls: Vec<String>,
        #[serde(default, rename = "isLearner")]
        pub(super) is_learner: bool,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::scripted::Scripted;

    fn soon() -> Deadline {
        Deadline::seconds(20)
    }

    fn etcd(server: &Scripted) -> Etcd {
        Etcd::at("127.0.0.1", server.port, None)
    }

    /// etcd 3.4.23, after a second member was added that does not run: two of two would be needed.
    const WITHOUT_QUORUM: &str = r#"{"header":{"cluster_id":"14202656927082283107","member_id":"4957027841376650144",
        "revision":"3","raft_term":"2"},"version":"3.4.23","dbSize":"20480","raftIndex":"34","raftTerm":"2",
        "raftAppliedIndex":"34","errors":["etcdserver: no leader"],"dbSizeInUse":"16384"}"#;

    #[test]
    fn a_member_without_a_leader_says_so() {
        let server = Scripted::answers(&[(200, WITHOUT_QUORUM)]);
        assert_eq!(
            etcd(&server).health(soon()).unwrap(),
            Health {
                member: MemberId(4_957_027_841_376_650_144),
                leader: None,
                version: "3.4.23".to_owned(),
                store_bytes: 20480,
                errors: vec!["etcdserver: no leader".to_owned()],
            }
        );
        assert_eq!(server.requests(), ["POST /v3/maintenance/status {}"]);
    }

    #[test]
    fn a_member_that_never_started_has_no_name_yet() {
        let answer = r#"{"header":{"member_id":"1"},"member":{"ID":"11780721744158856403",
            "peerURLs":["http://127.77.2.2:2380"]},"members":[]}"#;
        let server = Scripted::answers(&[(200, answer)]);
        let member = etcd(&server)
            .member_add("http://127.77.2.2:2380", soon())
            .unwrap();
        assert_eq!(
            member,
            Member {
                id: MemberId(11_780_721_744_158_856_403),
                name: String::new(),
                peer_urls: vec!["http://127.77.2.2:2380".to_owned()],
                client_urls: Vec::new(),
                is_learner: false,
            }
        );
        assert_eq!(
            server.requests(),
            [r#"POST /v3/cluster/member/add {"peerURLs":["http://127.77.2.2:2380"]}"#]
        );
    }

    #[test]
    fn the_lead_is_moved_to_a_member_by_its_number() {
        let server = Scripted::answers(&[(200, r#"{"header":{}}"#)]);
        etcd(&server).move_leader(MemberId(7), soon()).unwrap();
        assert_eq!(
            server.requests(),
            [r#"POST /v3/maintenance/transfer-leadership {"targetID":"7"}"#]
        );
    }

    #[test]
    fn removing_who_is_no_member_is_no_error() {
        let gone = r#"{"message":"etcdserver: member not found","code":5}"#;
        let server = Scripted::answers(&[(404, gone)]);
        assert!(!etcd(&server).member_remove(MemberId(1), soon()).unwrap());
        assert_eq!(
            server.requests(),
            [r#"POST /v3/cluster/member/remove {"ID":"1"}"#]
        );
    }

    #[test]
    fn a_learner_votes_once_it_has_copied_enough_and_stays_a_voter() {
        let behind = r#"{"message":"etcdserver: can only promote a learner member which is in sync with leader","code":9}"#;
        let voter = r#"{"message":"etcdserver: can only promote a learner member","code":9}"#;
        let server = Scripted::answers(&[(412, behind), (200, "{}"), (412, voter)]);
        let etcd = etcd(&server);
        let asked = [(); 3].map(|()| etcd.learner_promote(MemberId(7), soon()).unwrap());
        assert_eq!(asked, [false, true, true]);
        assert_eq!(
            server.requests()[0],
            r#"POST /v3/cluster/member/promote {"ID":"7"}"#
        );
    }
}
