//! What holds for the options together.

use std::collections::{BTreeMap, BTreeSet};

use super::config_yaml::declarations;
use super::*;

fn machine() -> Machine {
    Machine::new(8_000_000_000, 4)
}

fn text(word: &str) -> OptionValue {
    OptionValue::String(word.to_owned())
}

fn options(given: &[(&str, OptionValue)]) -> BTreeMap<String, OptionValue> {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

fn settings(given: &[(&str, OptionValue)]) -> Settings {
    Settings::from_options(&options(given), &machine()).unwrap()
}

fn problems(given: &[(&str, OptionValue)]) -> Vec<String> {
    let problems = Settings::from_options(&options(given), &machine()).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

/// The parameters of a member, as `name=value`.
fn local(settings: &Settings, major: u32) -> Vec<String> {
    settings.local_parameters(major).map(shown).collect()
}

fn cluster(settings: &Settings) -> Vec<String> {
    settings.cluster_parameters().map(shown).collect()
}

fn shown((name, value): (&str, &Parameter)) -> String {
    match value {
        Parameter::Int(number) => format!("{name}={number}"),
        Parameter::Text(text) => format!("{name}={text}"),
    }
}

/// What Juju hands over when nobody set anything: the defaults of `config.yaml`.
fn as_juju_gives_them() -> BTreeMap<String, OptionValue> {
    declarations()
        .values()
        .filter_map(|option| {
            let name = option
                .underscored()
                .unwrap_or_else(|| option.name.to_owned());
            Some((name, option.kind.default()?))
        })
        .collect()
}

#[test]
fn by_default_a_member_is_told_only_what_postgresql_would_do_differently_by_itself() {
    assert_eq!(
        local(&settings(&[]), 15),
        [
            "TimeZone=UTC",
            "default_text_search_config=pg_catalog.simple",
            "effective_cache_size=768000",
            "lc_monetary=C",
            "lc_numeric=C",
            "lc_time=C",
            "log_connections=on",
            "log_disconnections=on",
            "max_logical_replication_workers=8",
            "max_parallel_maintenance_workers=8",
            "max_parallel_workers=8",
            "max_sync_workers_per_subscription=8",
            "pg_stat_statements.save=off",
            "shared_buffers=256000",
            "wal_compression=on",
        ]
    );
}

#[test]
fn the_cluster_is_told_every_parameter_of_its_own_because_etcd_remembers_the_last() {
    assert_eq!(
        cluster(&settings(&[])),
        [
            "max_connections=100",
            "max_locks_per_transaction=64",
            "max_prepared_transactions=0",
            "max_worker_processes=8",
            "wal_keep_size=4096",
        ]
    );
}

#[test]
fn the_defaults_that_juju_hands_over_mean_the_same_as_none() {
    let given = Settings::from_options(&as_juju_gives_them(), &machine());
    assert_eq!(given, Ok(settings(&[])));
}

#[test]
fn an_option_is_heard_under_both_names_and_the_hyphenated_one_wins() {
    let work_mem = |given: &[(&str, OptionValue)]| {
        let found = local(&settings(given), 15);
        found.into_iter().find(|line| line.starts_with("work_mem"))
    };
    let hyphenated = ("memory-work-mem", OptionValue::Int(8192));
    let underscored = ("memory_work_mem", OptionValue::Int(16384));
    assert_eq!(work_mem(&[]), None);
    assert_eq!(
        work_mem(std::slice::from_ref(&underscored)).as_deref(),
        Some("work_mem=16384")
    );
    assert_eq!(
        work_mem(&[hyphenated, underscored]).as_deref(),
        Some("work_mem=8192")
    );
}

#[test]
fn every_wrong_option_is_named_at_once_under_the_name_it_was_set_by() {
    assert_eq!(
        problems(&[
            ("profile", text("prod")),
            ("synchronous_node_count", text("0")),
            ("connection-authentication-timeout", OptionValue::Int(601)),
            ("optimizer_geqo_seed", OptionValue::Float(1.5)),
            ("logging-log-lock-waits", text("yes")),
            ("request-date-style", text("ISO; MDY")),
            ("cpu-max-worker-processes", text("41")),
        ]),
        [
            "connection-authentication-timeout cannot be 601; allowed: 1 to 600",
            "cpu-max-worker-processes cannot be 41; allowed: auto, or a number from 2 to ten times the processors",
            "logging-log-lock-waits is of type boolean and cannot be yes; allowed: true or false",
            "optimizer_geqo_seed cannot be 1.5; allowed: 0 to 1",
            "profile cannot be prod; allowed: production, testing",
            "request-date-style cannot be ISO; MDY; allowed: ISO, SQL, Postgres or German, then a comma and DMY, MDY \
             or YMD, such as: ISO, MDY",
            "synchronous_node_count cannot be 0; allowed: all, majority, or a number from 1",
        ]
    );
}

#[test]
fn an_empty_text_is_an_option_that_is_not_set() {
    assert_eq!(
        settings(&[("profile", text("")), ("request-time-zone", text(""))]),
        settings(&[])
    );
}

#[test]
fn a_float_that_juju_writes_without_a_fraction_is_a_float() {
    let settings = settings(&[("vacuum-autovacuum-vacuum-cost-delay", OptionValue::Int(20))]);
    assert!(local(&settings, 15).contains(&"autovacuum_vacuum_cost_delay=20".to_owned()));
}

#[test]
fn what_is_not_a_number_is_no_float() {
    assert_eq!(
        problems(&[("optimizer-geqo-seed", OptionValue::Float(f64::NAN))]),
        ["optimizer-geqo-seed cannot be NaN; allowed: 0 to 1"]
    );
}

#[test]
fn the_testing_profile_leaves_memory_to_postgresql() {
    let settings = settings(&[("profile", text("testing"))]);
    assert_eq!(settings.profile(), Profile::Testing);
    let local = local(&settings, 15);
    assert!(
        !local.iter().any(|line| line.starts_with("shared_buffers")),
        "{local:?}"
    );
    assert!(
        !local
            .iter()
            .any(|line| line.starts_with("effective_cache_size")),
        "{local:?}"
    );
}

#[test]
fn the_profile_counts_on_no_more_memory_than_the_limit_nor_than_there_is() {
    let shared = |limit| {
        let settings = settings(&[("profile-limit-memory", OptionValue::Int(limit))]);
        local(&settings, 15)
            .into_iter()
            .find(|line| line.starts_with("shared_buffers"))
    };
    assert_eq!(shared(1000).as_deref(), Some("shared_buffers=32000"));
    assert_eq!(shared(9_999_999).as_deref(), Some("shared_buffers=256000"));
}

#[test]
fn shared_buffers_may_be_forty_percent_of_the_memory_and_no_page_more() {
    let most = 8000 * 128 * 40 / 100;
    let given = settings(&[("memory-shared-buffers", OptionValue::Int(most))]);
    let lines = local(&given, 15);
    assert!(
        lines.contains(&"shared_buffers=409600".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"effective_cache_size=614400".to_owned()),
        "{lines:?}"
    );
    assert_eq!(
        problems(&[("memory_shared_buffers", OptionValue::Int(most + 1))]),
        [
            "memory_shared_buffers cannot be 409601, more than 40 % of 8000 MB of memory; \
          set it to 409600 or less, or unset it to let the profile decide"
        ]
    );
}

#[test]
fn worker_processes_follow_the_processors_and_parallel_workers_never_exceed_them() {
    let given = settings(&[
        ("cpu-max-worker-processes", text("6")),
        ("cpu-max-parallel-workers", text("20")),
        ("cpu-max-parallel-maintenance-workers", text("3")),
    ]);
    assert!(cluster(&given).contains(&"max_worker_processes=6".to_owned()));
    let local = local(&given, 16);
    for line in [
        "max_parallel_workers=6",
        "max_parallel_maintenance_workers=3",
        "max_logical_replication_workers=6",
        "max_parallel_apply_workers_per_subscription=6",
    ] {
        assert!(local.contains(&line.to_owned()), "{line} in {local:?}");
    }
    let small = Settings::from_options(&BTreeMap::new(), &Machine::new(1 << 30, 1)).unwrap();
    assert!(cluster(&small).contains(&"max_worker_processes=2".to_owned()));
}

#[test]
fn the_number_of_connections_follows_the_processors_until_somebody_says_it() {
    let connections = |settings: Settings| {
        cluster(&settings)
            .into_iter()
            .find(|line| line.starts_with("max_connections"))
    };
    let many = Settings::from_options(&BTreeMap::new(), &Machine::new(1 << 40, 64)).unwrap();
    assert_eq!(connections(many).as_deref(), Some("max_connections=256"));
    let given = settings(&[("experimental-max-connections", OptionValue::Int(500))]);
    assert_eq!(connections(given).as_deref(), Some("max_connections=500"));
}

#[test]
fn a_parameter_is_written_only_for_the_versions_that_have_it() {
    let given = settings(&[("storage-old-snapshot-threshold", OptionValue::Int(60))]);
    let has = |major, name: &str| {
        local(&given, major)
            .iter()
            .any(|line| line.starts_with(name))
    };
    assert!(has(16, "old_snapshot_threshold") && !has(17, "old_snapshot_threshold"));
    let apply = "max_parallel_apply_workers_per_subscription";
    assert!(has(16, apply) && !has(15, apply));
}

#[test]
fn two_options_may_set_one_parameter_when_they_agree() {
    let both = |logging: &str, optimizer: &str| {
        let given = [
            ("logging-track-functions", text(logging)),
            ("optimizer-track-functions", text(optimizer)),
        ];
        Settings::from_options(&options(&given), &machine())
    };
    assert!(both("pl", "pl").is_ok());
    assert!(both("all", "none").is_ok());
    assert_eq!(
        both("pl", "all").unwrap_err()[0].to_string(),
        "optimizer-track-functions says something else than another option about track_functions; \
         set only one of the two"
    );
}

#[test]
fn a_time_zone_or_locale_the_machine_does_not_know_is_refused_once_it_was_asked() {
    let given = options(&[
        ("request-time-zone", text("Europe/Prag")),
        ("response-lc-time", text("cs_CZ.UTF-8")),
    ]);
    assert!(Settings::from_options(&given, &machine()).is_ok());
    let asked = Machine {
        locales: Some(BTreeSet::from(["en_US.utf8".to_owned()])),
        time_zones: Some(BTreeSet::from(["Europe/Prague".to_owned()])),
        ..machine()
    };
    let problems = Settings::from_options(&given, &asked).unwrap_err();
    let names: Vec<&str> = problems
        .iter()
        .map(|problem| problem.option.as_str())
        .collect();
    assert_eq!(names, ["request-time-zone", "response-lc-time"]);
    let right = options(&[
        ("request-time-zone", text("Europe/Prague")),
        ("response-lc-time", text("en_US.UTF-8")),
    ]);
    assert!(Settings::from_options(&right, &asked).is_ok());
}

#[test]
fn the_version_is_the_distributions_unless_said() {
    assert_eq!(settings(&[]).version(), None);
    assert_eq!(settings(&[("version", text("17"))]).version(), Some(17));
    assert_eq!(
        problems(&[("version", text("13"))]),
        ["version cannot be 13; allowed: empty, 14, 15, 16, 17"]
    );
}

#[test]
fn every_default_is_one_of_the_values_that_are_allowed() {
    for option in declarations().values() {
        let Some(default) = option.kind.default() else {
            continue;
        };
        let given = options(&[(option.name, default)]);
        assert!(
            Settings::from_options(&given, &machine()).is_ok(),
            "{}",
            option.name
        );
    }
}

#[test]
fn config_yaml_on_disk_is_the_one_that_the_options_make() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config.yaml");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, config_yaml()).unwrap();
    }
    let on_disk = std::fs::read_to_string(&file).unwrap();
    assert!(
        on_disk == config_yaml(),
        "config.yaml is stale: run BLESS=1 cargo test config_yaml"
    );
}

#[test]
fn config_yaml_declares_each_option_under_both_names_with_one_default() {
    let document: serde_yaml::Value = serde_yaml::from_str(&config_yaml()).unwrap();
    let hyphenated = &document["options"]["memory-work-mem"];
    let underscored = &document["options"]["memory_work_mem"];
    assert_eq!(hyphenated["type"].as_str(), Some("int"));
    assert_eq!(hyphenated.get("default"), None);
    assert_eq!(underscored["default"].as_i64(), Some(4096));
    assert_eq!(
        document["options"]
            .as_mapping()
            .map(serde_yaml::Mapping::len),
        Some(264)
    );
}
