//! `envoy.service.auth.v3.CheckResponse`, compared with prost's decoder.

use peerwarden_wire::check_response::{Change, CheckResponse, read};
use prost::Message;

/// The fields that allow or deny.
#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    status: Option<Status>,
    #[prost(message, optional, tag = "2")]
    denied: Option<AnyFields>,
    #[prost(message, optional, tag = "3")]
    ok: Option<AnyFields>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct AnyFields {}

pub(super) fn run(bytes: &[u8]) {
    let Ok(answer) = read(bytes) else {
        return;
    };
    let decoded = Answer::decode(bytes);
    match answer {
        CheckResponse::Allowed { request, response } => {
            if let Ok(other) = decoded {
                assert!(other.denied.is_none(), "a yes with a denial: {bytes:?}");
                assert!(
                    other.status.is_some() || other.ok.is_some(),
                    "a yes that says nothing: {bytes:?}"
                );
                let code = other.status.map_or(0, |status| status.code);
                assert_eq!(code, 0, "a yes with a status: {bytes:?}");
            }
            for change in request.iter().chain(&response) {
                line(change);
            }
        }
        CheckResponse::Denied(denial) => {
            assert!((200..600).contains(&denial.status), "{denial:?}");
            for (name, value) in &denial.headers {
                assert!(
                    !name.starts_with(b":"),
                    "a pseudo-header for the client: {denial:?}"
                );
                possible(name, value);
            }
        }
    }
}

fn line(change: &Change) {
    match change {
        Change::Set(name, value)
        | Change::Add(name, value)
        | Change::Append(name, value)
        | Change::AddIfAbsent(name, value)
        | Change::SetIfPresent(name, value) => possible(name, value),
        Change::Remove(name) => assert!(!name.starts_with(b":") && name != b"host", "{change:?}"),
    }
}

/// Whether RFC 9110 permits this header line; pseudo-headers may begin with a colon.
fn possible(name: &[u8], value: &[u8]) {
    assert!(
        !name.is_empty()
            && name
                .iter()
                .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
    );
    assert!(
        !value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')),
        "{value:?}"
    );
}
