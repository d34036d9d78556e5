//! The value that a clause is compared with.

use std::net::IpAddr;

use crate::document::Value;

/// What was there to match.
pub(super) enum AttributeValue {
    Peer(Vec<Vec<u8>>),
    Ip(IpAddr),
    Port(u16),
    Texts(Vec<Vec<u8>>),
    Principal(String, String),
    Metadata(Value),
}

impl std::fmt::Display for AttributeValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted = |texts: &[Vec<u8>]| {
            let shown = texts.iter().filter(|text| !text.is_empty() || texts.len() == 1);
            let shown: Vec<String> = shown
                .map(|text| format!("{:?}", String::from_utf8_lossy(text)))
                .collect();
            shown.join(", ")
        };
        match self {
            AttributeValue::Peer(names) => f.write_str(&quoted(names)),
            AttributeValue::Texts(texts) => f.write_str(&quoted(texts)),
            AttributeValue::Ip(ip) => write!(f, "{ip}"),
            AttributeValue::Port(port) => write!(f, "{port}"),
            AttributeValue::Principal(issuer, subject) => write!(f, "issuer {issuer:?}, subject {subject:?}"),
            AttributeValue::Metadata(value) => write!(f, "{value:?}"),
        }
    }
}
