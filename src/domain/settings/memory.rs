//! Memory: what the profile gives the database.

use super::declaration::{Declaration, Kind};
use super::general::PROFILE_LIMIT_MEMORY;
use super::parameter::Parameters;
use super::reader::Reader;
use super::tuning::SUPPORTED;
use super::{Machine, Parameter, Profile};

/// PostgreSQL counts memory in pages of 8 KiB; 128 of them are counted for a megabyte of 10^6 bytes, as Charmed
/// PostgreSQL does, which is 5 % on the careful side.
const PAGES_PER_MB: u64 = 128;
const BYTES_PER_MB: u64 = 1_000_000;
/// Shared buffers above this leave too little for the file system's cache and for the sessions.
const SHARED_BUFFERS_MOST_PERCENT: u64 = 40;
/// What the production profile gives: the share PostgreSQL's documentation recommends to start with.
const SHARED_BUFFERS_PERCENT: u64 = 25;

pub(super) const SHARED_BUFFERS: Declaration = Declaration {
    name: "memory-shared-buffers",
    kind: Kind::Int {
        least: 16,
        most: 1_073_741_823,
        default: None,
    },
    about: "Memory for the database's own cache, in pages of 8 KiB, at most 40 % of the memory. Unset: what the profile \
            says.",
    inherited: true,
    restart: true,
};

/// Adds the parameters.
pub(super) fn read(
    reader: &mut Reader<'_>,
    profile: Profile,
    machine: &Machine,
    parameters: &mut Parameters,
) {
    let limit = reader
        .int(&PROFILE_LIMIT_MEMORY)
        .and_then(|limit| u64::try_from(limit).ok());
    let memory = limit.map_or(machine.memory / BYTES_PER_MB, |limit| {
        limit.min(machine.memory / BYTES_PER_MB)
    });
    let pages = memory * PAGES_PER_MB;
    let given = reader
        .int(&SHARED_BUFFERS)
        .and_then(|pages| u64::try_from(pages).ok());
    if let Some(given) = given {
        let most = pages * SHARED_BUFFERS_MOST_PERCENT / 100;
        if given > most {
            reader.problem(
                reader.name_in_use(&SHARED_BUFFERS),
                format!("cannot be {given}, more than 40 % of {memory} MB of memory"),
                format!("set it to {most} or less, or unset it to let the profile decide"),
            );
        }
    }
    let by_profile = match profile {
        Profile::Production => Some(pages * SHARED_BUFFERS_PERCENT / 100),
        Profile::Testing => None,
    };
    let mut member = |name, pages: u64| {
        let pages = Parameter::Int(pages.try_into().unwrap_or(i64::MAX));
        parameters.member(name, pages, SUPPORTED);
    };
    if let Some(shared) = given.or(by_profile) {
        member("shared_buffers", shared);
        if profile == Profile::Production {
            member("effective_cache_size", pages.saturating_sub(shared));
        }
    }
}
