//! Databases and users of related applications in a real server.

use std::collections::BTreeSet;

use postgresql_charm::adapters::postgres::{Database, Login, SqlClass, try_login, verifier};
use postgresql_charm::domain::clients::{ACCESS_GROUP, Account, DatabaseName, Request};
use postgresql_charm::domain::words::Secret;

use crate::machine::{Machine, soon};
use crate::server::Server;

fn account(database: &str, relation: u32, roles: &[&str]) -> Account {
    let request = Request {
        database: database.parse().unwrap(),
        roles: roles.iter().map(ToString::to_string).collect(),
        secrets: BTreeSet::new(),
    };
    Account::of(&request, "uuid/postgresql", relation, &BTreeSet::new()).unwrap()
}

/// What the charm does for a relation.
fn relate(server: &Server<'_>, account: &Account) {
    let mut postgres = server.connect();
    let owner = account.database.owner();
    postgres.ensure_group(ACCESS_GROUP).unwrap();
    postgres.close_own_databases().unwrap();
    postgres.ensure_group(&owner).unwrap();
    let name = account.database.as_str();
    let entries = postgres.database_entries().unwrap();
    if !entries.iter().any(|entry| entry.name == name) {
        postgres.create_database(name, &owner).unwrap();
    }
    postgres.close_database(name).unwrap();
    let verifier = verifier::new(&password(account));
    postgres.ensure_client(account, &verifier).unwrap();
}

fn unrelate(server: &Server<'_>, account: &Account) {
    let mut postgres = server.connect();
    let user = &account.user;
    postgres.shut_out(user).unwrap();
    let databases = postgres.databases_of_role(user).unwrap();
    postgres.disown(user, "operator").unwrap();
    for database in databases {
        let heir = database
            .parse::<DatabaseName>()
            .map_or("operator".to_owned(), |name| name.owner());
        session(server, &database).disown(user, &heir).unwrap();
    }
    postgres.drop_role(user).unwrap();
}

fn password(account: &Account) -> Secret {
    Secret::new(format!("secret of {}", account.user))
}

fn session(server: &Server<'_>, database: &str) -> Database {
    let mut target = server.target();
    database.clone_into(&mut target.database);
    Database::connect(&target, soon()).unwrap()
}

/// A session of the application's own, over the network.
fn as_client(machine: &Machine, account: &Account) -> Database {
    Database::connect_to(
        &machine.address,
        5432,
        (&account.user, account.database.as_str()),
        &password(account),
        None,
        soon(),
    )
    .unwrap()
}

/// Why the application cannot log in to a database.
#[track_caller]
fn shut_out(machine: &Machine, account: &Account, database: &str) -> String {
    let password = password(account);
    let login = try_login(
        &machine.address,
        5432,
        &account.user,
        &password,
        database,
        soon(),
    );
    match login {
        Err(error) if error.class() == Some(SqlClass::NotAllowed) => error.to_string(),
        Ok(Login::Rejected { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_application_has_its_database_and_no_other_and_the_next_one_finds_what_it_made() {
    let machine = Machine::new();
    let server = Server::start(&machine, "log_statement = all");
    let name = "My \"shop\"; DROP ROLE operator; --";
    let (first, books) = (account(name, 7, &[]), account("books", 8, &[]));
    relate(&server, &first);
    relate(&server, &first);
    relate(&server, &books);

    let mut client = as_client(&machine, &first);
    client
        .execute("CREATE SCHEMA goods CREATE TABLE item (id int)")
        .unwrap();
    client.execute("CREATE TABLE till (id serial)").unwrap();
    client.execute("INSERT INTO till DEFAULT VALUES").unwrap();
    assert_eq!(client.setting("role").unwrap(), first.database.owner());
    for database in ["books", "postgres", "template1"] {
        let why = shut_out(&machine, &first, database);
        assert!(why.contains("CONNECT privilege"), "{why}");
    }
    let refused = client.execute("CREATE DATABASE more").unwrap_err();
    assert_eq!(refused.class(), Some(SqlClass::NotAllowed));

    let second = account(name, 9, &[]);
    relate(&server, &second);
    let mut other = as_client(&machine, &second);
    other.execute("DELETE FROM till").unwrap();
    other.execute("DROP TABLE goods.item").unwrap();

    unrelate(&server, &first);
    let why = shut_out(&machine, &first, name);
    assert!(why.contains("authentication failed"), "{why}");
    let left = client.execute("SELECT 1").unwrap_err();
    assert!(left.is_unreachable(), "its session ended: {left}");
    other.execute("INSERT INTO till DEFAULT VALUES").unwrap();

    let roles = server.connect().client_roles().unwrap();
    let mut names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["relation-8", "relation-9"]);
    for role in &roles {
        let wanted = if role.name == second.user {
            &second
        } else {
            &books
        };
        assert_eq!(role.mark.as_ref(), Some(&wanted.mark));
        assert_eq!(role.groups, wanted.groups);
        assert_eq!(
            role.acts_as[wanted.database.as_str()],
            wanted.database.owner()
        );
        let opens = verifier::matches(role.verifier.as_ref().unwrap(), &password(wanted));
        assert_eq!(opens, Some(true));
    }
    assert!(
        !server.said().contains("SCRAM-SHA-256$"),
        "a verifier in the log"
    );
}

#[test]
fn a_user_of_another_cluster_is_put_aside_with_what_it_made_left_to_the_database() {
    let machine = Machine::new();
    let server = Server::start(&machine, "");
    let mut postgres = server.connect();
    for round in 0..2 {
        let old = account("shop", 7, &[]);
        relate(&server, &old);
        let mut client = as_client(&machine, &old);
        client
            .execute(&format!("CREATE TABLE of_round_{round} (id int)"))
            .unwrap();
        postgres.shut_out(&old.user).unwrap();
        postgres.put_role_aside(&old.user).unwrap();
        let why = shut_out(&machine, &old, "shop");
        assert!(why.contains("authentication failed"), "{why}");
    }
    // Again, as after a hook that died.
    postgres.put_role_aside("former-relation-7").unwrap();
    let roles = postgres.client_roles().unwrap();
    let mut names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["former-relation-7", "former-relation-7-2"]);
    for role in &roles {
        assert!(
            !role.login && !role.groups.contains(ACCESS_GROUP),
            "{role:?}"
        );
        assert!(role.verifier.is_some(), "its password is kept");
    }
    let next = account("shop", 7, &[]);
    relate(&server, &next);
    let mut client = as_client(&machine, &next);
    client.execute("DROP TABLE of_round_0, of_round_1").unwrap();
}

#[test]
fn a_user_with_privileges_has_them_and_what_it_made_outlives_it() {
    let machine = Machine::new();
    let server = Server::start(&machine, "");
    let admin = account("shop", 7, &["admin", "createrole"]);
    relate(&server, &admin);
    let mut client = as_client(&machine, &admin);
    client.execute("CREATE DATABASE more").unwrap();
    client.execute("CREATE ROLE helper").unwrap();
    client.execute("CREATE TABLE own (id int)").unwrap();

    unrelate(&server, &admin);
    let entries = server.connect().database_entries().unwrap();
    let owner = |name: &str| {
        let entry = entries.iter().find(|entry| entry.name == name).unwrap();
        entry.owner.clone()
    };
    assert_eq!(owner("more"), "operator");
    assert_eq!(owner("shop"), "charmed_shop_owner");
    let next = account("shop", 8, &[]);
    relate(&server, &next);
    as_client(&machine, &next)
        .execute("DROP TABLE own")
        .unwrap();
}

#[test]
fn a_database_that_an_administrator_made_goes_over_with_what_is_in_it() {
    let machine = Machine::new();
    let server = Server::start(&machine, "");
    let mut postgres = server.connect();
    postgres.execute("CREATE DATABASE shop").unwrap();
    postgres.execute("CREATE ROLE alice").unwrap();
    let mut shop = session(&server, "shop");
    for statement in [
        "CREATE SCHEMA \"odd one\"",
        "CREATE TYPE mood AS ENUM ('good')",
        "CREATE DOMAIN small AS int CHECK (VALUE < 9)",
        "CREATE TYPE pair AS (a int, b int)",
        "CREATE TABLE item (id serial, number int GENERATED ALWAYS AS IDENTITY, how mood, what small)",
        "CREATE TABLE parts (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE part PARTITION OF parts DEFAULT",
        "CREATE SEQUENCE free",
        "CREATE VIEW \"odd one\".items AS SELECT * FROM item",
        "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM item",
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'",
        "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)",
        "CREATE EXTENSION pgcrypto",
        "CREATE TABLE hers (id int)",
        "ALTER TABLE hers OWNER TO alice",
        "SELECT lo_create(4711)",
    ] {
        shop.execute(statement).unwrap();
    }
    let account = account("shop", 7, &[]);
    postgres.ensure_group(&account.database.owner()).unwrap();
    for _ in 0..2 {
        shop.hand_over_contents(&account.database.owner()).unwrap();
    }
    postgres
        .set_database_owner("shop", &account.database.owner())
        .unwrap();
    relate(&server, &account);

    let mut client = as_client(&machine, &account);
    for statement in [
        "INSERT INTO item (how, what) VALUES ('good', 1)",
        "ALTER TYPE mood ADD VALUE 'bad'",
        "ALTER DOMAIN small DROP CONSTRAINT small_check",
        "DROP TYPE pair",
        "REFRESH MATERIALIZED VIEW counted",
        "DROP SEQUENCE free",
        "DROP VIEW \"odd one\".items",
        "DROP SCHEMA \"odd one\"",
        "DROP TABLE parts",
        "DROP FUNCTION f(int)",
        "DROP PROCEDURE p()",
        "DROP AGGREGATE total(int)",
        "SELECT lo_unlink(4711)",
        "SELECT digest('x', 'sha256')",
    ] {
        client.execute(statement).unwrap();
    }
    let refused = client.execute("DELETE FROM hers").unwrap_err();
    assert_eq!(refused.class(), Some(SqlClass::NotAllowed));
    let refused = client
        .execute("ALTER FUNCTION digest(text, text) COST 2")
        .unwrap_err();
    assert_eq!(refused.class(), Some(SqlClass::NotAllowed), "{refused}");
}
