//! `ServerTLSSettings`: <https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings>.

use peerwarden_engine::document::{At, Fields, Value, nearest, quoted};
use peerwarden_engine::{Problem, Problems};

use crate::description::{Certificates, required, shown};
use crate::render::transport::{Certificate, Name, Roots, Secret, ServerTls};

/// What asks for a certificate of the client, and what does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Simple,
    Mutual,
}

const MODES: [(&str, Mode); 2] = [("SIMPLE", Mode::Simple), ("MUTUAL", Mode::Mutual)];

/// What Istio knows beside these, and what to write instead.
const OTHER_MODES: [(&str, &str); 4] = [
    (
        "PASSTHROUGH",
        "an application that ends its own TLS is for `render inbound`, as a port with the protocol `TLS`",
    ),
    (
        "AUTO_PASSTHROUGH",
        "write `MUTUAL`: what is not ended here is not decided here",
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

/// What Istio knows beside what is read here; left out in silence, each would let in what it is to keep out.
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

/// Reads the settings of a server in plaintext: answers whether it sends everybody away.
pub(super) fn read_redirect(
    value: Option<&Value>,
    at: &At<'_>,
    at_server: &At<'_>,
    problems: &mut Problems,
) -> bool {
    let plaintext = |at: &At<'_>| {
        let problem = Problem::new(at, "this server takes requests in plaintext");
        problem.help("write `tls: {httpsRedirect: true}`, or leave the server out: an ingress that takes only TLS needs none")
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

/// Reads the settings of a server that ends TLS.
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
        let problem = Problem::new(&at.name("httpsRedirect"), "who comes by TLS needs no redirect").on_key();
        problems.push(problem.help("write it in a server with the protocol `HTTP`"));
    }
    let minimum = read_minimum(&mut fields, at, problems);
    let names = fields.texts("subjectAltNames", problems);
    for name in OTHER_FIELDS {
        if fields.take(name).is_some() {
            let problem = Problem::new(&at.name(name), format!("`{name}` is not rendered")).on_key();
            problems.push(problem.help("leave it out if you can do without it"));
        }
    }
    let shown = Shown::read(&mut fields, at, problems);
    fields.finish(problems);
    let mode = mode?;
    if mode == Mode::Simple && !names.is_empty() {
        let problem = Problem::new(
            &at.name("subjectAltNames"),
            "SIMPLE asks for no certificate that has names",
        );
        problems.push(problem.help("write `mode: MUTUAL`, or leave them out"));
    }
    let (certificate, validation) = shown.resolve(mode, at, credentials, problems)?;
    Some(ServerTls {
        minimum: minimum?,
        certificate,
        validation,
        says: "Who has no certificate of these roots does not get as far as the filters.",
        names: names.iter().map(|name| Name::exact(name)).collect(),
        names_say: "As `subjectAltNames` has it.",
    })
}

fn read_mode(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Option<Mode> {
    // Istio's default is the first of its enum, PASSTHROUGH; that somebody means that by leaving it out is unlikely.
    let written = required(fields, "mode", at, problems)?;
    if let Some((_, mode)) = MODES.iter().find(|(name, _)| *name == written) {
        return Some(*mode);
    }
    let at = at.name("mode");
    if let Some((name, instead)) = OTHER_MODES.iter().find(|(name, _)| *name == written) {
        problems.push(Problem::new(&at, format!("the mode `{name}` is not rendered")).help(*instead));
        return None;
    }
    let names = MODES.map(|(name, _)| name);
    let problem = Problem::new(&at, format!("unknown mode `{}`", shown(&written)));
    problems.push(match nearest(&written, names) {
        Some(name) => problem.help(format!("did you mean `{name}`?")),
        None => problem.help(format!("known here: {}", quoted(&names))),
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
        "TLSV1_0" | "TLSV1_1" => Problem::new(&at, format!("`{written}` protects nobody (RFC 8996)")),
        _ => Problem::new(&at, format!("unknown version `{}`", shown(written))),
    };
    problems.push(problem.help("write `TLSV1_2` or `TLSV1_3`"));
    None
}

/// What a server shows, and whom it trusts, as it is written.
struct Shown {
    credential: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    roots: Option<String>,
}

impl Shown {
    fn read(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Self {
        let mut text = |name| {
            let text = fields.text(name, problems)?;
            if text.is_empty() {
                let problem = Problem::new(&at.name(name), format!("`{name}` is empty"));
                problems.push(problem.help("leave it out, or write what it names"));
            }
            Some(text.to_owned())
        };
        Self {
            credential: text("credentialName"),
            certificate: text("serverCertificate"),
            key: text("privateKey"),
            roots: text("caCertificates"),
        }
    }

    /// The certificate, and for `MUTUAL` the roots.
    fn resolve(
        self,
        mode: Mode,
        at: &At<'_>,
        credentials: &Certificates,
        problems: &mut Problems,
    ) -> Option<(Certificate, Option<Roots>)> {
        let mut wrong = |message: &str, help: &str| {
            problems.push(Problem::new(at, message).help(help));
            None
        };
        let asks = mode == Mode::Mutual;
        match (self.credential, self.certificate, self.key, self.roots) {
            (Some(name), None, None, None) => named(&name, asks, credentials, at, problems),
            (None, Some(chain), Some(key), roots) => match (asks, roots) {
                (true, None) => wrong(
                    "MUTUAL needs `caCertificates`",
                    "name the file of roots that clients' certificates come from",
                ),
                (false, Some(_)) => wrong(
                    "SIMPLE asks clients for no certificate, `caCertificates` is for nobody",
                    "write `mode: MUTUAL`, or leave `caCertificates` out",
                ),
                (_, roots) => Some((Certificate::files(chain, key), roots.map(Roots::file))),
            },
            (Some(_), ..) => wrong(
                "`credentialName` and files exclude each other",
                "keep one of them",
            ),
            (None, ..) => wrong(
                "a server that ends TLS needs `credentialName`, or `serverCertificate` and `privateKey`",
                "name the secret or both files",
            ),
        }
    }
}

/// A secret by its name: of the type `kubernetes.io/tls` in a folder of its own, or in files for SDS as `render client` has them.
fn named(
    name: &str,
    asks: bool,
    credentials: &Certificates,
    at: &At<'_>,
    problems: &mut Problems,
) -> Option<(Certificate, Option<Roots>)> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !name.bytes().all(plain) || name.starts_with('.') {
        let at = at.name("credentialName");
        let problem = Problem::new(&at, format!("`{}` is no name of a secret", shown(name)));
        problems.push(problem.help("use letters, digits, `-` and `.`"));
        return None;
    }
    Some(match credentials {
        Certificates::Directory(folder) => {
            let file = |file: &str| format!("{folder}/{name}/{file}");
            let roots = asks.then(|| Roots::file(file("ca.crt")));
            (Certificate::files(file("tls.crt"), file("tls.key")), roots)
        }
        Certificates::Sds(folder) => {
            let secret = |name: String| Secret {
                sds: folder.clone(),
                file: format!("{name}.yaml"),
                name,
            };
            let roots = asks.then(|| Roots::Sds(secret(format!("{name}-cacert"))));
            (Certificate::Sds(secret(name.to_owned())), roots)
        }
    })
}
