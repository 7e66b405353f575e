use std::path::PathBuf;
use std::time::Duration;

use super::read;
use crate::machine::layout::Layout;
use crate::machine::unit::definition::{
    Definition, DirectoryKind, ExitPattern, KillMode, NotifyAccess, Output, Restart, ServiceType,
};
use crate::machine::unit::name::UnitName;
use crate::machine::unit::sections;
use crate::machine::unit::specifiers::Specifiers;

fn read_files(texts: &[&str]) -> Definition {
    let name = UnitName::parse("pg.service").unwrap();
    let layout = Layout::new("/m/0".into());
    let specifiers = Specifiers {
        name: &name,
        layout: &layout,
        hostname: "host",
    };
    let files: Vec<_> = texts
        .iter()
        .map(|text| ("pg.service".to_owned(), sections::parse(text).0))
        .collect();
    read(&files, &specifiers)
}

fn names(units: &[UnitName]) -> Vec<&str> {
    units.iter().map(UnitName::as_str).collect()
}

#[test]
fn a_patroni_like_unit_is_read_whole() {
    let unit = read_files(&["[Unit]
Description=HA %n
After=network.target etcd.service
Requires=etcd.service
StartLimitIntervalSec=1min
StartLimitBurst=3
[Service]
Type=simple
User=postgres
Group=postgres
Environment=A=1 \"B=two words\"
EnvironmentFile=-/m/0/etc/default/pg
ExecStart=/usr/bin/patroni /m/0/etc/patroni.yml
ExecReload=/bin/kill -s HUP $MAINPID
KillMode=process
KillSignal=SIGINT
TimeoutSec=30
Restart=on-failure
RestartSec=500ms
SuccessExitStatus=3 SIGKILL
LimitNOFILE=65536
UMask=0077
RuntimeDirectory=pg
RuntimeDirectoryMode=2775
StandardError=append:/m/0/var/log/pg.err
[Install]
WantedBy=multi-user.target
"]);
    assert_eq!(unit.notes, Vec::<String>::new());
    assert_eq!(unit.fault, None);
    assert_eq!(unit.description, "HA pg.service");
    assert_eq!(
        names(&unit.dependencies.after),
        ["network.target", "etcd.service"]
    );
    assert_eq!(names(&unit.dependencies.requires), ["etcd.service"]);
    assert_eq!(
        (unit.start_limit_interval.as_secs(), unit.start_limit_burst),
        (60, 3)
    );
    assert_eq!(names(&unit.install.wanted_by), ["multi-user.target"]);
    let service = unit.service;
    assert_eq!(service.kind, ServiceType::Simple);
    assert_eq!(service.user.as_deref(), Some("postgres"));
    assert_eq!(
        service.environment,
        [("A".into(), "1".into()), ("B".into(), "two words".into())]
    );
    assert!(service.environment_files[0].optional);
    assert_eq!(
        service.exec_reload[0].arguments,
        ["/bin/kill", "-s", "HUP", "$MAINPID"]
    );
    assert_eq!(service.kill_mode, KillMode::Process);
    assert_eq!(service.kill_signal, 2);
    assert_eq!(service.start_timeout, Some(Duration::from_secs(30)));
    assert_eq!(service.stop_timeout, Some(Duration::from_secs(30)));
    assert_eq!(service.restart, Restart::OnFailure);
    assert_eq!(service.restart_delay, Duration::from_millis(500));
    assert_eq!(
        service.success_exit,
        [ExitPattern::Code(3), ExitPattern::Signal(9)]
    );
    assert_eq!(
        service.limits,
        [("NOFILE".into(), Some(65536), Some(65536))]
    );
    assert_eq!(service.umask, 0o077);
    assert_eq!(service.directories[0].kind, DirectoryKind::Runtime);
    assert_eq!(service.directories[0].mode, 0o2775);
    assert_eq!(
        service.error,
        Output::Append(PathBuf::from("/m/0/var/log/pg.err"))
    );
}

#[test]
fn a_drop_in_resets_a_list_with_an_empty_value_and_overrides_scalars() {
    let unit = read_files(&[
        "[Service]\nExecStart=/bin/a\nRestart=always\nEnvironment=A=1",
        "[Service]\nExecStart=\nExecStart=/bin/b\nRestart=no\nEnvironment=A=2 B=3",
    ]);
    assert_eq!(unit.service.exec_start.len(), 1);
    assert_eq!(unit.service.exec_start[0].program, "/bin/b");
    assert_eq!(unit.service.restart, Restart::No);
    assert_eq!(
        unit.service.environment,
        [("A".into(), "2".into()), ("B".into(), "3".into())]
    );
}

#[test]
fn unknown_unenforced_and_bad_lines_each_leave_a_note() {
    let unit = read_files(&[
        "[Service]\nExecStart=/bin/a\nTimeOutSec=3\nProtectSystem=full\nRestartSec=soon\n[Mystery]\nA=b",
    ]);
    assert_eq!(
        unit.notes,
        [
            "pg.service: Unknown key name 'TimeOutSec' in section 'Service', ignoring.",
            "pg.service: ProtectSystem= is accepted but has no effect on this machine.",
            "pg.service: Failed to parse RestartSec= value, ignoring: soon",
            "pg.service: Unknown section 'Mystery'. Ignoring.",
        ]
    );
    assert_eq!(unit.fault, None);
}

#[test]
fn what_systemd_refuses_is_refused() {
    let fault = |text| read_files(&[text]).fault.unwrap();
    assert!(fault("[Service]\nType=simple").contains("no ExecStart="));
    assert!(
        fault("[Service]\nExecStart=/bin/a\nExecStart=/bin/b").contains("more than one ExecStart=")
    );
    assert!(
        fault("[Service]\nType=oneshot\nExecStart=/bin/a\nRestart=always").contains("Restart=")
    );
    assert!(fault("[Service]\nExecStart=/bin/sh -c 'x").contains("Unbalanced"));
}

#[test]
fn defaults_depend_on_the_type() {
    let oneshot = read_files(&["[Service]\nType=oneshot\nExecStart=/bin/a"]).service;
    assert_eq!(oneshot.start_timeout, None);
    let simple = read_files(&["[Service]\nExecStart=/bin/a"]).service;
    assert_eq!(simple.kind, ServiceType::Simple);
    assert_eq!(simple.start_timeout, Some(Duration::from_secs(90)));
    assert_eq!(simple.notify_access, NotifyAccess::None);
    let notify = read_files(&["[Service]\nType=notify\nExecStart=/bin/a"]).service;
    assert_eq!(notify.notify_access, NotifyAccess::Main);
}

#[test]
fn a_secret_in_a_bad_environment_line_stays_out_of_the_notes() {
    let unit = read_files(&["[Service]\nExecStart=/bin/a\nEnvironment=1PASSWORD=hunter2"]);
    assert_eq!(
        unit.notes,
        ["pg.service: Invalid environment assignment, ignoring."]
    );
}
