//! Users, roles and permissions.

use super::{Etcd, EtcdError, Login};
use crate::adapters::host::clock::Deadline;

/// What Patroni gets: a user that reaches the keys of its own scope and no others.
#[derive(Clone, Debug)]
pub struct PatroniAccess {
    /// Name and password of the user.
    pub login: Login,
    /// Everything below this key, such as `/service/postgresql/`.
    pub prefix: String,
}

impl Etcd {
    /// Whether authentication is on.
    pub fn authentication_enabled(&self, deadline: Deadline) -> Result<bool, EtcdError> {
        let _ = deadline;
        unimplemented!()
    }

    /// Proves that name and password are accepted.
    pub fn authenticate(&self, login: &Login, deadline: Deadline) -> Result<(), EtcdError> {
        let _ = (login, deadline);
        unimplemented!()
    }

    /// Makes root and Patroni's user be as wanted and turns authentication on. May be repeated.
    pub fn set_up_authentication(
        &self,
        root: &Login,
        patroni: &PatroniAccess,
        deadline: Deadline,
    ) -> Result<(), EtcdError> {
        let _ = (root, patroni, deadline);
        unimplemented!()
    }

    /// Gives a user another password.
    pub fn change_password(&self, login: &Login, deadline: Deadline) -> Result<(), EtcdError> {
        let _ = (login, deadline);
        unimplemented!()
    }
}
