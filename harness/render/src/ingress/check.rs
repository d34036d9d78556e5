//! Checks that servers and routes fit together: each host name is answered in one way, and over TLS.

use peerwarden_engine::document::At;
use peerwarden_engine::{Problem, Problems};

use super::host::Host;
use super::route::Route;
use super::server::Server;

/// Refuses inconsistencies.
pub(super) fn all(servers: &[Server], routes: &[Route]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    if servers.is_empty() {
        let problem = Problem::new(
            &At::ROOT.name("workload"),
            "no `Gateway` has a server for this workload",
        );
        problems.push(problem.help(
            "pass the documents with `--gateways`, and give the workload the `labels` that their `selector` names",
        ));
        return Err(problems);
    }
    for (index, server) in servers.iter().enumerate() {
        let before = servers.get(..index).unwrap_or_default();
        ports(server, before, &mut problems);
        hosts(server, before, &mut problems);
        leads(server, servers, routes, &mut problems);
    }
    for (index, route) in routes.iter().enumerate() {
        let at = At::ROOT.name("routes");
        let at = at.index(index);
        let at = at.name("hosts");
        for (place, host) in route.hosts.iter().enumerate() {
            if serving(servers, host).next().is_none() {
                let problem = Problem::new(
                    &at.index(place),
                    format!("no server that ends TLS has the host `{host}`"),
                );
                problems.push(problem.help("add it to the `hosts` of a server with the protocol `HTTPS`"));
            }
        }
    }
    problems.into_result(Some(()))
}

/// A port is for TLS or for plaintext, not both.
fn ports(server: &Server, before: &[Server], problems: &mut Problems) {
    let differs =
        |other: &&Server| other.port == server.port && other.is_plaintext() != server.is_plaintext();
    if let Some(other) = before.iter().find(differs) {
        let at = At::place(&server.place);
        let message = format!(
            "port {} is used for both `HTTP` and `HTTPS`, see {}",
            server.port, other.gateway
        );
        problems.push(Problem::new(&at.name("port"), message).help("use a different port for each"));
    }
}

/// A name on a port belongs to one server, as nothing else distinguishes clients.
fn hosts(server: &Server, before: &[Server], problems: &mut Problems) {
    let at = At::place(&server.place);
    let at = at.name("hosts");
    if server.hosts.len() > 1 && server.hosts.contains(&Host::Any) {
        let problem = Problem::new(&at, "`*` matches every host, including the others in this list");
        problems.push(problem.help("remove the others, or move them to another server"));
    }
    for (place, host) in server.hosts.iter().enumerate() {
        let own = server.hosts.get(..place).unwrap_or_default();
        let mut others = before.iter().filter(|other| other.port == server.port);
        if own.contains(host) || others.any(|other| other.hosts.contains(host)) {
            let message = format!("duplicate host `{host}` on port {}", server.port);
            problems.push(Problem::new(&at.index(place), message).help("keep it in one server only"));
        }
    }
}

/// Every host leads somewhere: to an application, or in plaintext to a redirect to TLS.
fn leads(server: &Server, servers: &[Server], routes: &[Route], problems: &mut Problems) {
    let at = At::place(&server.place);
    let at = at.name("hosts");
    for (place, host) in server.hosts.iter().enumerate() {
        let at = at.index(place);
        if server.is_plaintext() {
            if serving(servers, host).next().is_none() {
                let problem = Problem::new(
                    &at,
                    format!("`{host}` is redirected to TLS, but no server ends TLS for it"),
                );
                problems.push(problem.help("add a server with the protocol `HTTPS` for it"));
            }
        } else if !routes
            .iter()
            .flat_map(|route| &route.hosts)
            .any(|route| route.meets(host))
        {
            let problem = Problem::new(&at, format!("`{host}` has no route"));
            problems.push(problem.help("add it to `routes` in the description"));
        }
    }
}

/// The servers that terminate TLS for a host, or for a part of its wildcard.
pub(super) fn serving<'s>(servers: &'s [Server], host: &Host) -> impl Iterator<Item = &'s Server> {
    let meets = move |server: &&Server| server.hosts.iter().any(|other| other.meets(host));
    servers
        .iter()
        .filter(|server| !server.is_plaintext())
        .filter(meets)
}
