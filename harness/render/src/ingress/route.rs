//! Routes: the applications that answer for hosts.

use std::collections::BTreeMap;

use peerwarden_engine::document::{At, Fields, Value};
use peerwarden_engine::{Problem, Problems};

use super::host::Host;
use crate::description::{Endpoint, PortProtocol};

/// Hosts, and the application that answers for them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) hosts: Vec<Host>,
    pub(super) upstream: Endpoint,
    pub(super) http2: bool,
}

impl Route {
    /// The name of its cluster; no other route has the same first host.
    pub(super) fn cluster(&self) -> String {
        let first = self.hosts.first().map(Host::to_string).unwrap_or_default();
        format!("ingress-{first}")
    }

    /// Reads `routes`: at least one, each host only once.
    pub(super) fn read_all(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Vec<Self> {
        let at = at.name("routes");
        let before = problems.len();
        let values = fields.list("routes", problems).unwrap_or(&[]);
        if values.is_empty() && problems.len() == before {
            let problem = Problem::new(&at, "`routes` is missing or empty");
            problems.push(problem.help(
                "write the routes: `routes: [{hosts: [shop.example.com], upstream: \"127.0.0.1:18080\"}]`",
            ));
        }
        let read = |(index, value)| Self::read(value, &at.index(index), problems);
        let routes: Vec<Self> = values.iter().enumerate().filter_map(read).collect();
        let mut seen = BTreeMap::new();
        for (index, route) in routes.iter().enumerate() {
            for (place, host) in route.hosts.iter().enumerate() {
                if let Some(first) = seen.insert(host.clone(), index) {
                    let at = at.index(index);
                    let at = at.name("hosts");
                    let problem = Problem::new(
                        &at.index(place),
                        format!("`{host}` is also a host of `routes[{first}]`"),
                    );
                    problems.push(problem.help("remove one of the two: a host has one route"));
                }
            }
        }
        routes
    }

    fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let hosts = read_hosts(&mut fields, at, problems);
        let upstream = Endpoint::upstream(&mut fields, at, problems);
        let at_protocol = at.name("protocol");
        let protocol = match fields.text("protocol", problems) {
            Some(text) => PortProtocol::read(text, &at_protocol, problems),
            None => Some(PortProtocol::Http),
        };
        let protocol = protocol.filter(|protocol| {
            if !protocol.is_http() {
                let problem = Problem::new(&at_protocol, "routes are for HTTP only");
                problems.push(problem.help("write `HTTP`, `HTTP2` or `GRPC`"));
            }
            protocol.is_http()
        });
        fields.finish(problems);
        Some(Self {
            hosts,
            upstream: upstream?,
            http2: protocol? == PortProtocol::Http2,
        })
    }
}

/// Reads `hosts`: at least one.
pub(super) fn read_hosts(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Vec<Host> {
    let at = at.name("hosts");
    let before = problems.len();
    let values = fields.list("hosts", problems).unwrap_or(&[]);
    if values.is_empty() && problems.len() == before {
        let problem = Problem::new(&at, "`hosts` is missing or empty");
        problems.push(problem.help("write the hosts that clients request: `hosts: [shop.example.com]`"));
    }
    let read = |(index, value)| Host::read(value, &at.index(index), problems);
    values.iter().enumerate().filter_map(read).collect()
}
