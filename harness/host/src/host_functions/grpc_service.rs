//! The destination of a gRPC call: `envoy.config.core.v3.GrpcService`, as far as it names a cluster
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto>).

use super::protobuf::{FieldValue, fields};

/// The destination of a call, as Envoy reads it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum GrpcTarget {
    /// `envoy_grpc` (1) with this `cluster_name` (1).
    Cluster(String),
    /// `google_grpc` (2), a different client.
    Google,
    /// A message with neither, such as no bytes at all, or a plain name that can be parsed as a message: `authz-sso` is a field of
    /// eight bytes to protobuf. Envoy aborts the whole process.
    Nowhere,
    /// Not such a message: Envoy uses the bytes as the name of a cluster.
    Name,
}

/// Reads it as protobuf does: unknown fields are skipped, a repeated one is merged, and the last of `envoy_grpc` and `google_grpc`
/// counts.
pub(super) fn target(bytes: &[u8]) -> GrpcTarget {
    read(bytes).unwrap_or(GrpcTarget::Name)
}

fn read(bytes: &[u8]) -> Option<GrpcTarget> {
    /// The other fields that are messages: `timeout`, `initial_metadata`, `retry_policy`.
    const MESSAGES: [u64; 3] = [3, 5, 6];
    let mut cluster = String::new();
    let mut target = GrpcTarget::Nowhere;
    for (number, value) in fields(bytes)? {
        match (number, value) {
            (1, FieldValue::Bytes(envoy_grpc)) => {
                if target == GrpcTarget::Google {
                    cluster.clear();
                }
                for (number, value) in fields(envoy_grpc)? {
                    if let (1, FieldValue::Bytes(name)) = (number, value) {
                        cluster = String::from_utf8(name.to_vec()).ok()?;
                    }
                }
                target = GrpcTarget::Cluster(cluster.clone());
            }
            (2, FieldValue::Bytes(google_grpc)) => {
                fields(google_grpc)?;
                target = GrpcTarget::Google;
            }
            (number, FieldValue::Bytes(message)) if MESSAGES.contains(&number) => {
                fields(message)?;
            }
            (_, _) => {}
        }
    }
    Some(target)
}

#[cfg(test)]
mod tests {
    use super::{GrpcTarget, target};

    #[test]
    fn the_name_of_the_cluster() {
        let abc = || GrpcTarget::Cluster("abc".to_owned());
        assert_eq!(target(b"\x0a\x05\x0a\x03abc"), abc());
        // In parts, with an authority, with a timeout.
        assert_eq!(target(b"\x0a\x05\x0a\x03abc\x0a\x03\x12\x01h"), abc());
        assert_eq!(target(b"\x0a\x05\x0a\x03abc\x1a\x02\x08\x05"), abc());
        assert_eq!(target(b"\x12\x00\x0a\x05\x0a\x03abc"), abc());
        assert_eq!(target(b"\x0a\x05\x0a\x03abc\x12\x00"), GrpcTarget::Google);
        assert_eq!(target(b"\x0a\x00"), GrpcTarget::Cluster(String::new()));
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
            assert_eq!(target(name.as_bytes()), GrpcTarget::Name, "{name}");
        }
        for broken in [
            &b"\x0a\x09\x0a\x03abc"[..],
            b"\x0a\xff",
            b"\x0a\x03\x0a\x01\xff",
            b"\x02\x00",
        ] {
            assert_eq!(target(broken), GrpcTarget::Name, "{broken:?}");
        }
    }

    #[test]
    fn a_plain_name_that_is_a_message_too() {
        // `a`, `i`, `q`, `y` begin a number of eight bytes, `e`, `m`, `u` one of four, `b` a text with the length in
        // the next byte, `c` a group that `d` ends.
        for name in ["", "authz-sso", "authzgrpc", "quota-svc", "users", "cd"] {
            assert_eq!(target(name.as_bytes()), GrpcTarget::Nowhere, "{name}");
        }
    }
}
