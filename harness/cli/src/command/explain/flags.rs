//! Traffic that is described by options, without a file.

use std::collections::BTreeMap;
use std::net::IpAddr;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_traffic::{Endpoint, HeaderLines, Http, Jwt, Peer, Protocol, Tls, Traffic};
use serde_json::{Map, Value};

/// The options. Omitted values are treated as in a case.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Traffic, instead of a case")]
pub(super) struct Flags {
    /// Over mutual TLS, from the peer with this URI SAN, such as `spiffe://cluster.local/ns/web/sa/frontend`.
    #[arg(long, value_name = "URI", conflicts_with_all = ["plaintext", "no_certificate"])]
    peer: Option<String>,
    /// In plaintext, without TLS.
    #[arg(long, conflicts_with = "no_certificate")]
    plaintext: bool,
    /// Over TLS, without a client certificate.
    #[arg(long)]
    no_certificate: bool,
    /// A TCP connection instead of a request.
    #[arg(long, conflicts_with_all = ["method", "path", "host", "header", "claim"])]
    tcp: bool,
    /// The method; `GET` by default.
    #[arg(long)]
    method: Option<String>,
    /// The path, including the query if there is one.
    #[arg(long)]
    path: Option<String>,
    /// The authority, with its port if the client sends one.
    #[arg(long)]
    host: Option<String>,
    /// A header; may be repeated, also for several lines of the same header.
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// A claim of the verified token; a value that starts with `[` or `{` is read as JSON.
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
    /// The workload's port.
    #[arg(long)]
    port: Option<u16>,
    /// The address of the direct peer.
    #[arg(long, value_name = "IP")]
    source_ip: Option<IpAddr>,
    /// The address of the original client, as Envoy derives it.
    #[arg(long, value_name = "IP")]
    remote_ip: Option<IpAddr>,
    /// The server name of the TLS handshake.
    #[arg(long, value_name = "NAME", conflicts_with = "plaintext")]
    sni: Option<String>,
}

impl Flags {
    /// Whether any is given.
    pub(super) fn given(&self) -> bool {
        let Self {
            peer,
            plaintext,
            no_certificate,
            tcp,
            method,
            path,
            host,
            header,
            claim,
            port,
            source_ip,
            remote_ip,
            sni,
        } = self;
        let texts = [peer, method, path, host, sni].into_iter().any(Option::is_some);
        let rest = port.is_some() || source_ip.is_some() || remote_ip.is_some();
        texts || rest || *plaintext || *no_certificate || *tcp || !header.is_empty() || !claim.is_empty()
    }

    /// The traffic.
    ///
    /// # Errors
    /// What is missing or malformed.
    pub(super) fn traffic(&self) -> Result<Traffic, Diagnostic> {
        if self.peer.is_none() && !self.plaintext && !self.no_certificate {
            let wrong = Diagnostic::error("the caller is missing");
            return Err(wrong.help("add `--peer spiffe://…`, `--no-certificate` or `--plaintext`"));
        }
        // A text without a scheme is not a URI: a name from a suite, or a principal, would silently match nobody.
        if let Some(peer) = self.peer.as_ref().filter(|peer| !peer.contains(':')) {
            let wrong = Diagnostic::error(format!("`{peer}` is not a URI"));
            return Err(wrong.help("write the whole URI: `--peer spiffe://cluster.local/ns/web/sa/frontend`"));
        }
        let peer = self.peer.as_ref().map(|uri| Peer {
            uri_sans: vec![uri.clone()],
            ..Peer::default()
        });
        let protocol = if self.tcp { Protocol::Tcp } else { Protocol::Http };
        let headers = self.headers()?;
        let http = (protocol == Protocol::Http).then(|| Http {
            method: self.method.clone(),
            host: self.host.clone(),
            path: self.path.clone(),
            headers,
        });
        let endpoint = |ip: Option<IpAddr>, port| Endpoint { ip, port };
        Ok(Traffic {
            protocol,
            source: endpoint(self.source_ip, None),
            remote_ip: self.remote_ip,
            destination: endpoint(None, self.port),
            tls: (!self.plaintext).then(|| Tls {
                sni: self.sni.clone(),
                peer,
            }),
            http,
            jwt: self.jwt()?,
            ..Traffic::default()
        })
    }

    fn headers(&self) -> Result<BTreeMap<String, HeaderLines>, Diagnostic> {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for header in &self.header {
            let Some((name, value)) = header.split_once(':') else {
                let wrong = Diagnostic::error(format!("`{header}` is not a header"));
                return Err(wrong.help("write a name and a value: `--header 'x-team: blue'`"));
            };
            headers
                .entry(name.trim().to_owned())
                .or_default()
                .push(value.trim().to_owned());
        }
        let lines = headers
            .into_iter()
            .map(|(name, lines)| (name, HeaderLines::Several(lines)));
        Ok(lines.collect())
    }

    fn jwt(&self) -> Result<Option<Jwt>, Diagnostic> {
        if self.claim.is_empty() {
            return Ok(None);
        }
        let mut payload = Map::new();
        for claim in &self.claim {
            let wrong = |what: String| {
                Err(Diagnostic::error(what)
                    .help("write a name and a value: `--claim iss=https://issuer.example` or `--claim 'aud=[\"a\"]'`"))
            };
            let Some((name, value)) = claim.split_once('=') else {
                return wrong(format!("`{claim}` is not a claim"));
            };
            let value = if value.starts_with(['[', '{']) {
                match serde_json::from_str(value) {
                    Ok(value) => value,
                    Err(error) => {
                        return wrong(format!("the value of the claim `{name}` is not JSON: {error}"));
                    }
                }
            } else {
                Value::from(value)
            };
            if payload.insert(name.to_owned(), value).is_some() {
                return wrong(format!("the claim `{name}` is given twice"));
            }
        }
        Ok(Some(Jwt::signed(payload)))
    }
}
