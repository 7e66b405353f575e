//! Worker processes, from options that may say `auto`.

use super::declaration::{Declaration, Kind};
use super::parameter::Parameters;
use super::reader::Reader;
use super::shape::Shape;
use super::tuning::SUPPORTED;
use super::{Machine, Parameter};

/// The most worker processes that `auto` means.
const AUTO_MOST: i64 = 8;

const PROCESSES: Declaration = workers(
    "cpu-max-worker-processes",
    "How many worker processes the database has for everything. auto: two for each processor, at most 8.",
    true,
);
const PARALLEL: Declaration = workers(
    "cpu-max-parallel-workers",
    "How many worker processes parallel queries share. auto, and at most: cpu-max-worker-processes.",
    false,
);
const MAINTENANCE: Declaration = workers(
    "cpu-max-parallel-maintenance-workers",
    "How many worker processes one maintenance command, such as CREATE INDEX, may use. auto: cpu-max-worker-processes.",
    false,
);
const LOGICAL: Declaration = workers(
    "cpu-max-logical-replication-workers",
    "How many worker processes logical replication has. auto: cpu-max-worker-processes.",
    true,
);
const SYNC: Declaration = workers(
    "cpu-max-sync-workers-per-subscription",
    "How many worker processes copy tables when a subscription begins. auto: cpu-max-worker-processes.",
    false,
);
const APPLY: Declaration = workers(
    "cpu-max-parallel-apply-workers-per-subscription",
    "How many worker processes apply the changes of one subscription (PostgreSQL 16 and later). auto: \
     cpu-max-worker-processes.",
    false,
);

/// Every option of this file.
pub(super) const DECLARATIONS: [Declaration; 6] =
    [PROCESSES, PARALLEL, MAINTENANCE, LOGICAL, SYNC, APPLY];

const fn workers(name: &'static str, about: &'static str, restart: bool) -> Declaration {
    let kind = Kind::Text {
        shape: Shape::Workers,
        default: "auto",
    };
    Declaration {
        name,
        kind,
        about,
        inherited: true,
        restart,
    }
}

/// Adds the parameters.
pub(super) fn read(reader: &mut Reader<'_>, machine: &Machine, parameters: &mut Parameters) {
    let automatic = (2 * i64::from(machine.cpus)).clamp(2, AUTO_MOST);
    let processes = number(reader, &PROCESSES).unwrap_or(automatic);
    parameters.cluster("max_worker_processes", Parameter::Int(processes));
    let parallel = number(reader, &PARALLEL).map_or(processes, |number| number.min(processes));
    let mut member = |name, number, since: u32| {
        parameters.member(name, Parameter::Int(number), since..=*SUPPORTED.end());
    };
    member("max_parallel_workers", parallel, 14);
    let mut per_process = |option: &Declaration| number(reader, option).unwrap_or(processes);
    member(
        "max_parallel_maintenance_workers",
        per_process(&MAINTENANCE),
        14,
    );
    member("max_logical_replication_workers", per_process(&LOGICAL), 14);
    member("max_sync_workers_per_subscription", per_process(&SYNC), 14);
    member(
        "max_parallel_apply_workers_per_subscription",
        per_process(&APPLY),
        16,
    );
}

/// The number, unless it is `auto`.
fn number(reader: &mut Reader<'_>, option: &Declaration) -> Option<i64> {
    reader.text(option)?.parse().ok()
}
