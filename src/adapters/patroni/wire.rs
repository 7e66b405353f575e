//! The JSON of Patroni's REST API.
