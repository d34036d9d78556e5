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

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted = |texts: &[Vec<u8>]| {
            let shown = texts.iter().filter(|text| !text.is_empty() || texts.len() == 1);
            let shown: Vec<String> = shown
                .map(|text| format!("{:?}", String::from_utf8_lossy(text)))
                .collect();
            shown.join(", ")
        };
        match self {
            Found::Peer(names) => f.write_str(&quoted(names)),
            Found::Texts(texts) => f.write_str(&quoted(texts)),
            Found::Ip(ip) => write!(f, "{ip}"),
            Found::Port(port) => write!(f, "{port}"),
            Found::Principal(issuer, subject) => write!(f, "issuer {issuer:?}, subject {subject:?}"),
            Found::Metadata(value) => write!(f, "{value:?}"),
        }
    }
}
