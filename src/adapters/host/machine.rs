//! What the machine is made of.

use std::num::NonZeroUsize;

use super::files::{self, FileError};

/// Memory of the machine in bytes (`MemTotal`); `None` when the kernel does not tell.
pub fn total_memory() -> Result<Option<u64>, FileError> {
    Ok(files::read_text("/proc/meminfo".as_ref())?
        .as_deref()
        .and_then(memory_total))
}

/// Processors the charm may use; at least one.
pub fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// What the machine calls itself.
pub fn hostname() -> Result<Option<String>, FileError> {
    let text = files::read_text("/proc/sys/kernel/hostname".as_ref())?;
    Ok(text
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty()))
}

/// What distinguishes this boot of the machine from every other one: a process number means nothing without it.
pub fn boot_id() -> Result<Option<String>, FileError> {
    let text = files::read_text("/proc/sys/kernel/random/boot_id".as_ref())?;
    Ok(text
        .map(|id| id.trim().to_owned())
        .filter(|id| !id.is_empty()))
}

fn memory_total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        let meminfo = "MemTotal:       24676388 kB\nMemFree:         1024 kB\n";
        assert_eq!(memory_total(meminfo), Some(24_676_388 * 1024));
        assert_eq!(memory_total("MemFree: 1 kB\n"), None);
    }
}
