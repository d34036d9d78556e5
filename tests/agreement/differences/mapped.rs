//! An IPv4 address written as IPv6 (`::ffff:10.1.2.3`) is that IPv4 address. To Envoy's own filter it is an IPv6
//! address, so a client can get past a DENY of `10.0.0.0/8` by a different spelling in its `X-Forwarded-For`.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use super::{Difference, SingleQuestion};

pub(super) const DIFFERENCE: Difference = Difference {
    name: "an IPv4-mapped IPv6 address is the IPv4 address",
    rewrite,
};

fn rewrite(asked: &mut SingleQuestion) -> bool {
    let mut changed = false;
    if let Some(header) = &mut asked.visit.proxy {
        for address in [&mut header.source, &mut header.destination] {
            changed |= replace(
                address,
                SocketAddr::new(address.ip().to_canonical(), address.port()),
            );
        }
    }
    if let Some(request) = &mut asked.request {
        for line in &mut request.forwarded_for {
            let hops = line.split(',').map(|hop| match hop.trim().parse::<IpAddr>() {
                Ok(address) => address.to_canonical().to_string(),
                Err(_) => hop.trim().to_owned(),
            });
            let plain = hops.collect::<Vec<_>>().join(",");
            let mapped = line.contains("::ffff:");
            changed |= mapped;
            if mapped {
                *line = plain;
            }
        }
    }
    let blocks = asked.set.policies.iter_mut().map(rewrite_blocks);
    blocks.fold(changed, |before, now| before | now)
}

/// Rewrites every mapped block in a policy.
fn rewrite_blocks(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let plain = (|| {
                let (address, length) = text
                    .strip_prefix("::ffff:")?
                    .split_once('/')
                    .unwrap_or((&text[7..], "128"));
                let length = length.parse::<u8>().ok()?.checked_sub(96)?;
                Some(format!("{address}/{length}"))
            })();
            plain.is_some_and(|plain| replace(text, plain))
        }
        Value::Array(items) => items
            .iter_mut()
            .map(rewrite_blocks)
            .fold(false, |before, now| before | now),
        Value::Object(fields) => fields
            .values_mut()
            .map(rewrite_blocks)
            .fold(false, |before, now| before | now),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn replace<T: PartialEq>(place: &mut T, new: T) -> bool {
    let changed = *place != new;
    *place = new;
    changed
}
