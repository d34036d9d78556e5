//! Turns shorthands and descriptions of peers and requests into traffic.

use peerwarden_traffic::{Http, Peer, Protocol, Tls, Traffic};

use crate::suite_file::{Caller, CallerFields, Request, RequestFields};

/// What is wrong, and what to write instead.
pub(super) type Mistake = (String, String);

/// Refuses impossible traffic.
pub(super) fn checked(traffic: Traffic) -> Result<Traffic, Mistake> {
    match traffic.check() {
        Ok(()) => Ok(traffic),
        Err(impossible) => Err((impossible.message(), impossible.help().to_owned())),
    }
}

/// The traffic that `peer` sends when it makes `request`.
pub(super) fn traffic<'n>(
    peer: Option<&Caller>,
    request: &Request,
    names: impl Iterator<Item = &'n String>,
) -> Result<Traffic, Mistake> {
    let mut traffic = match request {
        Request::Line(line) => from_line(line).ok_or_else(|| {
            let message = format!("`{line}` is neither a name from `requests` nor `METHOD /path`");
            (
                message,
                format!("{}; in short `GET /path` or `tcp 5432`", known(names)),
            )
        })?,
        Request::Full(asked) => from_asked(asked)?,
    };
    match peer {
        None => {}
        Some(Caller::Word(word)) => traffic.tls = tls_of_word(word, traffic.tls.take())?,
        Some(Caller::Described(described)) => describe(described, &mut traffic)?,
    }
    Ok(traffic)
}

pub(super) fn from_line(line: &str) -> Option<Traffic> {
    let (first, second) = line.split_once(' ')?;
    if first == "tcp" {
        let mut traffic = Traffic {
            protocol: Protocol::Tcp,
            ..Traffic::default()
        };
        traffic.destination.port = Some(second.parse().ok()?);
        return Some(traffic);
    }
    let is_method = !first.is_empty()
        && first
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    (is_method && second.starts_with('/') && !second.contains(' ')).then(|| Traffic {
        http: Some(Http {
            method: Some(first.to_owned()),
            path: Some(second.to_owned()),
            ..Http::default()
        }),
        ..Traffic::default()
    })
}

fn from_asked(asked: &RequestFields) -> Result<Traffic, Mistake> {
    let short =
        asked.method.is_some() || asked.host.is_some() || asked.path.is_some() || !asked.headers.is_empty();
    if short && asked.http.is_some() {
        let message = "`http` is used together with fields that belong to it".to_owned();
        return Err((
            message,
            "put `method`, `host`, `path` and `headers` in one place".to_owned(),
        ));
    }
    if asked.port.is_some() && asked.destination.port.is_some() {
        return Err((
            "`port` and `destination.port` are both given".to_owned(),
            "remove one of them".to_owned(),
        ));
    }
    let http = if short {
        Some(Http {
            method: asked.method.clone(),
            host: asked.host.clone(),
            path: asked.path.clone(),
            headers: asked.headers.clone(),
        })
    } else {
        asked.http.clone()
    };
    let path = http.as_ref().and_then(|http| http.path.as_deref());
    if let Some(path) = path.filter(|path| !path.starts_with('/') && *path != "*") {
        return Err((
            format!("the path `{path}` does not start with `/`"),
            "write the path as in the request line, without scheme and host".to_owned(),
        ));
    }
    let mut destination = asked.destination;
    destination.port = destination.port.or(asked.port);
    Ok(Traffic {
        protocol: asked.protocol,
        source: asked.source,
        remote_ip: asked.remote_ip,
        destination,
        tls: asked.sni.as_ref().map(|sni| Tls {
            sni: Some(sni.clone()),
            peer: None,
        }),
        http,
        jwt: asked.jwt.clone(),
        dynamic_metadata: asked.dynamic_metadata.clone(),
        authorizers: asked.authorizers.clone(),
    })
}

/// Whether a word describes a caller by itself.
pub(super) fn is_caller(word: &str) -> bool {
    matches!(word, "plaintext" | "no-certificate") || word.contains("://")
}

/// `plaintext`, `no-certificate`, or a URI SAN; the server name stays as in the request.
fn tls_of_word(word: &str, asked: Option<Tls>) -> Result<Option<Tls>, Mistake> {
    let sni = asked.and_then(|tls| tls.sni);
    match word {
        "plaintext" => match sni {
            None => Ok(None),
            Some(_) => Err(("a plaintext connection has no `sni`".to_owned(), "remove it".to_owned())),
        },
        "no-certificate" => Ok(Some(Tls { sni, peer: None })),
        uri if uri.contains("://") => Ok(Some(Tls {
            sni,
            peer: Some(Peer {
                uri_sans: vec![uri.to_owned()],
                ..Peer::default()
            }),
        })),
        other => Err((
            format!("`{other}` is not a peer"),
            "write `plaintext`, `no-certificate`, a SPIFFE ID such as `spiffe://cluster.local/ns/web/sa/frontend`, or a mapping"
                .to_owned(),
        )),
    }
}

fn describe(described: &CallerFields, traffic: &mut Traffic) -> Result<(), Mistake> {
    if let Some(uri) = &described.spiffe {
        if described.tls.as_ref().is_some_and(|tls| tls.peer.is_some()) {
            return Err((
                "the peer has both `spiffe` and `tls.peer`".to_owned(),
                "remove one of them".to_owned(),
            ));
        }
        let mut tls = described.tls.clone().unwrap_or_default();
        tls.peer = Some(Peer {
            uri_sans: vec![uri.clone()],
            ..Peer::default()
        });
        tls.sni = tls.sni.or_else(|| traffic.tls.take().and_then(|tls| tls.sni));
        traffic.tls = Some(tls);
    } else if let Some(tls) = &described.tls {
        let sni = tls
            .sni
            .clone()
            .or_else(|| traffic.tls.take().and_then(|tls| tls.sni));
        traffic.tls = Some(Tls { sni, ..tls.clone() });
    }
    if let Some(source) = described.source {
        traffic.source = source;
    }
    traffic.remote_ip = described.remote_ip.or(traffic.remote_ip);
    if described.jwt.is_some() && traffic.protocol == Protocol::Http {
        traffic.jwt.clone_from(&described.jwt);
    }
    Ok(())
}

/// How many names a message lists: a suite may have thousands, and as many messages.
const LISTED: usize = 20;

/// The available names, for help.
pub(super) fn known<'n>(mut names: impl Iterator<Item = &'n String>) -> String {
    let listed: Vec<String> = names
        .by_ref()
        .take(LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = if names.next().is_some() { ", …" } else { "" };
    if listed.is_empty() {
        "the suite has none".to_owned()
    } else {
        format!("known: {}{more}", listed.join(", "))
    }
}
