//! A machine with a real systemd: a systemd-nspawn container over an overlay of an image of the distribution.
//!
//! Everything it needs of the computer is in a mount namespace and a control group of its own, so that nothing is left
//! when its processes are gone. Its directory lies in it under the same path, which makes storage, resources and the
//! agent's socket reachable; `/var/lib/juju` is the directory's as well.

mod control_group;
mod enter;
pub(crate) mod image;
mod power;
mod prepare;
mod requirements;

pub(crate) use control_group::{Part, leader, root, root_of, unit_of_context};
pub(crate) use enter::{Entry, inside};
pub(super) use power::{ensure_running, freeze, is_running, power_off, processes, stop};
pub(super) use prepare::prepare;
pub(crate) use requirements::check;
