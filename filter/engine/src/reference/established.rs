//! Methods, hosts and paths that two readers could read differently are not established.

use super::attribute_value::AttributeValue;
use super::glob::{self, Piece, literal};
use super::path::read_otherwise;
use crate::attribute::Lookup;
use crate::config::{Config, Paths};

/// RFC 9110, section 9.1: standardised methods are in upper case, and the case counts; an application may not know.
pub(super) fn established_method(method: Lookup<AttributeValue>) -> Lookup<AttributeValue> {
    match method {
        Lookup::Found(AttributeValue::Texts(methods))
            if methods
                .iter()
                .any(|method| *method != method.to_ascii_uppercase()) =>
        {
            Lookup::Unavailable
        }
        method @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => method,
    }
}

/// An authority of which readers could read another host is not established.
pub(super) fn established_host(authority: Lookup<AttributeValue>) -> Lookup<AttributeValue> {
    match authority {
        Lookup::Found(AttributeValue::Texts(hosts)) if !hosts.iter().all(|host| names_one_host(host)) => {
            Lookup::Unavailable
        }
        authority @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => authority,
    }
}

/// With `paths: strict`, a path that an application may read as another one is not established.
pub(super) fn established_path(path: Lookup<AttributeValue>, config: &Config) -> Lookup<AttributeValue> {
    match path {
        Lookup::Found(AttributeValue::Texts(paths))
            if config.paths == Paths::Strict && paths.iter().any(|path| read_otherwise(path).is_some()) =>
        {
            Lookup::Unavailable
        }
        path @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => path,
    }
}

/// `NAME`, `NAME:PORT`, `[ADDRESS]`, `[ADDRESS%ZONE]`, `[…]:PORT`.
fn names_one_host(host: &[u8]) -> bool {
    fn in_name(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte == b'.'
    }
    fn in_address(byte: u8) -> bool {
        byte.is_ascii_hexdigit() || byte == b':' || byte == b'.'
    }
    fn in_port(byte: u8) -> bool {
        byte.is_ascii_digit()
    }
    let name = || vec![Piece::Of(in_name, 1)];
    let address = || vec![literal("["), Piece::Of(in_address, 1), literal("]")];
    let zoned = || {
        let [open, address, close] = [literal("["), Piece::Of(in_address, 1), literal("]")];
        vec![open, address, literal("%"), Piece::Of(in_name, 1), close]
    };
    let port = vec![literal(":"), Piece::Of(in_port, 1)];
    let digits = host.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    [name(), address(), zoned()].into_iter().any(|host_alone| {
        glob::matches(&host_alone, host)
            || (digits <= 5 && glob::matches(&[host_alone, port.clone()].concat(), host))
    })
}
