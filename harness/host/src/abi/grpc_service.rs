//! Where a gRPC call goes: `envoy.config.core.v3.GrpcService`, as far as it names a cluster
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto>).

/// What Envoy reads from the target of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// `envoy_grpc` (1) with this `cluster_name` (1).
    Cluster(String),
    /// `google_grpc` (2), which is another client.
    Google,
    /// A message that says neither, such as no bytes at all, or a plain name that can be read as a message: `authz-sso` is a
    /// field of eight bytes to protobuf. Envoy aborts, the whole process.
    Nowhere,
    /// No such message. Envoy takes the bytes for the name of a cluster.
    Name,
}

/// Reads it as protobuf does: fields that it does not know are skipped, one that stands twice is merged, and the last of
/// `envoy_grpc` and `google_grpc` counts.
pub(super) fn target(bytes: &[u8]) -> Target {
    read(bytes).unwrap_or(Target::Name)
}

fn read(bytes: &[u8]) -> Option<Target> {
    /// The other fields that are messages: `timeout`, `initial_metadata`, `retry_policy`.
    const MESSAGES: [u64; 3] = [3, 5, 6];
    let mut cluster = String::new();
    let mut target = Target::Nowhere;
    for (number, value) in fields(bytes)? {
        match (number, value) {
            (1, Some(envoy_grpc)) => {
                if target == Target::Google {
                    cluster.clear();
                }
                for (number, value) in fields(envoy_grpc)? {
                    if let (1, Some(name)) = (number, value) {
                        cluster = String::from_utf8(name.to_vec()).ok()?;
                    }
                }
                target = Target::Cluster(cluster.clone());
            }
            (2, Some(google_grpc)) => {
                fields(google_grpc)?;
                target = Target::Google;
            }
            (number, Some(message)) if MESSAGES.contains(&number) => {
                fields(message)?;
            }
            (_, _) => {}
        }
    }
    Some(target)
}

/// The number of a field; what is in it, for texts and messages.
type Field<'b> = (u64, Option<&'b [u8]>);

fn fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        fields.push(field(&mut bytes, 0)?);
    }
    Some(fields)
}

/// Protobuf's limit for groups within groups.
const DEEPEST: usize = 100;

fn field<'b>(bytes: &mut &'b [u8], depth: usize) -> Option<Field<'b>> {
    let tag = varint(bytes)?;
    let number = (1..1 << 29).contains(&(tag >> 3)).then_some(tag >> 3)?;
    let value = match tag & 7 {
        0 => varint(bytes).map(|_| None)?,
        1 => take(bytes, 8).map(|_| None)?,
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            Some(take(bytes, length)?)
        }
        // A group: fields up to its end.
        3 if depth < DEEPEST => loop {
            let end = (number << 3) | 4;
            let mut rest = *bytes;
            if varint(&mut rest)? == end {
                *bytes = rest;
                break None;
            }
            field(bytes, depth + 1)?;
        },
        5 => take(bytes, 4).map(|_| None)?,
        _ => return None,
    };
    Some((number, value))
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
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
    use super::{Target, target};

    #[test]
    fn the_name_of_the_cluster() {
        let abc = || Target::Cluster("abc".to_owned());
        assert_eq!(target(b"\x0a\x05\x0a\x03abc"), abc());
        // In parts, with an authority, with a timeout.
        assert_eq!(target(b"\x0a\x05\x0a\x03abc\x0a\x03\x12\x01h"), abc());
        assert_eq!(target(b"\x0a\x05\x0a\x03abc\x1a\x02\x08\x05"), abc());
        assert_eq!(target(b"\x12\x00\x0a\x05\x0a\x03abc"), abc());
        assert_eq!(target(b"\x0a\x05\x0a\x03abc\x12\x00"), Target::Google);
        assert_eq!(target(b"\x0a\x00"), Target::Cluster(String::new()));
    }

    #[test]
    fn a_plain_name() {
        let names = [
            "abc",
            "authz",
            "outbound|9000||authz.shop.svc.cluster.local",
            "grpc",
        ];
        for name in names {
            assert_eq!(target(name.as_bytes()), Target::Name, "{name}");
        }
        for broken in [
            &b"\x0a\x09\x0a\x03abc"[..],
            b"\x0a\xff",
            b"\x0a\x03\x0a\x01\xff",
            b"\x02\x00",
        ] {
            assert_eq!(target(broken), Target::Name, "{broken:?}");
        }
    }

    #[test]
    fn a_plain_name_that_is_a_message_too() {
        // `a`, `i`, `q`, `y` begin a number of eight bytes, `e`, `m`, `u` one of four, `b` a text as long as the next byte
        // says, `c` a group that `d` ends.
        for name in ["", "authz-sso", "authzgrpc", "quota-svc", "users", "cd"] {
            assert_eq!(target(name.as_bytes()), Target::Nowhere, "{name}");
        }
    }
}
