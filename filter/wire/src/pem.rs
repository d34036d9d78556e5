//! The textual encoding of certificates (RFC 7468), as Envoy writes it.
//!
//! Parsed here rather than by `x509-cert`, whose parser never returns for `MI=` between the two lines (`base64ct`
//! 1.8.3).

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// The DER in one certificate's PEM; `None` if it is anything else. White space may surround it, and line breaks may be
/// anywhere in the base64.
pub(crate) fn decode(pem: &[u8]) -> Option<Vec<u8>> {
    base64(pem.trim_ascii().strip_prefix(BEGIN)?.strip_suffix(END)?)
}

/// RFC 4648, section 4, with its padding, and without unused bits (section 3.5).
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    // The current group of four: its bits so far, the number of characters read, and the number of `=` after them.
    let (mut bits, mut characters, mut padding) = (0_u32, 0_u8, 0_u8);
    for byte in text {
        let value = match byte {
            b'\r' | b'\n' => continue,
            b'=' => {
                padding = padding.checked_add(1)?;
                continue;
            }
            _ if padding > 0 => return None,
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a' - 26),
            b'0'..=b'9' => byte.wrapping_add(52 - b'0'),
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        characters = characters.wrapping_add(1);
        if characters == 4 {
            let [_, group @ ..] = bits.to_be_bytes();
            bytes.extend(group);
            (bits, characters) = (0, 0);
        }
    }
    match (characters, padding) {
        (0, 0) => {}
        (3, 1) if bits.trailing_zeros() >= 2 => {
            let [_, first, second, _] = (bits << 6).to_be_bytes();
            bytes.extend([first, second]);
        }
        (2, 2) if bits.trailing_zeros() >= 4 => {
            let [_, first, ..] = (bits << 12).to_be_bytes();
            bytes.push(first);
        }
        _ => return None,
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, decode};

    fn wrapped(base64: &str) -> Vec<u8> {
        [BEGIN, b"\n", base64.as_bytes(), b"\n", END, b"\n"].concat()
    }

    #[test]
    fn what_rfc_4648_encodes_is_decoded() {
        // Its test vectors, section 10, and one with the two last characters of the alphabet.
        for (base64, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
            ("Zm9v\r\nYmFy", "foobar"),
            ("Zm\n9vYg=\n=", "foob"),
        ] {
            assert_eq!(
                decode(&wrapped(base64)).as_deref(),
                Some(bytes.as_bytes()),
                "{base64:?}"
            );
        }
        assert_eq!(decode(&wrapped("+/+/")).as_deref(), Some(&[0xfb, 0xff, 0xbf][..]));
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        // `base64ct` never returns for the first one.
        for base64 in [
            "MI=", "M", "MI", "MIA", "=", "==", "====", "MI===", "MI==MI==", "MIB=", "MIA=A", "Zh==", "Zm9=",
            "MI A", "MI\tA=", "M\0A=", "M-A=", "M_A=", "MIA==", "Zm9v=",
        ] {
            assert_eq!(decode(&wrapped(base64)), None, "{base64:?}");
        }
    }

    #[test]
    fn nothing_else_is_a_certificate() {
        let whole = wrapped("Zm9v");
        for length in 0..whole.len() - 1 {
            assert_eq!(decode(&whole[..length]), None, "cut after {length}");
        }
        for text in [
            &b"x-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n"[..],
            b"-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\nx",
            b"-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE KEY-----\n",
            b"-----BEGIN CERTIFICATE-----\nname: value\n\nZm9v\n-----END CERTIFICATE-----\n",
        ] {
            assert_eq!(decode(text), None, "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(decode(&[&whole[..], &whole].concat()), None, "two of them");
    }
}
