//! `envoy.config.core.v3.GrpcService`, as far as it names a cluster
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto>).

/// The `cluster_name` (1) of `envoy_grpc` (1); `None` when the bytes are no such message.
///
/// A field that stands twice is merged, as protobuf has it.
pub(super) fn cluster(bytes: &[u8]) -> Option<String> {
    let mut cluster = None;
    for field in fields(bytes)? {
        if let (1, envoy_grpc) = field {
            let mut names = fields(envoy_grpc)?.into_iter().rev();
            let name = names.find(|(number, _)| *number == 1);
            cluster = name.map(|(_, name)| name).or(cluster);
        }
    }
    String::from_utf8(cluster?.to_vec()).ok()
}

/// The fields of a message of which all are texts or messages.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    const LENGTH_DELIMITED: u64 = 2;
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        if tag & 7 != LENGTH_DELIMITED {
            return None;
        }
        let length = usize::try_from(varint(&mut bytes)?).ok()?;
        let (value, rest) = bytes.split_at_checked(length)?;
        fields.push((tag >> 3, value));
        bytes = rest;
    }
    Some(fields)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::cluster;

    #[test]
    fn reads_the_name_of_the_cluster() {
        assert_eq!(cluster(b"\x0a\x05\x0a\x03abc").as_deref(), Some("abc"));
        assert_eq!(
            cluster(b"\x0a\x05\x0a\x03abc\x0a\x03\x12\x01h").as_deref(),
            Some("abc")
        );
        for other in [&b"abc"[..], b"\x0a\x09\x0a\x03abc", b"\x12\x00", b"", b"\x0a\xff"] {
            assert_eq!(cluster(other), None, "{other:?}");
        }
    }
}
