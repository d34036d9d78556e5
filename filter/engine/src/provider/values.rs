//! The values in an authorizer's description: those that Istio's validation accepts and Envoy can use.

use std::time::Duration;

use crate::document::{At, Value, seconds};
use crate::problem::{Problem, Problems};

/// Where Istio sets none (`pilot/pkg/security/authz/builder`).
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// The most that Proxy-Wasm's milliseconds can say.
const LONGEST_TIMEOUT: Duration = Duration::from_millis(0x7fff_ffff);

/// What a name may have: it becomes part of metadata keys and policy ids in Istio.
const NAME_BYTES: usize = 63;

/// Lower-case letters, digits and hyphens, as Istio asks for.
pub(super) fn check_name(name: &str, at: &At<'_>, problems: &mut Problems) {
    let fits = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !fits || name.len() > NAME_BYTES || name.starts_with('-') || name.ends_with('-') {
        let shown: String = name.chars().take(80).collect();
        let problem = Problem::new(at, format!("`{shown}` is not the name of a provider"));
        problems.push(problem.help(format!(
            "use up to {NAME_BYTES} lower-case letters, digits and hyphens, with no hyphen at an end"
        )));
    }
}

/// The host of `HOST` or `NAMESPACE/HOST`. A port has a field of its own; colons stand in IPv6 addresses only.
pub(super) fn host(service: &str, at: &At<'_>, problems: &mut Problems) -> Option<String> {
    let (namespace, host) = match service.split_once('/') {
        Some((namespace, host)) => (Some(namespace), host),
        None => (None, service),
    };
    let fits = |text: &str| {
        !text.is_empty()
            && text.len() <= 253
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    };
    let address = namespace.is_none() && host.parse::<std::net::Ipv6Addr>().is_ok();
    if address || (fits(host) && namespace.is_none_or(fits)) {
        return Some(host.to_owned());
    }
    let problem = Problem::new(at, format!("`{service}` is not a service"));
    problems.push(problem.help("write a host such as `authz.tools.svc.cluster.local`, or `tools/HOST`"));
    None
}

/// 1 to 65535.
pub(super) fn port(value: Option<&Value>, at: &At<'_>, problems: &mut Problems) -> Option<u16> {
    let number = match value {
        Some(Value::Number(number)) => (1..=u16::MAX).find(|port| f64::from(*port) == *number),
        _ => None,
    };
    if number.is_none() {
        let problem = Problem::new(at, "the port of the service is missing");
        problems.push(problem.help("write `port:` with a number from 1 to 65535"));
    }
    number
}

/// True or false; absent is false.
pub(super) fn flag(value: Option<&Value>, at: &At<'_>, problems: &mut Problems) -> Option<bool> {
    match value {
        None => Some(false),
        Some(Value::Bool(flag)) => Some(*flag),
        Some(Value::Null | Value::Number(_) | Value::String(_) | Value::List(_) | Value::Object(_)) => {
            problems.push(Problem::new(at, "it is neither true nor false").help("write `true` or `false`"));
            None
        }
    }
}

/// Seconds with an `s`, as protobuf writes a `Duration` in JSON.
pub(super) fn timeout(text: Option<&str>, at: &At<'_>, problems: &mut Problems) -> Option<Duration> {
    let Some(text) = text else {
        return Some(DEFAULT_TIMEOUT);
    };
    let duration = seconds(text)
        .filter(|duration| *duration >= Duration::from_millis(1) && *duration <= LONGEST_TIMEOUT);
    if duration.is_none() {
        let problem = Problem::new(at, format!("`{text}` is not a time-out"));
        problems.push(problem.help("write seconds, such as `\"2s\"` or `\"0.25s\"`"));
    }
    duration
}

/// A final status that Envoy knows (`envoy.type.v3.StatusCode`), as text.
pub(super) fn status(text: Option<&str>, at: &At<'_>, problems: &mut Problems) -> Option<u16> {
    const FORBIDDEN: u16 = 403;
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Some(FORBIDDEN);
    };
    let known = |code: &u16| {
        matches!(
            code,
            200..=208 | 226 | 300..=305 | 307 | 308 | 400..=417 | 421..=424 | 426 | 428 | 429 | 431 | 500..=508 | 510 | 511
        )
    };
    let code = text.parse().ok().filter(known);
    if code.is_none() {
        let problem = Problem::new(at, format!("`{text}` is not an HTTP status that Envoy sends"));
        problems.push(problem.help("write one such as `\"403\"` or `\"503\"`"));
    }
    code
}

/// A path that can be put before another one.
pub(super) fn check_path_prefix(prefix: &str, at: &At<'_>, problems: &mut Problems) {
    let fits = prefix.starts_with('/')
        && prefix
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#'));
    if !fits {
        let problem = Problem::new(at, format!("`{prefix}` is not a path prefix"));
        problems.push(problem.help("write one such as `/check`"));
    }
}

/// A header with a fixed value.
pub(super) fn check_header(name: &str, value: &str, at: &At<'_>, problems: &mut Problems) {
    // RFC 9110, section 5.6.2.
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) || value.contains(['\r', '\n', '\0']) {
        let problem = Problem::new(at, "no header can have this name or this value");
        problems.push(problem.help("use letters, digits and hyphens, and a value of one line"));
    }
}
