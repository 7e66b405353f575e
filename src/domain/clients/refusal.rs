//! Why an application does not get what it asks for. It gets nothing then, and others are not touched by it.

/// Why an application does not get what it asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another generation of the interface.
    #[error("it speaks version {0} of the interface postgresql_client")]
    Version(String),
    /// Users or groups without a database, which charms of other databases offer.
    #[error("it asks for an entity of type {0}, not for a database")]
    Entity(String),
    /// It wants to choose its user and password.
    #[error("it brings its own user name")]
    OwnUser,
    /// All databases whose names begin alike.
    #[error("it asks for all databases that are called like {0:?}")]
    Prefix(String),
    /// The database belongs to PostgreSQL or to the charm.
    #[error("it asks for the database {0:?}, which is not for applications")]
    ReservedDatabase(String),
    /// No database can be called that.
    #[error("it asks for a database called {0:?}")]
    DatabaseName(String),
    /// A key of its databag cannot be read.
    #[error("what it says in {0} is no JSON list of texts")]
    Unreadable(&'static str),
    /// There is no such role for applications.
    #[error("it asks for the role {0:?} in extra-user-roles")]
    Role(String),
    /// Somebody else's database.
    #[error("the database {database:?} belongs to the role {owner:?}")]
    DatabaseTaken {
        /// The database.
        database: String,
        /// Who owns it.
        owner: String,
    },
}

impl Refusal {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Version(_) => "use a revision of that charm that speaks v0".into(),
            Self::Entity(_) => "have it ask for a database, without entity-type".into(),
            Self::OwnUser => "have it take the user it is given".into(),
            Self::Prefix(_) | Self::ReservedDatabase(_) => {
                "have it ask for one database by its name".into()
            }
            Self::DatabaseName(_) => {
                "have it ask for a name of at most 49 bytes without control characters".into()
            }
            Self::Unreadable(_) => "update that charm".into(),
            Self::Role(_) => format!(
                "have it ask for {}, or for a role without login that there is",
                super::request::ROLES.map(|(name, ..)| name).join(", ")
            ),
            Self::DatabaseTaken { database, .. } => format!(
                "hand it over with ALTER DATABASE {database:?} OWNER TO operator, or have it ask for another"
            ),
        }
    }
}
