//! Each way through the stages by itself: on, off, another certificate, another authority, a unit that comes.

use super::*;

#[test]
fn every_size_turns_tls_on_and_off_again_and_leaves_nothing_behind() {
    for size in [1, 2, 3, 5] {
        let mut cluster = Cluster::of(size);
        cluster.come_to_rest();
        let before = cluster.restarts();
        cluster.relate("first", None);
        cluster.come_to_rest();
        assert!(cluster.all(Stage::Only), "{size}: {:?}", cluster.stages());
        let voters = decide::voters::number(usize::from(size));
        assert_eq!(cluster.restarts() - before, 2 * voters, "{size} units");
        cluster.unrelate();
        cluster.come_to_rest();
        assert!(cluster.all(Stage::Off), "{size}: {:?}", cluster.stages());
        for number in 0..usize::from(size) {
            for file in [ManagedFile::TlsIdentity, ManagedFile::TlsAuthorities] {
                assert_eq!(cluster.file(number, file), "", "{size} units");
            }
            assert!(!cluster.units[number].seen.database.known().unwrap().tls.on);
        }
    }
}

#[test]
fn a_renewed_certificate_of_the_same_authority_restarts_nothing() {
    let mut cluster = Cluster::of(3);
    cluster.relate("first", None);
    cluster.come_to_rest();
    let steps = |cluster: &Cluster| cluster.units[1].performed.len();
    let before = steps(&cluster);
    let renewed = Some(material("unit 1 renewed", "first"));
    cluster.units[1].seen.juju.tls.material = renewed;
    cluster.come_to_rest();
    assert_eq!(
        cluster.units[1].performed[before..],
        [
            "write this unit's certificate",
            "forget what Patroni runs with",
            "have Patroni read its configuration again",
            "write what Patroni runs with",
        ]
    );
    assert!(
        cluster
            .file(1, ManagedFile::TlsIdentity)
            .contains(&pem("unit 1 renewed"))
    );
}

#[test]
fn another_authority_is_trusted_by_all_before_it_is_used_and_the_old_one_goes_last() {
    let mut cluster = Cluster::of(3);
    cluster.relate("first", None);
    cluster.come_to_rest();
    cluster.certify(0, "second");
    cluster.hook(0, None);
    // The others have not heard of it.
    assert!(
        cluster
            .file(0, ManagedFile::TlsIdentity)
            .contains(&pem("first"))
    );
    cluster.come_to_rest();
    assert!(
        cluster
            .file(0, ManagedFile::TlsIdentity)
            .contains(&pem("second"))
    );
    for number in 0..3 {
        let trusted = cluster.file(number, ManagedFile::TlsAuthorities);
        assert!(trusted.contains(&pem("first")) && trusted.contains(&pem("second")));
    }
    cluster.certify(1, "second");
    cluster.certify(2, "second");
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Only));
    for number in 0..3 {
        let trusted = cluster.file(number, ManagedFile::TlsAuthorities);
        assert!(!trusted.contains(&pem("first")) && trusted.contains(&pem("second")));
    }
}

/// Of three units that come at once two may have begun before the first has seen them.
#[test]
fn a_unit_that_juju_expects_is_waited_for_although_it_was_not_seen_yet() {
    let mut cluster = Cluster::of(1);
    let expected: MemberName = "postgresql-1".parse().unwrap();
    let peers = cluster.units[0].seen.juju.peers.as_mut().unwrap();
    peers.expected.insert(expected);
    cluster.relate("first", None);
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Off));
    let waiting = "Primary; turning TLS on: waiting for the certificate of postgresql/1";
    assert_eq!(cluster.message(0), waiting);
}

/// However they came to be there, units that run without a certificate find to the others.
#[test]
fn units_without_a_certificate_learn_to_trust_each_other_and_then_use_theirs() {
    let mut cluster = Cluster::of(3);
    cluster.sound = false;
    cluster.relate("first", None);
    let only = Course {
        stage: Stage::Only,
        from: Stage::Use,
        number: 3,
    };
    for unit in &mut cluster.units {
        unit.seen.juju.peers.as_mut().unwrap().tls_course = only;
        unit.remember();
    }
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Only), "{:?}", cluster.stages());
}

#[test]
fn an_authority_that_was_handed_over_is_trusted_too() {
    let mut cluster = Cluster::of(1);
    cluster.relate("first", None);
    cluster.units[0].seen.juju.tls.transferred = vec![pem("handed over")];
    cluster.come_to_rest();
    assert!(
        cluster
            .file(0, ManagedFile::TlsAuthorities)
            .contains(&pem("handed over"))
    );
}

#[test]
fn a_unit_without_a_certificate_holds_the_others_and_is_named() {
    let mut cluster = Cluster::of(3);
    cluster.relate("first", Some(2));
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Off));
    let waiting = "turning TLS on: waiting for the certificate of postgresql/2";
    assert_eq!(cluster.message(0), format!("Primary; {waiting}"));
    assert_eq!(cluster.message(1), waiting);
    assert_eq!(cluster.message(2), "waiting for a certificate");
    cluster.certify(2, "first");
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Only));
    assert_eq!(cluster.message(0), "Primary");
}

#[test]
fn a_unit_that_loses_its_material_keeps_the_certificate_it_has() {
    let mut cluster = Cluster::of(2);
    cluster.relate("first", None);
    cluster.come_to_rest();
    cluster.units[1].seen.juju.tls.material = None;
    let before = cluster.units[1].performed.len();
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Only));
    assert_eq!(cluster.units[1].performed.len(), before);
}

#[test]
fn the_leader_may_change_half_way() {
    for hooks in 0..12 {
        let mut cluster = Cluster::of(3);
        cluster.relate("first", None);
        for number in 0..hooks {
            cluster.hook(number % 3, None);
        }
        cluster.units[0].seen.juju.leader = false;
        cluster.units[1].seen.juju.leader = true;
        cluster.come_to_rest();
        assert!(
            cluster.all(Stage::Only),
            "after {hooks} hooks: {:?}",
            cluster.stages()
        );
    }
}

/// A unit that comes while the cluster has gone some way, and gets its certificate some hooks later.
#[test]
fn a_unit_that_comes_half_way_begins_where_the_others_are() {
    for hooks in 0..12 {
        let mut cluster = Cluster::of(3);
        let mut newcomer = Model::one_of(3, 2).before_its_programs();
        // Until it has come, the others are two.
        for unit in &mut cluster.units {
            let peers = unit.seen.juju.peers.as_mut().unwrap();
            peers.units.remove(&newcomer.seen.juju.member);
            unit.remember();
        }
        let mut all = std::mem::take(&mut cluster.units);
        all.truncate(2);
        cluster.units = all;
        cluster.relate("first", None);
        for number in 0..hooks {
            cluster.hook(number % 2, None);
        }
        let leaders = cluster.units[0].seen.juju.peers.clone().unwrap();
        let theirs = newcomer.seen.juju.peers.as_mut().unwrap();
        (theirs.tls_course, theirs.tls) = (leaders.tls_course, leaders.tls);
        newcomer.remember();
        let (name, address) = (
            newcomer.seen.juju.member.clone(),
            newcomer.seen.juju.address,
        );
        for unit in &mut cluster.units {
            let peers = unit.seen.juju.peers.as_mut().unwrap();
            peers.units.insert(name.clone(), address);
            unit.remember();
        }
        cluster.units.push(newcomer);
        cluster.units[2].seen.juju.tls.related = true;
        cluster.ask(2);
        cluster.come_to_rest();
        cluster.certify(2, "first");
        cluster.come_to_rest();
        assert!(
            cluster.all(Stage::Only),
            "after {hooks} hooks: {:?}",
            cluster.stages()
        );
        cluster.unrelate();
        cluster.come_to_rest();
        assert!(
            cluster.all(Stage::Off),
            "after {hooks} hooks: {:?}",
            cluster.stages()
        );
    }
}
