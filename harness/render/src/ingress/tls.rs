//! `ServerTLSSettings`: <https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings>.

mod credential;

use peerwarden_engine::document::{At, Fields, Value, nearest, quoted};
use peerwarden_engine::{Problem, Problems};

use crate::description::{Certificates, required, shown};
use crate::transport::{SanMatcher, ServerTls};
use credential::Credential;

/// The modes, by whether they require a client's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerTlsMode {
    Simple,
    Mutual,
}

const MODES: [(&str, ServerTlsMode); 2] = [
    ("SIMPLE", ServerTlsMode::Simple),
    ("MUTUAL", ServerTlsMode::Mutual),
];

/// Istio's other modes, and what to write instead.
const OTHER_MODES: [(&str, &str); 4] = [
    (
        "PASSTHROUGH",
        "for an application that ends TLS itself, use `render inbound` and a port with the protocol `TLS`",
    ),
    (
        "AUTO_PASSTHROUGH",
        "write `MUTUAL`: the module decides only on TLS that ends here",
    ),
    (
        "ISTIO_MUTUAL",
        "write `MUTUAL` with the files of the mesh's certificate",
    ),
    (
        "OPTIONAL_MUTUAL",
        "write `MUTUAL`, and a server with `SIMPLE` for another host",
    ),
];

/// Istio's other fields; if they were silently ignored, each would let in what it should keep out.
const OTHER_FIELDS: [&str; 8] = [
    "caCertCredentialName",
    "caCrl",
    "cipherSuites",
    "credentialNames",
    "maxProtocolVersion",
    "tlsCertificates",
    "verifyCertificateHash",
    "verifyCertificateSpki",
];

/// Reads the settings of a plaintext server; returns whether it redirects everyone.
pub(super) fn read_redirect(
    value: Option<&Value>,
    at: &At<'_>,
    at_server: &At<'_>,
    problems: &mut Problems,
) -> bool {
    let plaintext = |at: &At<'_>| {
        let problem = Problem::new(at, "this server accepts requests in plaintext");
        problem
            .help("write `tls: {httpsRedirect: true}`, or remove the server: this ingress accepts only TLS")
    };
    let Some(value) = value else {
        problems.push(plaintext(at_server));
        return false;
    };
    let Some(mut fields) = Fields::of(value, at, problems) else {
        return false;
    };
    let redirects = match fields.take("httpsRedirect") {
        Some(Value::Bool(true)) => true,
        Some(
            Value::Bool(false)
            | Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::List(_)
            | Value::Object(_),
        ) => {
            problems.push(plaintext(&at.name("httpsRedirect")));
            false
        }
        None => {
            problems.push(plaintext(at));
            false
        }
    };
    fields.finish(problems);
    redirects
}

/// Reads the settings of a server that terminates TLS.
pub(super) fn read(
    value: Option<&Value>,
    at: &At<'_>,
    at_server: &At<'_>,
    credentials: &Certificates,
    problems: &mut Problems,
) -> Option<ServerTls> {
    let Some(value) = value else {
        let problem = Problem::new(at_server, "`tls` is missing");
        problems.push(problem.help("write `tls: {mode: SIMPLE, credentialName: …}`, or `MUTUAL`"));
        return None;
    };
    let mut fields = Fields::of(value, at, problems)?;
    let mode = read_mode(&mut fields, at, problems);
    if matches!(fields.take("httpsRedirect"), Some(value) if *value != Value::Bool(false)) {
        let problem = Problem::new(
            &at.name("httpsRedirect"),
            "`httpsRedirect` is for servers without TLS",
        )
        .on_key();
        problems.push(problem.help("move it to a server with the protocol `HTTP`"));
    }
    let minimum = read_minimum(&mut fields, at, problems);
    let names = fields.texts("subjectAltNames", problems);
    for name in OTHER_FIELDS {
        if fields.take(name).is_some() {
            let problem = Problem::new(&at.name(name), format!("`{name}` is not supported")).on_key();
            problems.push(problem.help("remove it, if you do not need it"));
        }
    }
    let credential = Credential::read(&mut fields, at, problems);
    fields.finish(problems);
    let mode = mode?;
    if mode == ServerTlsMode::Simple && !names.is_empty() {
        let problem = Problem::new(
            &at.name("subjectAltNames"),
            "SIMPLE does not request a client certificate, so there are no names to match",
        );
        problems.push(problem.help("write `mode: MUTUAL`, or remove the names"));
    }
    let (certificate, validation) =
        credential.resolve(mode == ServerTlsMode::Mutual, at, credentials, problems)?;
    Some(ServerTls {
        minimum: minimum?,
        certificate,
        validation,
        says: "Clients without a certificate from these roots do not reach the filters.",
        names: names.iter().map(|name| SanMatcher::exact(name)).collect(),
        names_say: "From `subjectAltNames`.",
    })
}

fn read_mode(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Option<ServerTlsMode> {
    // Istio's default is the first value of its enum, PASSTHROUGH; an omitted mode is unlikely to be intended.
    let written = required(fields, "mode", at, problems)?;
    if let Some((_, mode)) = MODES.iter().find(|(name, _)| *name == written) {
        return Some(*mode);
    }
    let at = at.name("mode");
    if let Some((name, instead)) = OTHER_MODES.iter().find(|(name, _)| *name == written) {
        problems.push(Problem::new(&at, format!("the mode `{name}` is not supported")).help(*instead));
        return None;
    }
    let names = MODES.map(|(name, _)| name);
    let problem = Problem::new(&at, format!("unknown mode `{}`", shown(&written)));
    problems.push(match nearest(&written, names) {
        Some(name) => problem.help(format!("did you mean `{name}`?")),
        None => problem.help(format!("supported: {}", quoted(&names))),
    });
    None
}

/// `minProtocolVersion`, as Envoy names it. Istio's default, `TLS_AUTO`, is TLS 1.2.
fn read_minimum(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Option<&'static str> {
    let written = fields.text("minProtocolVersion", problems).unwrap_or("TLS_AUTO");
    match written {
        "TLS_AUTO" | "TLSV1_2" => return Some("TLSv1_2"),
        "TLSV1_3" => return Some("TLSv1_3"),
        _ => {}
    }
    let at = at.name("minProtocolVersion");
    let problem = match written {
        "TLSV1_0" | "TLSV1_1" => Problem::new(&at, format!("`{written}` is insecure (RFC 8996)")),
        _ => Problem::new(&at, format!("unknown version `{}`", shown(written))),
    };
    problems.push(problem.help("write `TLSV1_2` or `TLSV1_3`"));
    None
}
