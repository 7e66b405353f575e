//! An application is related: it logs in with what it is told, follows the primary when that moves, and loses its user,
//! and never its data, with the relation.

use std::thread;

use crate::lab::{Lab, Task, eventually, over_the_network};
use crate::members::primary_of;
use crate::settings;
use crate::writer::{Over, Writer};

const UNITS: [&str; 3] = ["postgresql/0", "postgresql/1", "postgresql/2"];

fn query(lab: &Lab, sql: &str, more: &[&str]) -> Task {
    let sql = format!("sql={sql}");
    let mut parameters = vec![sql.as_str()];
    parameters.extend(more);
    lab.run("shop/0", "query", &parameters)
}

/// Where the application writes, in the words of its status.
fn writes_to(lab: &Lab) -> String {
    let (_, message) = lab.status("shop/0");
    let target = message.strip_prefix("writes to ");
    let target = target.and_then(|rest| rest.split_once(','));
    target.map_or(message.clone(), |(target, _)| target.to_owned())
}

/// Logs in over the network as nobody but this user could; what the server has against it, otherwise the answer.
pub(crate) fn login(credentials: &Task) -> Result<String, String> {
    let (host, port) = credentials
        .result("endpoints")
        .rsplit_once(':')
        .expect("an endpoint has a port");
    let target = format!(
        "host={host} port={port} user={} dbname={} connect_timeout=10",
        credentials.result("username"),
        credentials.result("database")
    );
    over_the_network(
        &target,
        credentials.result("password"),
        "select current_user",
    )
}

#[test]
fn an_application_follows_its_database_and_leaves_it_behind() {
    let lab = Lab::new("clients");
    // Juju's regular look comes too late to show anything here: what is shown in time, the watcher has brought about.
    lab.juju(&["model-config", "update-status-hook-interval=60m"])
        .ok();
    lab.deploy("postgresql", "postgresql");
    lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
    lab.deploy_client("postgresql", "shop");
    lab.settle();

    let make = "create table orders (id int); insert into orders values (1)";
    query(&lab, make, &[]).done();
    let told = lab.run("shop/0", "get-credentials", &[]).done();
    assert_eq!(told.result("username").split('-').next(), Some("relation"));
    assert_eq!(told.result("tls"), "False");
    assert_eq!(login(&told).as_deref(), Ok("charmed_shop_owner"));
    let replicas = told.result("read-only-endpoints");
    assert_eq!(replicas.split(',').count(), 2, "{replicas}");
    let bag = lab.juju(&["show-unit", "shop/0"]).ok().stdout;
    assert!(bag.contains("secret-user"), "{bag}");
    assert!(!bag.contains(told.result("password")), "{bag}");
    eventually("a replica has the row", || {
        let sql = "select count(*), pg_is_in_recovery() from orders";
        let rows = query(&lab, sql, &["read-only=true"]);
        match rows.result("rows") {
            "1|t" => Ok(()),
            _ => Err(format!("{rows:?}")),
        }
    });

    let before = writes_to(&lab);
    assert_eq!(before, told.result("endpoints"));
    let former = primary_of(&lab, UNITS[0]).expect("there is a primary");
    let next = *UNITS.iter().find(|unit| **unit != former).unwrap();
    lab.run(next, "promote-to-primary", &["scope=unit"]).done();
    eventually("the application is told of the other primary", || {
        let now = writes_to(&lab);
        if now == before { Err(now) } else { Ok(()) }
    });
    query(&lab, "insert into orders values (2)", &[]).done();
    assert_eq!(lab.sql(next, "select pg_is_in_recovery()"), "f");

    let told = lab.run("shop/0", "get-credentials", &[]).done();
    assert!(login(&told).is_ok());
    lab.juju(&["remove-relation", "postgresql:database", "shop"])
        .ok();
    eventually("its user is gone", || match login(&told) {
        Err(refused) if refused.contains("no pg_hba.conf entry") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let users = "select count(*) from pg_roles where rolname like 'relation-%'";
    eventually("no user is left", || match lab.sql(next, users) {
        count if count == "0" => Ok(()),
        count => Err(count),
    });

    lab.juju(&["integrate", "postgresql:database", "shop"]).ok();
    eventually("another user finds what the first has written", || {
        let rows = query(&lab, "select count(*) from orders", &[]);
        match rows.result("rows") {
            "2" => Ok(()),
            _ => Err(format!("{rows:?}")),
        }
    });
    let again = lab.run("shop/0", "get-credentials", &[]).done();
    assert_ne!(again.result("username"), told.result("username"));
    lab.settle();

    let writer = Writer::new(&lab);
    thread::scope(|scope| {
        let _over = Over(&writer.over);
        scope.spawn(|| writer.write());
        writer.goes_on();
        settings::come_into_force_one_member_after_the_other(&lab, &UNITS, &writer);
        settings::reach_no_unit_that_is_disabled(&lab, &UNITS);
    });
    writer.finds_everything(
        &lab,
        &primary_of(&lab, UNITS[0]).expect("there is a primary"),
    );
}
