//! Where things are below a machine's root directory.

use std::path::{Path, PathBuf};

/// The paths of one machine. The root directory stands for `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the machine's tools reach its init.
    pub(crate) fn init_socket(&self) -> PathBuf {
        self.root.join("run/init.sock")
    }

    /// Process id and start time of every process of the machine, for whoever cleans up after a dead init.
    pub(crate) fn process_list(&self) -> PathBuf {
        self.root.join("run/systemd/processes")
    }

    /// Held by the init for as long as it lives.
    pub(crate) fn init_lock(&self) -> PathBuf {
        self.root.join("var/lib/machine-init.lock")
    }

    /// What an init that could not start, or that crashed, had to say.
    pub(crate) fn init_log(&self) -> PathBuf {
        self.root.join("var/log/machine-init.log")
    }

    /// Command descriptions on their way to a new process, mode 0700.
    pub(crate) fn exec_requests(&self) -> PathBuf {
        self.root.join("run/systemd/exec")
    }

    pub(crate) fn notify_sockets(&self) -> PathBuf {
        self.root.join("run/systemd/notify")
    }

    pub(crate) fn transient_units(&self) -> PathBuf {
        self.root.join("run/systemd/transient")
    }

    /// Where administrators (and charms) put unit files, and where enabling makes its links.
    pub(crate) fn system_units(&self) -> PathBuf {
        self.root.join("etc/systemd/system")
    }

    pub(crate) fn runtime_units(&self) -> PathBuf {
        self.root.join("run/systemd/system")
    }

    /// Every directory with unit files, the strongest first.
    pub(crate) fn unit_directories(&self) -> Vec<PathBuf> {
        vec![
            self.transient_units(),
            self.system_units(),
            self.runtime_units(),
            self.root.join("usr/local/lib/systemd/system"),
            self.root.join("usr/lib/systemd/system"),
            self.root.join("lib/systemd/system"),
        ]
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("var/log/journal")
    }

    pub(crate) fn hostname(&self) -> String {
        first_line(&self.root.join("etc/hostname"))
    }

    pub(crate) fn machine_id(&self) -> String {
        first_line(&self.root.join("etc/machine-id"))
    }

    pub(crate) fn boot_id_file(&self) -> PathBuf {
        self.root.join("run/systemd/boot-id")
    }

    pub(crate) fn boot_id(&self) -> String {
        first_line(&self.boot_id_file())
    }

    /// Value of `PATH` for services: the machine's own tools hide the computer's.
    pub(crate) fn service_path(&self) -> String {
        format!(
            "{}/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            self.root.display()
        )
    }
}

fn first_line(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}
