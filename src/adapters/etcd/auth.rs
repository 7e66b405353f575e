//! Users, roles and permissions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::store::beginning;
use super::{Etcd, EtcdError, Login};
use crate::adapters::host::clock::Deadline;

/// The user and role that may do everything; etcd knows it by this name.
const ROOT: &str = "root";

/// What Patroni gets: a user that reaches the keys of its own scope and no others.
#[derive(Clone, Debug)]
pub struct PatroniAccess {
    /// Name and password of the user; its role has the same name.
    pub login: Login,
    /// Everything below this key, such as `/service/postgresql/`.
    pub prefix: String,
}

#[derive(Debug, Deserialize)]
struct Role {
    #[serde(default)]
    perm: Vec<Permission>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Permission {
    /// Absent for `READ`.
    #[serde(default, rename = "permType")]
    kind: String,
    /// In base64, as it travels.
    #[serde(default)]
    key: String,
    #[serde(default)]
    range_end: String,
}

impl Etcd {
    /// Whether authentication is on.
    pub fn authentication_enabled(&self, deadline: Deadline) -> Result<bool, EtcdError> {
        const OPERATION: &str = "ask etcd whether it wants to know who asks";
        // etcd 3.4 has no question for it, but a login that cannot succeed fails differently.
        let nobody = Login {
            user: String::new(),
            password: "".into(),
        };
        match self.fetch_token(OPERATION, &nobody, deadline) {
            Ok(_) | Err(EtcdError::NotAuthorized { .. }) => Ok(true),
            Err(error) if error.says("authentication is not enabled") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Proves that name and password are accepted.
    pub fn authenticate(&self, login: &Login, deadline: Deadline) -> Result<(), EtcdError> {
        self.fetch_token("log in to etcd", login, deadline)
            .map(|_| ())
    }

    /// Makes root and Patroni's user be as wanted and turns authentication on. May be repeated: what is there is made
    /// right, and with authentication on it acts as `root`, whose password then has to be the one etcd knows.
    pub fn set_up_authentication(
        &self,
        root: &Login,
        patroni: &PatroniAccess,
        deadline: Deadline,
    ) -> Result<(), EtcdError> {
        let enabled = self.authentication_enabled(deadline)?;
        let etcd = self.with_login(enabled.then(|| root.clone()));
        if !enabled {
            etcd.ensure_user(root, ROOT, deadline)?;
        }
        etcd.ensure_role(&patroni.login.user, deadline)?;
        etcd.limit_role(&patroni.login.user, &patroni.prefix, deadline)?;
        if enabled && self.authenticate(&patroni.login, deadline).is_ok() {
            return etcd.grant(&patroni.login.user, &patroni.login.user, deadline);
        }
        etcd.ensure_user(&patroni.login, &patroni.login.user, deadline)?;
        if !enabled {
            etcd.change(
                "turn on authentication in etcd",
                "auth/enable",
                &json!({}),
                deadline,
            )?;
        }
        self.authenticate(&patroni.login, deadline)
    }

    /// Gives a user another password.
    pub fn change_password(&self, login: &Login, deadline: Deadline) -> Result<(), EtcdError> {
        let request = json!({ "name": login.user, "password": login.password.expose() });
        self.change(
            "change a password in etcd",
            "auth/user/changepw",
            &request,
            deadline,
        )
    }

    /// A user with this password and role.
    fn ensure_user(&self, login: &Login, role: &str, deadline: Deadline) -> Result<(), EtcdError> {
        let request = json!({ "name": login.user, "password": login.password.expose() });
        match self.change("add a user to etcd", "auth/user/add", &request, deadline) {
            Err(error) if error.says("user name already exists") => {
                self.change_password(login, deadline)?;
            }
            result => result?,
        }
        self.ensure_role(role, deadline)?;
        self.grant(&login.user, role, deadline)
    }

    fn ensure_role(&self, role: &str, deadline: Deadline) -> Result<(), EtcdError> {
        match self.change(
            "add a role to etcd",
            "auth/role/add",
            &json!({ "name": role }),
            deadline,
        ) {
            Err(error) if error.says("role name already exists") => Ok(()),
            result => result,
        }
    }

    fn grant(&self, user: &str, role: &str, deadline: Deadline) -> Result<(), EtcdError> {
        let request = json!({ "user": user, "role": role });
        self.change(
            "give a role of etcd to a user",
            "auth/user/grant",
            &request,
            deadline,
        )
    }

    /// The role may read and write what begins with `prefix`, and nothing else.
    fn limit_role(&self, role: &str, prefix: &str, deadline: Deadline) -> Result<(), EtcdError> {
        const OPERATION: &str = "limit a role of etcd to its keys";
        let found: Role = self.call(
            OPERATION,
            "auth/role/get",
            &json!({ "role": role }),
            deadline,
        )?;
        let mut wanted = beginning(prefix);
        wanted["permType"] = json!("READWRITE");
        let is_wanted = |permission: &Permission| {
            wanted["key"] == permission.key.as_str()
                && wanted["range_end"] == permission.range_end.as_str()
                && permission.kind == "READWRITE"
        };
        if !found.perm.iter().any(is_wanted) {
            let request = json!({ "name": role, "perm": wanted });
            self.change(OPERATION, "auth/role/grant", &request, deadline)?;
        }
        for other in found
            .perm
            .iter()
            .filter(|permission| !is_wanted(permission))
        {
            // The same keys with another right: granting has replaced it already.
            if wanted["key"] == other.key.as_str()
                && wanted["range_end"] == other.range_end.as_str()
            {
                continue;
            }
            let mut request = json!({ "role": role, "key": other.key });
            if !other.range_end.is_empty() {
                request["range_end"] = json!(other.range_end);
            }
            self.change(OPERATION, "auth/role/revoke", &request, deadline)?;
        }
        Ok(())
    }

    /// A request whose answer says nothing beyond that it was done.
    fn change(
        &self,
        operation: &'static str,
        method: &str,
        request: &Value,
        deadline: Deadline,
    ) -> Result<(), EtcdError> {
        self.call::<Value>(operation, method, request, deadline)
            .map(|_| ())
    }
}
