//! Addresses written two ways.

use std::net::IpAddr;

use peerwarden_engine::{Lookup, Traffic};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::allows;
use super::source;

fn from(address: &str) -> Traffic {
    let address: IpAddr = address.parse().unwrap();
    Traffic {
        source_ip: Lookup::Found(address),
        remote_ip: Lookup::Found(address),
        ..Traffic::default()
    }
}

#[test]
fn an_ipv4_mapped_address_is_the_ipv4_address() {
    for field in ["ipBlocks", "remoteIpBlocks"] {
        for block in ["10.0.0.0/8", "::ffff:10.0.0.0/104", "::ffff:a00:0/104"] {
            let deny = source("DENY", &format!(r#""{field}": ["{block}"]"#));
            for address in ["10.1.2.3", "::ffff:10.1.2.3", "::ffff:a01:203"] {
                assert!(!allows(&deny, &from(address)), "{field} {block} {address}");
            }
            assert!(allows(&deny, &from("::ffff:11.1.2.3")), "{field} {block}");
        }
    }
}

/// Other IPv6 addresses that contain an IPv4 address are not IPv4 addresses.
#[test]
fn no_other_ipv6_address_is_an_ipv4_address() {
    let allow = source("ALLOW", r#""ipBlocks": ["10.0.0.0/8"]"#);
    for address in [
        "::10.1.2.3",
        "64:ff9b::10.1.2.3",
        "2002:a01:203::",
        "::ffff:0:10.1.2.3",
    ] {
        assert!(!allows(&allow, &from(address)), "{address}");
    }
}
