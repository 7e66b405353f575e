//! Restores to a point in time in a history with branches: every kind of target, and exactly the rows of that moment.

use std::time::Duration;

use postgresql_charm::adapters::host::clock;
use postgresql_charm::adapters::host::files::{self, Owner};
use postgresql_charm::adapters::pgbackrest::command::Restore;
use postgresql_charm::adapters::pgbackrest::{Command, PgBackRest};
use postgresql_charm::adapters::postgres::Database;
use postgresql_charm::catalogue;
use postgresql_charm::domain::backups::target::{Request, Target, TargetKind, resolve};
use postgresql_charm::domain::words::{BackupKind, Lsn, Timestamp};

use crate::machine::{Machine, eventually, soon};
use crate::pgbackrest::{archiving, backup, check, create, pgbackrest, stanza};
use crate::server::Server;

/// PostgreSQL's words for a recovery that finds nothing later than where it was to stop.
const NOT_REACHED: &str = "recovery ended before configured recovery target was reached";

/// A moment of the past that can be gone back to: a row was committed, and nothing yet after it.
struct Moment {
    words: String,
    at: Timestamp,
    lsn: Lsn,
    xid: String,
    name: String,
    /// The timeline, and the backup before it.
    timeline: u32,
    backup: String,
}

/// A timeline that was lived on: two moments, and a last row.
struct Branch {
    /// If it has a backup of its own.
    at_backup: String,
    moments: Vec<Moment>,
    /// With the last row.
    words: String,
    /// After that row.
    end: Timestamp,
}

impl Branch {
    fn backup(&self) -> &str {
        &self.moments[0].backup
    }
}

/// A cluster with its repository.
struct Cluster<'a> {
    machine: &'a Machine,
    pgbackrest: PgBackRest,
    server: Server<'a>,
    copies: u32,
}

fn ask(database: &mut Database, value: &str) -> String {
    let statement = format!("SELECT set_config('story.answer', ({value})::text, false)");
    database.execute(&statement).unwrap();
    database.setting("story.answer").unwrap()
}

fn words(database: &mut Database) -> String {
    ask(
        database,
        "SELECT string_agg(word, ' ' ORDER BY id) FROM words",
    )
}

fn add(database: &mut Database, word: &str) -> String {
    database
        .execute(&format!(
            "INSERT INTO words (word) VALUES ('{word}'); \
             SELECT set_config('story.xid', pg_current_xact_id()::text, false)"
        ))
        .unwrap();
    database.setting("story.xid").unwrap()
}

/// A row is committed, and some time passes on both sides of the moment after it.
fn moment(database: &mut Database, timeline: u32, part: u32, backup: &str) -> Moment {
    let xid = add(database, &format!("{timeline}.{part}"));
    let name = format!("point-{timeline}-{part}");
    clock::sleep(Duration::from_millis(50));
    let at = clock::now();
    let lsn = database.create_restore_point(&name).unwrap();
    clock::sleep(Duration::from_millis(50));
    Moment {
        words: words(database),
        at,
        lsn,
        xid,
        name,
        timeline,
        backup: backup.to_owned(),
    }
}

/// The repository knows ends of backups and beginnings of timelines to the second.
fn into_the_next_second() {
    let gone = clock::now().subsec_nanosecond().unsigned_abs();
    clock::sleep(Duration::from_millis(1020).saturating_sub(Duration::from_nanos(gone.into())));
}

impl<'a> Cluster<'a> {
    fn new(machine: &'a Machine) -> Self {
        let (pgbackrest, config) = pgbackrest(machine);
        let server = Server::start(machine, &archiving(&config));
        pgbackrest.run(&create(), soon()).unwrap();
        let table = "CREATE TABLE words (id int GENERATED ALWAYS AS IDENTITY, word text)";
        server.connect().execute(table).unwrap();
        Self {
            machine,
            pgbackrest,
            server,
            copies: 0,
        }
    }

    fn connect(&self, timeline: u32) -> Database {
        let mut database = self.server.connect();
        assert_eq!(database.position().unwrap().timeline.number(), timeline);
        database
    }

    /// What was written so far is in the archive.
    fn archived(&self) {
        self.pgbackrest.run(&check(), soon()).unwrap();
    }

    /// A backup, and what is to be found of this timeline.
    fn live(&self, timeline: u32) -> Branch {
        let mut database = self.connect(timeline);
        add(&mut database, &format!("{timeline}.0"));
        let at_backup = words(&mut database);
        let kind = match timeline {
            1 => BackupKind::Full,
            _ => BackupKind::Incremental,
        };
        (self.pgbackrest)
            .run(&backup(kind, "a branch"), soon())
            .unwrap();
        let taken = catalogue::read(&self.pgbackrest, &stanza()).unwrap();
        let label = taken.backups.last().unwrap().id().to_string();
        Branch {
            at_backup,
            ..self.live_on(timeline, &label)
        }
    }

    /// Two rows to go back to on this timeline, and one that is there only at its end.
    fn live_on(&self, timeline: u32, backup: &str) -> Branch {
        let mut database = self.connect(timeline);
        into_the_next_second();
        let moments = (1..=2).map(|part| moment(&mut database, timeline, part, backup));
        let moments = moments.collect();
        add(&mut database, &format!("{timeline}.3"));
        let words = words(&mut database);
        clock::sleep(Duration::from_millis(50));
        let end = clock::now();
        self.archived();
        Branch {
            at_backup: String::new(),
            moments,
            words,
            end,
        }
    }

    /// A replica is promoted: the same history goes on under the next number.
    fn fail_over(&self, to: u32) -> Database {
        self.server.stop();
        self.machine.write("data/standby.signal", "");
        assert!(self.server.starts(), "{}", self.server.said());
        self.server
            .connect()
            .execute("SELECT pg_promote()")
            .unwrap();
        let mut database = self.connect(to);
        add(&mut database, &format!("{to}.1"));
        database
    }

    /// The cluster goes on from there, on a new timeline.
    fn restore(&mut self, request: &Request) {
        into_the_next_second();
        self.server.stop();
        let left = self.machine.path(&format!("left-{}", self.copies));
        std::fs::rename(self.machine.path("data"), left).unwrap();
        self.copies += 1;
        let target = self.target(request);
        self.fetch(&target, "data");
        assert!(self.server.starts(), "{}", self.server.said());
        opened(&self.server).unwrap();
        let mut database = self.server.connect();
        for setting in ["time", "lsn", "xid", "name", "timeline", "action"] {
            let reset = format!("ALTER SYSTEM RESET recovery_target_{setting}");
            database.execute(&reset).unwrap();
        }
        database
            .execute("ALTER SYSTEM RESET restore_command")
            .unwrap();
    }

    /// What a request means, to the charm.
    fn target(&self, request: &Request) -> Target {
        let found = catalogue::read_for(&self.pgbackrest, &stanza(), request).unwrap();
        resolve(request, &found, clock::now())
            .unwrap_or_else(|refusal| panic!("{request:?}: {refusal}"))
    }

    fn fetch(&self, target: &Target, name: &str) {
        let data = self.machine.path(name);
        files::make_dir(&data, 0o700, Owner::Workload(&self.machine.user)).unwrap();
        // Most files are those of the copy before it, and stay.
        let restore = Command::Restore(Restore {
            delta: true,
            ..Restore::of(stanza(), target, data)
        });
        self.pgbackrest.run(&restore, soon()).unwrap();
    }

    /// The rows of what a target gives; an error when there is no such place.
    fn rows_of(&mut self, target: &Target) -> Result<String, String> {
        self.fetch(target, "copy");
        // Only what was lived on is part of the history.
        let auto = "copy/postgresql.auto.conf";
        let given = std::fs::read_to_string(self.machine.path(auto)).unwrap();
        let alone = "archive_command = '/bin/false'\nlisten_addresses = ''\n";
        self.machine.write(auto, &format!("{given}\n{alone}"));
        self.machine.write("copy.log", "");
        let server = Server::of(self.machine, self.machine.path("copy"));
        server.starts();
        let mut database = opened(&server)?;
        Ok(words(&mut database))
    }

    /// The request leads to exactly these rows.
    fn leads_to(&mut self, request: &Request, expected: &str) {
        let mut target = self.target(request);
        let mut found = self.rows_of(&target);
        if let Err(said) = &found
            && said.contains(NOT_REACHED)
        {
            let other = catalogue::after_shortfall(&self.pgbackrest, &stanza(), &target).unwrap();
            target = other.unwrap_or_else(|| panic!("{request:?}: {said}"));
            assert_eq!(target.kind, TargetKind::Latest, "{request:?}");
            found = self.rows_of(&target);
        }
        assert_eq!(found.as_deref(), Ok(expected), "{request:?}: {target}");
    }
}

/// The database, once it is a primary; what it has said, when it gave up.
fn opened(server: &Server<'_>) -> Result<Database, String> {
    eventually("the copy is a primary", || {
        let said = server.said();
        if said.contains("FATAL:  recovery") {
            return Some(Err(said));
        }
        let mut database = Database::connect(&server.target(), soon()).ok()?;
        (!database.in_recovery().ok()?).then_some(Ok(database))
    })
}

fn at(moment: Timestamp) -> Request {
    Request {
        restore_to_time: Some(moment.strftime("%Y-%m-%d %H:%M:%S%.6f+00").to_string()),
        ..Request::default()
    }
}

fn latest() -> Request {
    Request {
        restore_to_time: Some("latest".to_owned()),
        ..Request::default()
    }
}

fn on(timeline: u32, request: Request) -> Request {
    Request {
        timeline: Some(timeline.to_string()),
        ..request
    }
}

fn from(backup: &str, request: Request) -> Request {
    Request {
        backup_id: Some(backup.to_owned()),
        ..request
    }
}

fn position(moment: &Moment) -> Request {
    let request = Request {
        lsn: Some(moment.lsn.to_string()),
        ..Request::default()
    };
    on(moment.timeline, request)
}

fn point(moment: &Moment) -> Request {
    let request = Request {
        name: Some(moment.name.clone()),
        ..Request::default()
    };
    on(moment.timeline, from(&moment.backup, request))
}

fn transaction(moment: &Moment) -> Request {
    let request = Request {
        xid: Some(moment.xid.clone()),
        ..Request::default()
    };
    on(moment.timeline, from(&moment.backup, request))
}

fn just_before(request: Request) -> Request {
    Request {
        exclusive: true,
        ..request
    }
}

/// ```text
/// 1 ──┬──────────────
///     ├─ 2 ──┬───────            2 by a time, 3 by a position, 4 by a restore point on 1,
///     │      └─ 3 ──┬──          5 to 9 by promotions, 10 to the latest state of 3
///     │             └─ 10 ──
///     └─ 4 ─ 5 ─ 6 ─ 7 ─ 8 ─ 9
/// ```
///
/// Timeline 3 has no backup of its own, and neither have those that began with a promotion.
/// Positions, transactions and ids of rows come again on each branch: only the timeline tells which is meant.
#[test]
fn each_kind_of_target_on_each_of_ten_timelines_gives_exactly_the_rows_of_that_moment() {
    let machine = Machine::new();
    let mut cluster = Cluster::new(&machine);

    let one = cluster.live(1);
    cluster.restore(&at(one.moments[1].at));
    let two = cluster.live(2);
    cluster.restore(&position(&two.moments[0]));
    let three = cluster.live_on(3, two.backup());
    cluster.restore(&point(&one.moments[0]));
    let four = cluster.live(4);
    into_the_next_second();
    for timeline in 5..=6 {
        cluster.fail_over(timeline);
    }
    let mut seventh = cluster.fail_over(7);
    into_the_next_second();
    let seven = moment(&mut seventh, 7, 2, four.backup());
    add(&mut seventh, "7.3");
    drop(seventh);
    into_the_next_second();
    cluster.fail_over(8);
    let nine = words(&mut cluster.fail_over(9));
    cluster.archived();
    cluster.restore(&on(3, latest()));
    let ten = cluster.live(10);
    cluster.server.stop();

    assert_eq!(one.words, "1.0 1.1 1.2 1.3");
    assert_eq!(two.words, "1.0 1.1 1.2 2.0 2.1 2.2 2.3");
    assert_eq!(three.words, "1.0 1.1 1.2 2.0 2.1 3.1 3.2 3.3");
    assert_eq!(four.words, "1.0 1.1 4.0 4.1 4.2 4.3");
    assert_eq!(nine, "1.0 1.1 4.0 4.1 4.2 4.3 5.1 6.1 7.1 7.2 7.3 8.1 9.1");
    assert_eq!(ten.words, format!("{} 10.0 10.1 10.2 10.3", three.words));

    // By time alone it is the timeline that was lived on then.
    for (branch, one_way, another) in [
        (
            &one,
            transaction as fn(&Moment) -> Request,
            position as fn(&Moment) -> Request,
        ),
        (&two, position, point),
        (&three, point, transaction),
        (&four, transaction, position),
        (&ten, point, transaction),
    ] {
        let [first, second] = &branch.moments[..] else {
            panic!("two moments")
        };
        cluster.leads_to(&at(first.at), &first.words);
        cluster.leads_to(&one_way(first), &first.words);
        cluster.leads_to(&another(second), &second.words);
    }
    // On the way to more promotions.
    cluster.leads_to(&at(seven.at), &seven.words);
    cluster.leads_to(&position(&seven), &seven.words);
    let before = just_before(transaction(&three.moments[1]));
    cluster.leads_to(&before, &three.moments[0].words);

    // The latest state: of the cluster, of branches that were left, and of a backup's own timeline.
    cluster.leads_to(&latest(), &ten.words);
    cluster.leads_to(&on(1, latest()), &one.words);
    cluster.leads_to(&on(9, latest()), &nine);
    cluster.leads_to(&from(two.backup(), latest()), &two.words);
    cluster.leads_to(&on(10, from(two.backup(), latest())), &ten.words);
    // A backup by its id alone.
    cluster.leads_to(&from(ten.backup(), Request::default()), &ten.at_backup);
    cluster.leads_to(&from(one.backup(), Request::default()), &one.at_backup);
    // After the last commit of a branch that was left, and of the one that is lived on.
    cluster.leads_to(&at(two.end), &two.words);
    cluster.leads_to(&at(ten.end), &ten.words);
}
