//! TLS is turned on, another authority trusted for a while, a certificate renewed, its authority replaced, and turned off
//! again, while somebody writes and an application is related: what was acknowledged is there, PostgreSQL is restarted by none
//! of it, and in between plaintext is refused.

use std::process::Command;
use std::thread;

use crate::lab::{Lab, eventually, over_the_network};
use crate::writer::{Over, Writer};

const UNITS: [&str; 3] = ["postgresql/0", "postgresql/1", "postgresql/2"];

fn file(lab: &Lab, unit: usize, name: &str) -> String {
    let machine = lab.machine(u32::try_from(unit).unwrap());
    let path = machine.join("etc/postgresql-charm").join(name);
    std::fs::read_to_string(path).unwrap_or_default()
}

/// What etcd of a unit is told, without the scheme's rest.
fn address(lab: &Lab, unit: usize) -> String {
    let text = file(lab, unit, "etcd.env");
    let urls = text
        .lines()
        .find_map(|line| line.strip_prefix("ETCD_ADVERTISE_CLIENT_URLS="));
    let url = urls.expect("every unit votes").trim_matches('"');
    let (_, authority) = url.split_once("://").unwrap();
    authority.split(':').next().unwrap().to_owned()
}

/// A login over the network. What the server or the client has against it, otherwise the answer.
fn login(lab: &Lab, unit: usize, password: &str, mode: &str) -> Result<String, String> {
    let authorities = lab
        .machine(u32::try_from(unit).unwrap())
        .join("etc/postgresql-charm/tls-authorities.pem");
    let target = format!(
        "host={} user=operator dbname=postgres connect_timeout=10 sslmode={mode} sslrootcert={}",
        address(lab, unit),
        authorities.display()
    );
    let query = "select version from pg_stat_ssl where pid = pg_backend_pid()";
    over_the_network(&target, password, query)
}

/// The certificate that PostgreSQL of a unit shows, PEM.
fn shown(lab: &Lab, unit: usize) -> String {
    // A client asks for TLS in eight bytes and is answered in one.
    const LOOK: &str = "\
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
connection = socket.create_connection((sys.argv[1], 5432), timeout=10)
connection.sendall(bytes.fromhex('0000000804d2162f'))
assert connection.recv(1) == b'S'
session = context.wrap_socket(connection)
print(ssl.DER_cert_to_PEM_cert(session.getpeercert(True)))
";
    let output = Command::new("python3")
        .args(["-c", LOOK, &address(lab, unit)])
        .output()
        .expect("start python3: apt-get install python3");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// All units are in a stage, and nobody is on the way to another.
#[track_caller]
fn all_are(lab: &Lab, on: bool) {
    eventually(&format!("TLS is on: {on}"), || {
        for (number, unit) in UNITS.iter().enumerate() {
            let patroni = file(lab, number, "patroni.yaml");
            let refuses = patroni.contains("hostssl ");
            let serves = patroni.contains("ssl_key_file");
            let etcd = file(lab, number, "etcd.env");
            let (plain, tls) = (etcd.contains("http://"), etcd.contains("https://"));
            let there = if on {
                refuses && tls && !etcd.contains("LISTEN_CLIENT_URLS=\"http://")
            } else {
                !serves && plain && !etcd.contains("CERT_FILE")
            };
            let (status, message) = lab.status(unit);
            if !there || status != "active" || message.contains("TLS") {
                return Err(format!("{unit}: {status} {message}"));
            }
        }
        Ok(())
    });
}

#[track_caller]
fn trusted_are(lab: &Lab, wanted: usize) {
    eventually(&format!("{wanted} authorities are trusted"), || {
        for number in 0..3 {
            let trusted = file(lab, number, "tls-authorities.pem");
            let count = trusted.matches("BEGIN CERTIFICATE").count();
            if count != wanted {
                return Err(format!("unit {number} trusts {count}"));
            }
        }
        Ok(())
    });
}

/// When PostgreSQL of each unit was started.
fn started(lab: &Lab) -> Vec<String> {
    let when = "select pg_postmaster_start_time()";
    UNITS.iter().map(|unit| lab.sql(unit, when)).collect()
}

fn followers(lab: &Lab) -> (usize, String) {
    let primary = UNITS
        .iter()
        .find(|unit| lab.sql(unit, "select pg_is_in_recovery()") == "f")
        .expect("there is a primary");
    let tls = "select count(*) from pg_stat_replication join pg_stat_ssl using (pid) where ssl";
    let all = lab.sql(primary, "select count(*) from pg_stat_replication");
    (lab.sql(primary, tls).parse().unwrap(), all)
}

/// The application is told whether to use TLS, and reaches its database so: trusting who it was told to, and nobody else.
#[track_caller]
fn application_uses_tls(lab: &Lab, on: bool) {
    let told = if on { "TLS: True" } else { "TLS: False" };
    lab.status_becomes("shop/0", told, |_, message| message.ends_with(told));
    // It learns of another authority with its next hook.
    eventually("its server answers", || {
        let answer = lab.run("shop/0", "query", &["sql=select 1"]);
        match answer.result("rows") {
            "1" => Ok(()),
            _ => Err(format!("{answer:?}")),
        }
    });
}

/// The application's login without TLS.
fn without_tls(lab: &Lab) -> Result<String, String> {
    let told = lab.run("shop/0", "get-credentials", &[]).done();
    let (host, port) = told.result("endpoints").split_once(':').unwrap();
    let target = format!(
        "host={host} port={port} user={} dbname={} connect_timeout=10 sslmode=disable",
        told.result("username"),
        told.result("database")
    );
    over_the_network(&target, told.result("password"), "select 1")
}

#[track_caller]
fn a_revoked_certificate_is_replaced(lab: &Lab, password: &str) {
    let before = file(lab, 1, "tls-identity.pem");
    lab.run("ca/0", "revoke", &["requirer=postgresql/1"]).done();
    eventually("PostgreSQL shows another certificate", || {
        let identity = file(lab, 1, "tls-identity.pem");
        let shown = shown(lab, 1);
        if identity != before && !shown.is_empty() && identity.contains(&shown) {
            Ok(())
        } else {
            Err(format!("{shown}\n{:?}", lab.status(UNITS[1])))
        }
    });
    login(lab, 1, password, "verify-full").unwrap();
}

#[track_caller]
fn an_authority_is_handed_on_and_taken_back(lab: &Lab) {
    lab.juju(&[
        "integrate",
        "postgresql:receive-ca-cert",
        "elsewhere:send-ca-cert",
    ])
    .ok();
    trusted_are(lab, 2);
    lab.juju(&[
        "remove-relation",
        "postgresql:receive-ca-cert",
        "elsewhere:send-ca-cert",
    ])
    .ok();
    trusted_are(lab, 1);
}

#[track_caller]
fn the_authority_changes(lab: &Lab) {
    let first = file(lab, 0, "tls-authorities.pem");
    lab.run("ca/0", "rotate-ca", &[]).done();
    eventually("all trust the new authority and it alone", || {
        for number in 0..3 {
            let trusted = file(lab, number, "tls-authorities.pem");
            let count = trusted.matches("BEGIN CERTIFICATE").count();
            if count != 1 || trusted == first {
                return Err(format!("unit {number} trusts {count}"));
            }
        }
        Ok(())
    });
}

#[test]
fn tls_comes_changes_its_authority_and_goes_while_somebody_writes() {
    let lab = Lab::new("tls");
    lab.deploy("postgresql", "postgresql");
    lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
    lab.deploy("self-signed-certificates", "ca");
    lab.deploy("self-signed-certificates", "elsewhere");
    lab.deploy_client("postgresql", "shop");
    // An authority that nobody uses any more goes with the next hook after the others were told.
    lab.juju(&["model-config", "update-status-hook-interval=10s"])
        .ok();
    lab.settle();
    eventually("all units vote", || {
        let voting = (0..3).filter(|unit| !file(&lab, *unit, "etcd.env").is_empty());
        match voting.count() {
            3 => Ok(()),
            other => Err(other.to_string()),
        }
    });
    let password = lab.password("postgresql/0", "operator");
    let before = started(&lab);
    let writer = Writer::new(&lab);
    thread::scope(|scope| {
        let _over = Over(&writer.over);
        scope.spawn(|| writer.write());
        writer.goes_on();

        lab.juju(&["integrate", "postgresql:certificates", "ca"])
            .ok();
        all_are(&lab, true);
        writer.goes_on();
        for number in 0..3 {
            // The status says so only once it is so.
            let refused = login(&lab, number, &password, "disable").unwrap_err();
            assert!(refused.contains("no encryption"), "{refused}");
            let version = login(&lab, number, &password, "verify-full").unwrap();
            assert!(version.starts_with("TLSv1."), "{version}");
        }
        eventually("both replicas follow through TLS", || {
            match followers(&lab) {
                (2, all) if all == "2" => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        application_uses_tls(&lab, true);
        let refused = without_tls(&lab).unwrap_err();
        assert!(refused.contains("no encryption"), "{refused}");
        // The voters hear each other through TLS, so there is nothing to recover.
        let refused = lab.run("postgresql/0", "recover-quorum", &["force=true"]);
        let refused = refused.refused();
        assert!(
            refused.contains("a majority of etcd's voters is there"),
            "{refused}"
        );

        a_revoked_certificate_is_replaced(&lab, &password);
        an_authority_is_handed_on_and_taken_back(&lab);
        the_authority_changes(&lab);
        all_are(&lab, true);
        writer.goes_on();
        for number in 0..3 {
            // The old authority went only after PostgreSQL had taken up the new certificate.
            login(&lab, number, &password, "verify-full").unwrap();
        }
        application_uses_tls(&lab, true);

        lab.juju(&["remove-relation", "postgresql:certificates", "ca"])
            .ok();
        all_are(&lab, false);
        writer.goes_on();
        for number in 0..3 {
            assert_eq!(login(&lab, number, &password, "disable").unwrap(), "");
            assert_eq!(file(&lab, number, "tls-identity.pem"), "");
        }
        application_uses_tls(&lab, false);
        assert_eq!(without_tls(&lab).as_deref(), Ok("1"));
    });
    assert_eq!(started(&lab), before, "nothing restarts PostgreSQL");

    writer.finds_everything(&lab, "postgresql/0");
}
