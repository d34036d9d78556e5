//! What a clause is compared with.

use std::net::IpAddr;

use crate::document::Value;

/// What was there to match.
pub(super) enum Found {
    Peer(Vec<Vec<u8>>),
    Ip(IpAddr),
    Port(u16),
    Texts(Vec<Vec<u8>>),
    Principal(String, String),
    Metadata(Value),
}
