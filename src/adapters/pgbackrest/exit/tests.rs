use super::*;

#[test]
fn the_codes_that_decide_something() {
    for (code, kind) in [
        (25, ExitKind::Other),
        (37, ExitKind::OptionMissing),
        (38, ExitKind::PostgresRunning),
        (45, ExitKind::ArchiveDuplicate),
        (49, ExitKind::HostConnect),
        (50, ExitKind::Locked),
        (55, ExitKind::Missing),
        (56, ExitKind::DatabaseConnect),
        (75, ExitKind::NoSuchBackup),
        (82, ExitKind::ArchiveTimeout),
        (103, ExitKind::NoRepository),
        (105, ExitKind::Access),
    ] {
        assert_eq!(ExitKind::of(code), kind, "{code}");
    }
}

#[test]
fn warnings_before_the_error_are_not_the_error() {
    let stderr = "WARN: unable to open log file '/x': No such file or directory\n      \
        NOTE: process will continue without log file.\n\
        ERROR: [056]: unable to find primary cluster - cannot proceed\n       \
        HINT: are all available clusters in recovery?\n";
    assert_eq!(
        failure("backup", 56, stderr).to_string(),
        "pgbackrest backup failed: unable to find primary cluster - cannot proceed\n\
         HINT: are all available clusters in recovery?"
    );
}

#[test]
fn an_error_in_a_log_with_times_is_found() {
    let log = "2026-11-27 16:58:29.413 P00   INFO: backup command begin 2.45: --type=full\n\
        2026-11-27 16:58:29.413 P00  ERROR: [050]: unable to acquire lock on file '/l': Resource \
        temporarily unavailable\n                                    \
        HINT: is another pgBackRest process running?\n\
        2026-11-27 16:58:29.414 P00   INFO: backup command end: aborted with exception [050]\n";
    let (message, hints) = explanation(log);
    assert_eq!(
        message.unwrap(),
        "unable to acquire lock on file '/l': Resource temporarily unavailable"
    );
    assert_eq!(hints, ["is another pgBackRest process running?"]);
}

/// As pgBackRest 2.45 tells of an answer of an object store.
fn http(status: &str, answer: &str) -> String {
    format!(
        "ERROR: [039]: HTTP request failed with {status}:\n       *** Path/Query ***:\n       \
         GET /bucket?list-type=2\n       *** Request Headers ***:\n       authorization: <redacted>\n       \
         *** Response Content ***:\n       <?xml version=\"1.0\"?>{answer}\n"
    )
}

#[test]
fn what_an_object_store_said_is_told_without_what_it_was_sent() {
    let answer = "<Error><Code>InvalidAccessKeyId</Code><Message>no such key, it&apos;s said</Message>\
        <AWSAccessKeyId>AKIAEXAMPLE</AWSAccessKeyId></Error>";
    let error = failure("info", 39, &http("403 (Forbidden)", answer));
    assert_eq!(error.kind(), Some(ExitKind::Access));
    assert_eq!(
        error.to_string(),
        "pgbackrest info failed: HTTP request failed with 403 (Forbidden): no such key, it's said"
    );
}

#[test]
fn a_missing_bucket_is_told_from_a_missing_file() {
    let answer = "<Error><Code>NoSuchBucket</Code></Error>";
    let error = failure("repo-ls", 39, &http("404 (Not Found)", answer));
    assert_eq!(error.kind(), Some(ExitKind::NoBucket));
    assert_eq!(
        error.to_string(),
        "pgbackrest repo-ls failed: HTTP request failed with 404 (Not Found): NoSuchBucket"
    );
}

#[test]
fn a_failure_that_info_reports_as_a_status_is_one() {
    let error = reported(
        "info",
        "[HostConnectError] unable to connect to 'h:9': [111] Connection refused",
    );
    assert_eq!(error.kind(), Some(ExitKind::HostConnect));
    assert_eq!(
        error.to_string(),
        "pgbackrest info failed: unable to connect to 'h:9': [111] Connection refused"
    );
    let answer = http(
        "403 (Forbidden)",
        "<Error><Code>AccessDenied</Code></Error>",
    );
    let status = answer.replace("ERROR: [039]: ", "[ProtocolError] ");
    assert_eq!(reported("info", &status).kind(), Some(ExitKind::Access));
    assert_eq!(reported("info", "other").kind(), Some(ExitKind::Other));
}

#[test]
fn an_exit_without_words_is_told_by_its_code() {
    assert_eq!(
        failure("check", 27, "").to_string(),
        "pgbackrest check failed: exit code 27 without a message"
    );
}

#[test]
fn a_long_message_is_cut() {
    let stderr = format!("ERROR: [025]: {}", "x".repeat(5000));
    let PgBackRestError::Failed { message, .. } = failure("info", 25, &stderr) else {
        panic!("it failed");
    };
    assert_eq!(message.len(), MESSAGE);
}
