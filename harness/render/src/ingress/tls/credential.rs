//! The location of a server's certificate and of the roots for its clients: files, or a secret.

use peerwarden_engine::document::{At, Fields};
use peerwarden_engine::{Problem, Problems};

use crate::description::{Certificates, shown};
use crate::transport::{Certificate, Roots, SdsSecret};

/// The certificate and roots of a server, as written.
pub(super) struct Credential {
    name: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    roots: Option<String>,
}

impl Credential {
    pub(super) fn read(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Self {
        let mut text = |name| {
            let text = fields.text(name, problems)?;
            if text.is_empty() {
                let problem = Problem::new(&at.name(name), format!("`{name}` is empty"));
                problems.push(problem.help("remove it, or write a value"));
            }
            Some(text.to_owned())
        };
        Self {
            name: text("credentialName"),
            certificate: text("serverCertificate"),
            key: text("privateKey"),
            roots: text("caCertificates"),
        }
    }

    /// Resolves the certificate, and the roots if the server `asks` for the client's certificate.
    pub(super) fn resolve(
        self,
        asks: bool,
        at: &At<'_>,
        credentials: &Certificates,
        problems: &mut Problems,
    ) -> Option<(Certificate, Option<Roots>)> {
        let mut wrong = |message: &str, help: &str| {
            problems.push(Problem::new(at, message).help(help));
            None
        };
        match (self.name, self.certificate, self.key, self.roots) {
            (Some(name), None, None, None) => named(&name, asks, credentials, at, problems),
            (None, Some(chain), Some(key), roots) => match (asks, roots) {
                (true, None) => wrong(
                    "MUTUAL needs `caCertificates`",
                    "write the file with the roots of clients' certificates",
                ),
                (false, Some(_)) => wrong(
                    "SIMPLE does not request a client certificate, so `caCertificates` has no effect",
                    "write `mode: MUTUAL`, or remove `caCertificates`",
                ),
                (_, roots) => Some((Certificate::files(chain, key), roots.map(Roots::file))),
            },
            (Some(_), ..) => wrong(
                "`credentialName` and files exclude each other",
                "remove one of them",
            ),
            (None, ..) => wrong(
                "a server that ends TLS needs `credentialName`, or `serverCertificate` and `privateKey`",
                "write the name of the secret, or both files",
            ),
        }
    }
}

/// A secret by its name: of type `kubernetes.io/tls` in its own folder, or in files for SDS as for `render client`.
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
        let problem = Problem::new(&at, format!("`{}` is not the name of a secret", shown(name)));
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
            let secret = |name: String| SdsSecret {
                sds: folder.clone(),
                file: format!("{name}.yaml"),
                name,
            };
            let roots = asks.then(|| Roots::sds(secret(format!("{name}-cacert"))));
            (Certificate::Sds(secret(name.to_owned())), roots)
        }
    })
}
