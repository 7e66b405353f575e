//! Why a value has no place in a file.

/// The format of a file has no way to hold a value, or holding it would mean something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrepresentable {
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
