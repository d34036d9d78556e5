//! Whether one value matches everything that another matches. `true` is certain, `false` may mean unknown.

use std::net::IpAddr;

/// For values of one field.
pub(crate) fn covers(field: &str, wide: &str, narrow: &str) -> bool {
    match field {
        "paths" => covers_path(wide, narrow),
        "hosts" => covers_text(&wide.to_ascii_lowercase(), &narrow.to_ascii_lowercase()),
        "ipBlocks" | "remoteIpBlocks" | "source.ip" | "remote.ip" | "destination.ip" => {
            covers_block(wide, narrow)
        }
        // Each of these parses its values differently.
        "requestPrincipals"
        | "request.auth.principal"
        | "serviceAccounts"
        | "source.serviceAccount"
        | "trustDomains"
        | "source.trustDomain"
        | "ports"
        | "destination.port" => wide == narrow,
        "namespaces" | "source.namespace" => wide == narrow || wide == "*",
        _ => covers_text(wide, narrow),
    }
}

/// For texts with one `*` at the start or at the end.
fn covers_text(wide: &str, narrow: &str) -> bool {
    if wide == narrow || wide == "*" {
        return true;
    }
    match (wide.strip_prefix('*'), wide.strip_suffix('*')) {
        (Some(suffix), _) => match (narrow.strip_prefix('*'), narrow.ends_with('*')) {
            (Some(narrow), _) => narrow.ends_with(suffix),
            (None, true) => false,
            (None, false) => narrow.ends_with(suffix),
        },
        // A value that begins with a star matches everything with its ending.
        (None, Some(prefix)) => {
            !narrow.starts_with('*') && narrow.strip_suffix('*').unwrap_or(narrow).starts_with(prefix)
        }
        (None, None) => false,
    }
}

/// For paths, which may be templates.
pub(crate) fn covers_path(wide: &str, narrow: &str) -> bool {
    let is_template = |path: &str| path.contains("{*}") || path.contains("{**}");
    match (is_template(wide), is_template(narrow)) {
        (false, false) => covers_text(wide, narrow),
        (false, true) => {
            let start = narrow.find('{').map_or(narrow, |brace| &narrow[..brace]);
            let end = narrow.rfind('}').map_or(narrow, |brace| &narrow[brace + 1..]);
            match (wide.strip_prefix('*'), wide.strip_suffix('*')) {
                (Some(suffix), _) => end.ends_with(suffix),
                (None, Some(prefix)) => start.starts_with(prefix),
                (None, None) => false,
            }
        }
        (true, false) => !narrow.contains('*') && matches_template(wide, narrow),
        (true, true) => wide == narrow,
    }
}

/// Whether a path without wildcards fits a template.
fn matches_template(template: &str, path: &str) -> bool {
    let in_segment = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=*".contains(&byte);
    if let Some((head, tail)) = template.split_once("{**}") {
        // The part before may contain `{*}`, each of which ends with its segment: the path is cut at the same slashes
        // as the head.
        let slashes = head.matches('/').count();
        let Some((cut, _)) = path.match_indices('/').nth(slashes.saturating_sub(1)) else {
            return false;
        };
        let (start, rest) = path.split_at(cut + 1);
        let between = rest.strip_suffix(tail);
        return segments_fit(head, start)
            && between.is_some_and(|text| text.bytes().all(|byte| byte == b'/' || in_segment(byte)));
    }
    segments_fit(template, path)
}

fn segments_fit(template: &str, path: &str) -> bool {
    let in_segment = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=*".contains(&byte);
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(wanted, is): (&&str, &&str)| match *wanted {
        "{*}" => !is.is_empty() && is.bytes().all(in_segment),
        literal => literal == *is,
    };
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}

/// For addresses and CIDRs.
fn covers_block(wide: &str, narrow: &str) -> bool {
    match (block(wide), block(narrow)) {
        (Some((wide, wide_bits)), Some((narrow, bits))) => {
            wide_bits <= bits && head(wide, wide_bits) == head(narrow, wide_bits)
        }
        (Some(_) | None, _) => false,
    }
}

/// The address and the length of its prefix, both as IPv6, with IPv4 mapped into it.
fn block(text: &str) -> Option<(u128, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (text, None),
    };
    match address.parse().ok()? {
        IpAddr::V4(v4) => {
            let bits = bits.unwrap_or(32);
            (bits <= 32).then(|| (u128::from(v4.to_ipv6_mapped()), bits + 96))
        }
        IpAddr::V6(v6) => {
            let bits = bits.unwrap_or(128);
            (bits <= 128).then(|| (u128::from(v6), bits))
        }
    }
}

fn head(address: u128, bits: u32) -> u128 {
    address.checked_shr(128 - bits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (wide, narrow) in [
            ("*", "a"),
            ("a*", "a"),
            ("a*", "ab*"),
            ("*b", "ab"),
            ("*b", "*ab"),
            ("x", "x"),
        ] {
            assert!(covers_text(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("ab*", "a*"),
            ("*b", "b*"),
            ("a*", "*a"),
            ("*ab", "*b"),
            ("a", "a*"),
            ("*b*", "ab"),
        ] {
            assert!(!covers_text(wide, narrow), "{wide} {narrow}");
        }
    }

    #[test]
    fn paths() {
        for (wide, narrow) in [
            ("/a/{**}", "/a/b/c"),
            ("/a/{**}", "/a/"),
            ("/{*}/b", "/a/b"),
            ("/a*", "/a/{*}/c"),
            ("*/c", "/a/{*}/c"),
            ("/x/{*}/{**}/c", "/x/y/z/c"),
            ("/a/{*}", "/a/{*}"),
        ] {
            assert!(covers_path(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("/a/{**}", "/a"),
            ("/s/{**}/c", "/s/c"),
            ("/{*}", "/a*"),
            ("/{*}", "/"),
            ("/a/b*", "/a/{*}"),
        ] {
            assert!(!covers_path(wide, narrow), "{wide} {narrow}");
        }
    }

    #[test]
    fn blocks() {
        assert!(covers_block("10.0.0.0/8", "10.1.2.3") && covers_block("0.0.0.0/0", "10.0.0.0/8"));
        assert!(covers_block("::/0", "2001:db8::/32") && covers_block("10.1.2.3", "10.1.2.3/32"));
        assert!(!covers_block("10.0.0.0/8", "11.0.0.0/8") && !covers_block("10.0.0.0/16", "10.0.0.0/8"));
    }
}
