//! Why a value has no place in a file.

/// The format of a file has no way to hold a value, or holding it would mean something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrepresentable {
    /// PostgreSQL's access rules can escape neither a quote nor a line break, and since version 16 a leading slash
    /// begins a regular expression even inside quotes.
    #[error(
        "the {kind} name {name:?} has no place in PostgreSQL's access rules; use one that is not empty, does not \
         begin with a slash and has no double quote or control character"
    )]
    AccessName { kind: &'static str, name: String },
    /// A client asked for a role that belongs to the charm.
    #[error("the role {name:?} belongs to the charm; use another user name")]
    SystemRole { name: String },
    /// An INI value ends at the line break and loses the whitespace around it. The value may be a secret and is not
    /// part of the message.
    #[error(
        "the value of {key} has no place in pgBackRest's configuration; use one that is not empty, has no line \
         break and neither begins nor ends with whitespace"
    )]
    IniValue { key: String },
    /// pgBackRest speaks to object stores over TLS and nothing else.
    #[error(
        "the endpoint {endpoint:?} is not an https:// address of a host; give the object store's TLS address, such \
         as https://s3.example.com:9000"
    )]
    Endpoint { endpoint: String },
}
