use super::*;

fn cluster(json: &str) -> Vec<Member> {
    members(serde_json::from_str(json).unwrap())
}

fn this(json: &str) -> ThisMember {
    this_member(serde_json::from_str(json).unwrap())
}

fn member_of(name: &str, role: Role, state: MemberState, lag: Option<Lag>) -> Member {
    Member {
        name: name.to_owned(),
        role,
        state,
        host: format!("127.77.1.{}", &name[4..]),
        port: 5432,
        timeline: Some(Timeline::FIRST),
        lag,
        tags: BTreeMap::new(),
        pending_restart: false,
    }
}

#[test]
fn a_leader_has_no_lag_and_a_standby_has_one_in_every_version() {
    let leader = member_of("rec-1", Role::Leader, MemberState::Running, None);
    let standby = |state| member_of("rec-2", Role::SyncStandby, state, Some(Lag::Bytes(0)));
    assert_eq!(
        cluster(include_str!("../recorded/cluster-3.0.2.json")),
        [leader.clone(), standby(MemberState::Running)]
    );
    assert_eq!(
        cluster(include_str!("../recorded/cluster-4.1.5.json")),
        [leader, standby(MemberState::Streaming)]
    );
}

#[test]
fn while_the_first_member_initializes_there_is_no_leader_and_no_known_lag() {
    for json in [
        include_str!("../recorded/cluster-initializing-3.0.2.json"),
        include_str!("../recorded/cluster-initializing-4.1.5.json"),
    ] {
        let member = Member {
            timeline: None,
            ..member_of(
                "rec-1",
                Role::Replica,
                MemberState::Bootstrapping,
                Some(Lag::Unknown),
            )
        };
        assert_eq!(cluster(json), [member]);
    }
    for json in [
        include_str!("../recorded/patroni-initializing-3.0.2.json"),
        include_str!("../recorded/patroni-initializing-4.1.5.json"),
    ] {
        let this = this(json);
        assert_eq!(this.role, Role::Uninitialized);
        assert_eq!(this.state, MemberState::Bootstrapping);
        assert_eq!((this.has_leader, this.system_identifier), (false, None));
        assert_eq!((this.xlog, this.timeline), (None, None));
    }
}

#[test]
fn a_primary_tells_where_it_writes() {
    let this = this(include_str!("../recorded/patroni-leader-3.0.2.json"));
    assert_eq!(
        this,
        ThisMember {
            role: Role::Leader,
            state: MemberState::Running,
            timeline: Some(Timeline::FIRST),
            server_version: Some(150_020),
            pending_restart: false,
            paused: false,
            has_leader: true,
            system_identifier: Some("7712892054461122232".parse().unwrap()),
            started: Some("2026-11-27T16:40:23.962814Z".parse().unwrap()),
            xlog: Some(Xlog::Writing {
                location: "0/3000050".parse().unwrap()
            }),
            patroni_version: "3.0.2".to_owned(),
            scope: "rec".to_owned(),
            dcs_last_seen: Some(1_795_797_634),
        }
    );
}

#[test]
fn a_primary_is_one_whether_it_is_called_master_or_primary() {
    let this = this(include_str!("../recorded/patroni-leader-4.1.5.json"));
    assert_eq!(this.role, Role::Leader);
}

#[test]
fn a_replica_tells_where_it_replays() {
    for json in [
        include_str!("../recorded/patroni-replica-3.0.2.json"),
        include_str!("../recorded/patroni-replica-4.1.5.json"),
    ] {
        let this = this(json);
        assert_eq!(this.role, Role::SyncStandby);
        let Some(Xlog::Replaying {
            received,
            replayed,
            replayed_timestamp,
            paused,
        }) = this.xlog
        else {
            panic!("a replica replays");
        };
        assert_eq!(received, replayed);
        assert!(replayed.is_some() && replayed_timestamp.is_some() && !paused);
    }
}

#[test]
fn a_pause_and_a_pending_restart_are_seen() {
    for json in [
        include_str!("../recorded/patroni-paused-3.0.2.json"),
        include_str!("../recorded/patroni-paused-4.1.5.json"),
    ] {
        let this = this(json);
        assert!(this.paused && this.pending_restart && this.has_leader);
    }
}

#[test]
fn a_failure_in_words_is_kept_in_words() {
    let state = MemberState::of("restart failed (stopped)");
    assert_eq!(
        state,
        MemberState::Other("restart failed (stopped)".to_owned())
    );
    assert!(!state.is_up());
}
