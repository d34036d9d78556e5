//! Addresses and CIDRs.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::ValueProblem;

/// A block of addresses; a single address is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block(IpNet);

/// The kind of an IPv6 block of length 0; those of IPv4 are their lengths, 0 to 32.
const V6: u8 = 33;

impl Block {
    /// Parses an address or a CIDR of IPv4 or IPv6. Host bits are ignored; an IPv4-mapped IPv6 block is the IPv4 block.
    ///
    /// A length with a leading zero is invalid, as in Istio.
    ///
    /// # Errors
    /// If it is neither: the message for the policy's author.
    pub(crate) fn parse(value: &str) -> Result<Self, ValueProblem> {
        let length = value.split_once('/').map(|(_, length)| length);
        let is_padded = length.is_some_and(|length| length.len() > 1 && length.starts_with('0'));
        let net = match value.parse::<IpNet>() {
            Ok(net) => Some(net.trunc()),
            Err(_) => value.parse::<IpAddr>().ok().map(IpNet::from),
        };
        let net = net.filter(|_| !is_padded).ok_or_else(|| {
            (
                format!("`{value}` is not an IP address or CIDR"),
                "write an address such as `10.0.0.7`, `10.0.0.0/8` or `2001:db8::/32`",
            )
        })?;
        Ok(Self(unmapped(net).unwrap_or(net)))
    }

    /// Its first and its last address.
    pub fn range(&self) -> (IpAddr, IpAddr) {
        match self.0 {
            IpNet::V4(net) => (net.network().into(), net.broadcast().into()),
            IpNet::V6(net) => (net.network().into(), net.broadcast().into()),
        }
    }

    /// Its key in an index: a number that stands for family and length, then the address without host bits.
    pub(crate) fn key(&self) -> [u8; 17] {
        let (kind, bits) = match self.0 {
            IpNet::V4(net) => (net.prefix_len(), u128::from(net.network().to_bits())),
            IpNet::V6(net) => (net.prefix_len().saturating_add(V6), net.network().to_bits()),
        };
        let mut key = [kind; 17];
        if let Some((_, address)) = key.split_first_mut() {
            address.copy_from_slice(&bits.to_be_bytes());
        }
        key
    }

    /// The key of the block of this kind (the first byte of a key) that `address` is in, if it is of that family.
    pub(crate) fn key_of(address: IpAddr, kind: u8) -> Option<[u8; 17]> {
        let net = match (address.to_canonical(), kind.checked_sub(V6)) {
            (IpAddr::V4(address), None) => IpNet::V4(Ipv4Net::new(address, kind).ok()?.trunc()),
            (IpAddr::V6(address), Some(length)) => IpNet::V6(Ipv6Net::new(address, length).ok()?.trunc()),
            (IpAddr::V4(_), Some(_)) | (IpAddr::V6(_), None) => return None,
        };
        Some(Self(net).key())
    }

    /// Whether `address` is in the block; an IPv4-mapped IPv6 address is the IPv4 address.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// `::ffff:a.b.c.d/n` as IPv4, when the block lies within the mapped range.
fn unmapped(net: IpNet) -> Option<IpNet> {
    let IpNet::V6(v6) = net else { return None };
    let length = v6.prefix_len().checked_sub(96)?;
    let address: Ipv4Addr = v6.network().to_ipv4_mapped()?;
    Ipv4Net::new(address, length)
        .ok()
        .map(|net| IpNet::V4(net.trunc()))
}

#[cfg(test)]
mod tests {
    use super::Block;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn contains(block: &str, address: &str) -> bool {
        Block::parse(block).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_block_holds_its_addresses() {
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("10.1.2.3/8", "10.255.0.1"), "host bits are ignored");
        assert!(contains("192.0.2.7", "192.0.2.7") && !contains("192.0.2.7", "192.0.2.8"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1") && !contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("0.0.0.0/0", "8.8.8.8") && !contains("0.0.0.0/0", "2001:db8::1"));
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address() {
        assert!(contains("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(contains("::ffff:10.0.0.0/104", "10.1.1.1"));
        assert!(
            !contains("::/0", "10.1.1.1"),
            "no IPv4 address is in an IPv6 block"
        );
    }

    #[test]
    fn refuses_what_is_no_block() {
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/",
            "example.com",
            "::1/129",
            "1.2.3.4 ",
        ] {
            let (message, _) = Block::parse(text).unwrap_err();
            assert_eq!(message, format!("`{text}` is not an IP address or CIDR"));
        }
    }
}
