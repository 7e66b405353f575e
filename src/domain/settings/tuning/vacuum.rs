//! When and how fast dead rows are removed.

use super::super::declaration::INT_MAX;
use super::{Tuning, float, int};

#[rustfmt::skip]
pub(super) const TABLE: &[Tuning] = &[
    float("vacuum-autovacuum-analyze-scale-factor", 0.0, 100.0, 0.1, "The part of a table that changes before it is analyzed."),
    int("vacuum-autovacuum-analyze-threshold", 0, INT_MAX, 50, "How many rows change at least before a table is analyzed."),
    int("vacuum-autovacuum-freeze-max-age", 100_000, 2_000_000_000, 200_000_000, "The age in transactions at which a table is vacuumed in any case.").restart(),
    int("vacuum-autovacuum-naptime", 1, 2_147_483, 60, "Seconds between two looks at a database."),
    float("vacuum-autovacuum-vacuum-cost-delay", -1.0, 100.0, 2.0, "Milliseconds automatic vacuum sleeps at its limit; -1 takes vacuum-vacuum-cost-delay."),
    int("vacuum-autovacuum-vacuum-cost-limit", -1, 10_000, -1, "The limit at which automatic vacuum sleeps; -1 takes vacuum-vacuum-cost-limit."),
    float("vacuum-autovacuum-vacuum-insert-scale-factor", 0.0, 100.0, 0.2, "The part of a table that is inserted before it is vacuumed."),
    int("vacuum-autovacuum-vacuum-insert-threshold", -1, INT_MAX, 1000, "How many rows are inserted at least before a table is vacuumed; -1 is never."),
    float("vacuum-autovacuum-vacuum-scale-factor", 0.0, 100.0, 0.2, "The part of a table that dies before it is vacuumed."),
    int("vacuum-autovacuum-vacuum-threshold", 0, INT_MAX, 50, "How many rows die at least before a table is vacuumed."),
    float("vacuum-vacuum-cost-delay", 0.0, 100.0, 0.0, "Milliseconds VACUUM sleeps at its limit; 0 is never."),
    int("vacuum-vacuum-cost-limit", 1, 10_000, 200, "The limit at which VACUUM sleeps."),
    int("vacuum-vacuum-cost-page-dirty", 0, 10_000, 20, "What a page counts that VACUUM makes dirty."),
    int("vacuum-vacuum-cost-page-hit", 0, 10_000, 1, "What a page counts that is in the shared buffers."),
    int("vacuum-vacuum-cost-page-miss", 0, 10_000, 2, "What a page counts that has to be read."),
    int("vacuum-vacuum-failsafe-age", 0, 2_100_000_000, 1_600_000_000, "The age in transactions at which VACUUM does nothing but prevent failure."),
    int("vacuum-vacuum-freeze-min-age", 0, 1_000_000_000, 50_000_000, "The age in transactions from which rows are frozen."),
    int("vacuum-vacuum-freeze-table-age", 0, 2_000_000_000, 150_000_000, "The age in transactions at which a whole table is frozen."),
    int("vacuum-vacuum-multixact-failsafe-age", 0, 2_100_000_000, 1_600_000_000, "The age in multixacts at which VACUUM does nothing but prevent failure."),
    int("vacuum-vacuum-multixact-freeze-min-age", 0, 1_000_000_000, 5_000_000, "The age in multixacts from which rows are frozen."),
    int("vacuum-vacuum-multixact-freeze-table-age", 0, 2_000_000_000, 150_000_000, "The age in multixacts at which a whole table is frozen."),
];
