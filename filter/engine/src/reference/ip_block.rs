//! Addresses and CIDRs.

use std::net::IpAddr;

/// Compares the leading bits, one by one.
pub(super) fn in_block(value: &str, ip: IpAddr) -> bool {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, length.parse::<usize>().ok()),
        None => (value, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let bits = |ip: IpAddr| -> Vec<bool> {
        let bytes = match ip {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        bytes
            .iter()
            .flat_map(|byte| {
                (0..8).map(move |bit| byte.leading_zeros() <= bit && byte.wrapping_shl(bit) & 128 != 0)
            })
            .collect()
    };
    let block = bits(address);
    let length = length.unwrap_or(block.len());
    // An IPv4-mapped IPv6 block is the IPv4 block, if it lies in the mapped range whole.
    let (block, length) = match (address.to_canonical(), address) {
        (IpAddr::V4(v4), IpAddr::V6(_)) if length >= 96 => (bits(IpAddr::V4(v4)), length.saturating_sub(96)),
        (_, _) => (block, length),
    };
    let ip = bits(ip.to_canonical());
    ip.len() == block.len()
        && ip
            .iter()
            .zip(&block)
            .take(length)
            .all(|(left, right)| left == right)
}
