//! Whatever is certain for a line holds whatever the line does not contain: random traffic is written as Envoy writes
//! it in random formats, read again, and compared with the engine's decision on the complete traffic.

use std::net::IpAddr;

use peerwarden_documents::documents::Document;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::Source;
use peerwarden_engine::{Lookup, Peer, Traffic, Verdict};

use super::Policies;
use crate::access_log::LogFormat;

const URIS: [&str; 3] = ["spiffe://td/ns/web/sa/frontend", "spiffe://td/ns/shop/sa/b", "-"];
const TEXTS: [&str; 6] = ["-", "blue", "x\" \"y", "", "a.b", "blue\" \"-\" \"/a"];
const PATHS: [&str; 5] = ["/a", "/a/b?x=1", "/b", "-", "/a\" \"GET"];
const METHODS: [&str; 3] = ["GET", "POST", "-"];
const IPS: [&str; 2] = ["10.0.0.7", "2001:db8::7"];

/// Fields with values that occur in traffic, and others.
const CLAUSES: [&str; 22] = [
    r#""from": [{"source": {"principals": ["td/ns/web/sa/frontend"]}}]"#,
    r#""from": [{"source": {"notPrincipals": ["td/ns/web/sa/frontend"]}}]"#,
    r#""from": [{"source": {"principals": ["*"]}}]"#,
    r#""from": [{"source": {"notPrincipals": ["*"]}}]"#,
    r#""from": [{"source": {"namespaces": ["shop"]}}]"#,
    r#""from": [{"source": {"notNamespaces": ["shop"]}}]"#,
    r#""from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]"#,
    r#""from": [{"source": {"notRemoteIpBlocks": ["10.0.0.0/8"]}}]"#,
    r#""to": [{"operation": {"paths": ["/a*"]}}]"#,
    r#""to": [{"operation": {"notPaths": ["-"]}}]"#,
    r#""to": [{"operation": {"methods": ["GET", "-"]}}]"#,
    r#""to": [{"operation": {"notMethods": ["GET"]}}]"#,
    r#""to": [{"operation": {"hosts": ["a.b"]}}]"#,
    r#""to": [{"operation": {"notHosts": ["-"]}}]"#,
    r#""to": [{"operation": {"ports": ["80"]}}]"#,
    r#""to": [{"operation": {"notPorts": ["80"]}}]"#,
    r#""when": [{"key": "request.headers[x-team]", "values": ["blue", "-"]}]"#,
    r#""when": [{"key": "request.headers[x-team]", "notValues": ["*"]}]"#,
    r#""when": [{"key": "connection.sni", "values": ["*"]}]"#,
    r#""when": [{"key": "connection.sni", "notValues": ["-"]}]"#,
    r#""when": [{"key": "destination.ip", "values": ["2001:db8::/32"]}]"#,
    r#""when": [{"key": "request.auth.principal", "values": ["*"]}]"#,
];

/// The operators of random formats; [`written`] writes their values.
const OPERATORS: [&str; 13] = [
    "%REQ(:METHOD)%",
    "%REQ(:PATH)%",
    "%PROTOCOL%",
    "%REQ(:AUTHORITY)%",
    "%REQ(X-TEAM)%",
    "%REQ(X-TEAM):3%",
    "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
    "%DOWNSTREAM_REMOTE_ADDRESS%",
    "%DOWNSTREAM_LOCAL_ADDRESS%",
    "%REQUESTED_SERVER_NAME%",
    "%DOWNSTREAM_PEER_URI_SAN%",
    "%DOWNSTREAM_TLS_VERSION%",
    "%DOWNSTREAM_PEER_FINGERPRINT_256%",
];

struct Random(fastrand::Rng);

impl Random {
    fn pick<'t, T>(&mut self, values: &'t [T]) -> &'t T {
        self.0.choice(values).unwrap()
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Lookup<T> {
        if self.0.u8(..4) == 0 {
            Lookup::Missing
        } else {
            Lookup::Found(value(self))
        }
    }

    fn traffic(&mut self, http: bool) -> Traffic {
        let peer = match self.0.u8(..8) {
            0..3 => Lookup::Missing,
            3 => Lookup::Found(Peer::default()),
            4 => Lookup::Found(Peer {
                dns_sans: vec![b"a.b".to_vec()],
                ..Peer::default()
            }),
            _ => Lookup::Found(Peer::from_uri(*self.pick(&URIS[..2]))),
        };
        let tls = peer != Lookup::Missing || self.0.bool();
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        let mut header = |name: &str, value: &str| headers.push((name.to_owned(), value.as_bytes().to_vec()));
        header(":method", self.pick::<&str>(&METHODS));
        header(":path", self.pick::<&str>(&PATHS));
        for name in [":authority", "x-team"] {
            if let Lookup::Found(value) = self.maybe(|random| *random.pick(&TEXTS)) {
                header(name, value);
            }
        }
        let mut ip = || self.pick(&IPS).parse::<IpAddr>().unwrap();
        let (source_ip, remote_ip, destination_ip) = (ip(), ip(), ip());
        let sni = if tls {
            self.maybe(|random| random.pick(&["-", "a.b"]).as_bytes().to_vec())
        } else {
            Lookup::Missing
        };
        Traffic {
            peer,
            tls: Lookup::Found(tls),
            source_ip: Lookup::Found(source_ip),
            remote_ip: Lookup::Found(remote_ip),
            destination_ip: Lookup::Found(destination_ip),
            destination_port: Lookup::Found(*self.pick(&[80, 3306])),
            sni,
            headers: if http {
                Lookup::Found(headers)
            } else {
                Lookup::Missing
            },
            ..Traffic::default()
        }
    }

    fn policies(&mut self) -> String {
        let mut documents = Vec::new();
        for index in 0..self.0.usize(1..4) {
            let action = self.pick(&["ALLOW", "DENY"]);
            let mut parts: Vec<&str> = Vec::new();
            for _ in 0..self.0.usize(1..4) {
                let part = *self.pick(&CLAUSES);
                let key = |part: &str| part.split(':').next().unwrap_or_default().to_owned();
                parts.retain(|own| key(own) != key(part));
                parts.push(part);
            }
            documents.push(format!(
                r#"{{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
                "metadata": {{"name": "p{index}", "namespace": "shop"}},
                "spec": {{"action": "{action}", "rules": [{{{}}}]}}}}"#,
                parts.join(", ")
            ));
        }
        if self.0.u8(..4) == 0 {
            let mode = self.pick(&["STRICT", "DISABLE"]);
            documents.push(format!(
                r#"{{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
                "metadata": {{"name": "m", "namespace": "shop"}}, "spec": {{"mtls": {{"mode": "{mode}"}}}}}}"#
            ));
        }
        documents.join("\n---\n")
    }
}

/// The text that Envoy writes for an operator.
fn written(operator: &str, traffic: &Traffic) -> String {
    let header = |name: &str| match &traffic.headers {
        Lookup::Found(headers) => {
            let own = headers.iter().find(|(own, _)| own == name);
            own.map_or_else(
                || "-".to_owned(),
                |(_, value)| String::from_utf8(value.clone()).unwrap(),
            )
        }
        Lookup::Missing | Lookup::Unavailable => "-".to_owned(),
    };
    let address = |ip: &Lookup<IpAddr>, port: u16| match ip {
        Lookup::Found(ip) => std::net::SocketAddr::new(*ip, port).to_string(),
        Lookup::Missing | Lookup::Unavailable => "-".to_owned(),
    };
    let port = match traffic.destination_port {
        Lookup::Found(port) => port,
        Lookup::Missing | Lookup::Unavailable => 0,
    };
    let (peer, tls) = (&traffic.peer, traffic.tls == Lookup::Found(true));
    let or_dash = |shown: bool, text: &str| if shown { text } else { "-" }.to_owned();
    match operator {
        "%REQ(:METHOD)%" => header(":method"),
        "%REQ(:PATH)%" => header(":path"),
        "%PROTOCOL%" => or_dash(traffic.headers != Lookup::Missing, "HTTP/1.1"),
        "%REQ(:AUTHORITY)%" => header(":authority"),
        "%REQ(X-TEAM)%" => header("x-team"),
        "%REQ(X-TEAM):3%" => header("x-team").chars().take(3).collect(),
        "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%" => address(&traffic.source_ip, 40_000),
        "%DOWNSTREAM_REMOTE_ADDRESS%" => address(&traffic.remote_ip, 0),
        "%DOWNSTREAM_LOCAL_ADDRESS%" => address(&traffic.destination_ip, port),
        "%REQUESTED_SERVER_NAME%" => match &traffic.sni {
            Lookup::Found(sni) => String::from_utf8(sni.clone()).unwrap(),
            Lookup::Missing | Lookup::Unavailable => "-".to_owned(),
        },
        "%DOWNSTREAM_PEER_URI_SAN%" => match peer {
            Lookup::Found(peer) => {
                let uri = peer.uri_sans.first();
                uri.map_or_else(|| "-".to_owned(), |uri| String::from_utf8(uri.clone()).unwrap())
            }
            Lookup::Missing | Lookup::Unavailable => "-".to_owned(),
        },
        "%DOWNSTREAM_TLS_VERSION%" => or_dash(tls, "TLSv1.3"),
        "%DOWNSTREAM_PEER_FINGERPRINT_256%" => or_dash(*peer != Lookup::Missing, "0abc"),
        other => panic!("nothing is written for {other}"),
    }
}

#[test]
fn what_is_known_of_a_line_is_so() {
    let mut random = Random(fastrand::Rng::with_seed(7));
    let (mut known, mut unknown, mut unread) = ([0, 0], 0, 0);
    for _ in 0..400 {
        let source = Source::new("policies.yaml", random.policies());
        let nodes = peerwarden_documents::yaml::documents(&source).unwrap();
        let workload = Source::new("workload.yaml", "namespace: shop");
        let document = |source: &std::sync::Arc<Source>, node| Document {
            source: std::sync::Arc::clone(source),
            node,
        };
        let setup = Setup {
            workload: peerwarden_documents::yaml::documents(&workload)
                .unwrap()
                .pop()
                .map(|node| document(&workload, node)),
            resources: nodes.into_iter().map(|node| document(&source, node)).collect(),
            ..Setup::default()
        };
        let policies = Policies::new(&setup).unwrap();
        for _ in 0..20 {
            let mut operators = OPERATORS.to_vec();
            random.0.shuffle(&mut operators);
            operators.truncate(random.0.usize(1..=OPERATORS.len()));
            let quoted: Vec<String> = operators
                .iter()
                .map(|operator| format!("\"{operator}\""))
                .collect();
            let format = LogFormat::parse(&quoted.join(" ")).unwrap();
            let http = random.0.u8(..5) > 0;
            let traffic = random.traffic(http);
            let line: Vec<String> = operators
                .iter()
                .map(|operator| format!("\"{}\"", written(operator, &traffic)))
                .collect();
            let line = line.join(" ");
            let Ok(entry) = format.read(line.as_bytes()) else {
                unread += 1;
                continue;
            };
            let program = if http { &policies.http } else { &policies.tcp };
            let decision = program.judge(&traffic, &traffic).decision;
            match policies.judge(&entry).verdict {
                None => unknown += 1,
                Some(allowed) => {
                    assert_eq!(
                        allowed,
                        decision.verdict == Verdict::Allow,
                        "{line}\n{}\n{traffic:?}\n{entry:?}",
                        source.text
                    );
                    known[usize::from(allowed)] += 1;
                }
            }
        }
    }
    println!("denied, allowed: {known:?}, unknown: {unknown}, not read: {unread}");
    assert!(
        known.iter().all(|known| *known > 400) && unknown > 400,
        "{known:?} {unknown}"
    );
    assert!(unread < 200, "{unread}");
}
