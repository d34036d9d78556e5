//! The handler of a probe: the part that is replaced.

use std::fmt;

use peerwarden_engine::document::{At, Fields, Value, nearest, quoted, wrong_type};
use peerwarden_engine::{Problem, Problems};

/// HTTP, TCP, or the gRPC health protocol (<https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Probe>).
/// A command is none of these, as it never leaves its container.
#[derive(Debug, Clone)]
pub(super) enum Handler {
    Http {
        port: u16,
        path: String,
        tls: bool,
        host: Option<String>,
        headers: Vec<(String, String)>,
    },
    Tcp {
        port: u16,
    },
    Grpc {
        port: u16,
        service: String,
    },
}

/// A named port of a container.
pub(super) struct ContainerPort<'v> {
    name: &'v str,
    number: &'v Value,
}

impl<'v> ContainerPort<'v> {
    pub(super) fn all(container: &'v Value) -> Vec<Self> {
        let Some(Value::List(ports)) = container.get("ports") else {
            return Vec::new();
        };
        let of = |port: &'v Value| {
            Some(Self {
                name: port.get("name")?.as_str()?,
                number: port.get("containerPort")?,
            })
        };
        ports.iter().filter_map(of).collect()
    }
}

impl fmt::Display for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { port, path, tls, .. } => {
                let scheme = if *tls { "HTTPS" } else { "HTTP" };
                write!(f, "{scheme}, port {port}, {path}")
            }
            Self::Tcp { port } => write!(f, "TCP, port {port}"),
            Self::Grpc { port, service } if service.is_empty() => write!(f, "gRPC, port {port}"),
            Self::Grpc { port, service } => write!(f, "gRPC, port {port}, service {service}"),
        }
    }
}

impl Handler {
    pub(super) fn port(&self) -> u16 {
        match self {
            Self::Http { port, .. } | Self::Tcp { port } | Self::Grpc { port, .. } => *port,
        }
    }

    /// Reads a probe or a hook, with the kubelet's timeout. `None` if it is not rewritten: a command, a pause, or a
    /// request to a host other than the Pod.
    pub(super) fn read(
        value: &Value,
        at: &At<'_>,
        ports: &[ContainerPort<'_>],
        is_hook: bool,
        problems: &mut Problems,
    ) -> Option<(Self, u32)> {
        let mut fields = Fields::of(value, at, problems)?;
        let (http, tcp, grpc) = (
            fields.take("httpGet"),
            fields.take("tcpSocket"),
            fields.take("grpc"),
        );
        let other = [fields.take("exec"), fields.take("sleep")];
        let timeout = match fields.take("timeoutSeconds") {
            Some(Value::Number(seconds)) if seconds.fract() == 0.0 && (1.0..=86400.0).contains(seconds) => {
                whole(*seconds)
            }
            Some(_) => {
                let problem = Problem::new(
                    &at.name("timeoutSeconds"),
                    "`timeoutSeconds` is not a number of seconds",
                );
                problems.push(problem.help("write a whole number of seconds, at least 1"));
                1
            }
            // A hook has no time-out; the kubelet waits for it as long as for the container to end.
            None if is_hook => 30,
            None => 1,
        };
        fields.ignore(&[
            "initialDelaySeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
            "terminationGracePeriodSeconds",
        ]);
        fields.finish(problems);
        let handlers = [http, tcp, grpc].into_iter().chain(other).flatten().count();
        if handlers != 1 {
            let problem = Problem::new(at, format!("{handlers} handlers, expected one"));
            problems.push(problem.help("write one of `httpGet`, `tcpSocket`, `grpc` and `exec`"));
            return None;
        }
        let handler = match (http, tcp, grpc) {
            (Some(http), _, _) => Self::http(http, &at.name("httpGet"), ports, problems),
            // Kubernetes accepts such hooks and never runs them.
            (_, Some(_), _) | (_, _, Some(_)) if is_hook => None,
            (_, Some(tcp), _) => Self::tcp(tcp, &at.name("tcpSocket"), ports, problems),
            (_, _, Some(grpc)) => Self::grpc(grpc, &at.name("grpc"), problems),
            (None, None, None) => None,
        };
        Some((handler?, timeout))
    }

    fn http(
        value: &Value,
        at: &At<'_>,
        ports: &[ContainerPort<'_>],
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let port = port(fields.take("port"), &at.name("port"), ports, problems);
        let elsewhere = fields.text("host", problems).is_some_and(|host| !host.is_empty());
        let path = target(
            fields.text("path", problems).unwrap_or("/"),
            &at.name("path"),
            problems,
        );
        let tls = match fields.text("scheme", problems) {
            None | Some("HTTP" | "") => false,
            Some("HTTPS") => true,
            Some(_) => {
                let problem = Problem::new(&at.name("scheme"), "unknown scheme");
                problems.push(problem.help("known: `HTTP`, `HTTPS`"));
                false
            }
        };
        let given = fields.list("httpHeaders", problems).unwrap_or(&[]);
        fields.finish(problems);
        let at = at.name("httpHeaders");
        let (mut host, mut headers) = (None, Vec::new());
        for (index, value) in given.iter().enumerate() {
            let Some((name, value)) = header(value, &at.index(index), problems) else {
                continue;
            };
            if name.eq_ignore_ascii_case("host") {
                host = Some(value);
            } else {
                headers.push((name, value));
            }
        }
        if elsewhere {
            return None;
        }
        Some(Self::Http {
            port: port?,
            path: path?,
            tls,
            host,
            headers,
        })
    }

    fn tcp(value: &Value, at: &At<'_>, ports: &[ContainerPort<'_>], problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let port = port(fields.take("port"), &at.name("port"), ports, problems);
        let elsewhere = fields.text("host", problems).is_some_and(|host| !host.is_empty());
        fields.finish(problems);
        if elsewhere {
            return None;
        }
        Some(Self::Tcp { port: port? })
    }

    fn grpc(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        // Only a number, as in Kubernetes.
        let port = port(fields.take("port"), &at.name("port"), &[], problems);
        let service = fields.text("service", problems).unwrap_or_default().to_owned();
        fields.finish(problems);
        Some(Self::Grpc { port: port?, service })
    }
}

fn port(
    value: Option<&Value>,
    at: &At<'_>,
    ports: &[ContainerPort<'_>],
    problems: &mut Problems,
) -> Option<u16> {
    let named = match value {
        Some(Value::String(name)) => match ports.iter().find(|port| port.name == name) {
            Some(port) => Some(port.number),
            None => {
                let shown: String = name.chars().take(64).collect();
                let names: Vec<&str> = ports.iter().map(|port| port.name).collect();
                let problem = Problem::new(at, format!("the container has no port `{shown}`"));
                problems.push(match nearest(name, names.iter().copied()) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None if names.is_empty() => {
                        problem.help("write the number, or name a port of the container")
                    }
                    None => problem.help(format!("its ports: {}", quoted(&names))),
                });
                return None;
            }
        },
        other => other,
    };
    match named {
        Some(Value::Number(number)) if number.fract() == 0.0 && (1.0..=65535.0).contains(number) => {
            u16::try_from(whole(*number)).ok()
        }
        Some(_) | None => {
            let problem = Problem::new(at, "`port` is missing or not a port");
            problems
                .push(problem.help("write a number from 1 to 65535, without quotes, or the name of a port"));
            None
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, and between 1 and 86400"
)]
fn whole(number: f64) -> u32 {
    number as u32
}

/// A path with its query, as it is sent.
fn target(path: &str, at: &At<'_>, problems: &mut Problems) -> Option<String> {
    let sendable = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !sendable {
        let problem = Problem::new(at, "`path` has characters that a request cannot have");
        problems.push(problem.help("escape them, such as a space as `%20`"));
        return None;
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    Some(format!("{slash}{path}"))
}

fn header(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<(String, String)> {
    let Value::Object(_) = value else {
        problems.push(wrong_type(at, "an object", value));
        return None;
    };
    let mut fields = Fields::of(value, at, problems)?;
    let (name, text) = (fields.text("name", problems), fields.text("value", problems));
    fields.finish(problems);
    let name = name.unwrap_or_default();
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let text = text.unwrap_or_default();
    let sendable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if name.is_empty() || !name.bytes().all(token) || !sendable {
        let problem = Problem::new(at, "this is not a header");
        problems.push(problem.help("write `{name: X-Health, value: yes}`, in ASCII"));
        return None;
    }
    Some((name.to_owned(), text.to_owned()))
}
