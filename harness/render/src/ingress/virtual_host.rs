//! The hosts that a server answers for, and how: never a host that belongs to another server on the same port, as that server may
//! require a certificate and this one not.

use super::host::Host;
use super::route::Route;
use super::server::Server;

/// The hosts of one route, or of none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct VirtualHost<'r> {
    pub(super) domains: Vec<Host>,
    pub(super) leads: RouteAction<'r>,
}

/// Where requests for these hosts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RouteAction<'r> {
    /// To an application.
    To(&'r Route),
    /// The host belongs to the server, but no application answers for it.
    Nowhere,
    /// The host belongs to another server: the client uses the wrong connection (421, RFC 9110, 15.5.20).
    Elsewhere,
}

/// The virtual hosts of a server, given all servers of its port. There is always one for `*`.
///
/// Envoy takes the most specific domain that covers a name. All domains at which an answer can change are considered: the hosts of
/// the servers and of the routes, and `*`.
pub(super) fn of<'r>(server: &Server, servers: &[&Server], routes: &'r [Route]) -> Vec<VirtualHost<'r>> {
    let of_servers = servers.iter().flat_map(|server| &server.hosts);
    let of_routes = routes.iter().flat_map(|route| &route.hosts);
    let mut domains: Vec<&Host> = of_servers.chain(of_routes).chain([&Host::Any]).collect();
    domains.sort();
    domains.dedup();
    let mut found: Vec<VirtualHost<'r>> = Vec::new();
    for domain in domains {
        let leads = if owner(domain, servers).is_some_and(|owner| std::ptr::eq(owner, server)) {
            route(domain, routes).map_or(RouteAction::Nowhere, RouteAction::To)
        } else {
            RouteAction::Elsewhere
        };
        let ours = server.hosts.iter().any(|host| host.covers(domain));
        if leads == RouteAction::Elsewhere && !ours && *domain != Host::Any {
            // The virtual host for `*` has the same result.
            continue;
        }
        match found.iter_mut().find(|host| same(host.leads, leads)) {
            Some(host) => host.domains.push(domain.clone()),
            None => found.push(VirtualHost {
                domains: vec![domain.clone()],
                leads,
            }),
        }
    }
    found.sort_by_key(|host| host.leads == RouteAction::Elsewhere);
    found
}

/// The server to which Envoy gives a client that requests this name.
fn owner<'s>(domain: &Host, servers: &[&'s Server]) -> Option<&'s Server> {
    let exactness = |server: &Server| {
        let covering = server.hosts.iter().filter(|host| host.covers(domain));
        covering.map(Host::exactness).max()
    };
    let covering = servers
        .iter()
        .filter_map(|server| Some((exactness(server)?, *server)));
    covering
        .max_by_key(|(exactness, _)| *exactness)
        .map(|(_, server)| server)
}

fn route<'r>(domain: &Host, routes: &'r [Route]) -> Option<&'r Route> {
    let hosts = routes
        .iter()
        .flat_map(|route| route.hosts.iter().map(move |host| (host, route)));
    let covering = hosts.filter(|(host, _)| host.covers(domain));
    covering
        .max_by_key(|(host, _)| host.exactness())
        .map(|(_, route)| route)
}

fn same(left: RouteAction<'_>, right: RouteAction<'_>) -> bool {
    match (left, right) {
        (RouteAction::To(left), RouteAction::To(right)) => std::ptr::eq(left, right),
        (RouteAction::Nowhere, RouteAction::Nowhere) | (RouteAction::Elsewhere, RouteAction::Elsewhere) => {
            true
        }
        (RouteAction::To(_) | RouteAction::Nowhere | RouteAction::Elsewhere, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use peerwarden_engine::Problems;
    use peerwarden_engine::document::{At, Path, Value};

    use super::*;
    use crate::description::Endpoint;
    use crate::ingress::server::ServerAction;

    fn hosts(names: &[&str]) -> Vec<Host> {
        let read = |name: &&str| {
            let value = Value::String((*name).to_owned());
            Host::read(&value, &At::ROOT, &mut Problems::default()).expect("a host")
        };
        names.iter().map(read).collect()
    }

    fn server(names: &[&str]) -> Server {
        Server {
            place: Path::default(),
            gateway: String::new(),
            port: 443,
            hosts: hosts(names),
            does: ServerAction::Redirects,
        }
    }

    fn route(names: &[&str]) -> Route {
        Route {
            hosts: hosts(names),
            upstream: Endpoint {
                host: "127.0.0.1".to_owned(),
                port: 80,
                by_name: false,
            },
            http2: false,
        }
    }

    /// A server's answer for a name, as Envoy looks it up among the virtual hosts.
    fn answer(virtual_hosts: &[VirtualHost<'_>], name: &Host) -> String {
        let domains = virtual_hosts
            .iter()
            .flat_map(|host| host.domains.iter().map(|domain| (domain, host.leads)));
        let covering = domains.filter(|(domain, _)| domain.covers(name));
        let (_, leads) = covering
            .max_by_key(|(domain, _)| domain.exactness())
            .expect("one for `*`");
        match leads {
            RouteAction::To(route) => route.cluster(),
            RouteAction::Nowhere => "404".to_owned(),
            RouteAction::Elsewhere => "421".to_owned(),
        }
    }

    #[test]
    fn a_name_of_another_server_is_never_answered() {
        // The second may require a certificate: its name must not be reachable through the first, which has a wildcard
        // and a route that match.
        let (wide, narrow) = (server(&["*.example.com"]), server(&["admin.example.com"]));
        let routes = [route(&["*.example.com"]), route(&["api.example.com"])];
        let servers = [&wide, &narrow];
        let (wide, narrow) = (of(&wide, &servers, &routes), of(&narrow, &servers, &routes));
        for (name, by_wide, by_narrow) in [
            ("admin.example.com", "421", "ingress-*.example.com"),
            ("shop.example.com", "ingress-*.example.com", "421"),
            ("api.example.com", "ingress-api.example.com", "421"),
            ("shop.example.org", "421", "421"),
        ] {
            let name = &hosts(&[name])[0];
            assert_eq!(answer(&wide, name), by_wide, "{name}");
            assert_eq!(answer(&narrow, name), by_narrow, "{name}");
        }
    }

    #[test]
    fn each_name_is_answered_by_the_one_server_that_envoy_gives_it() {
        // All ways to give four names to three servers, each with a route, without one, or with that of a wildcard.
        let names = ["*", "*.example.com", "*.b.example.com", "a.b.example.com"];
        let asked = [
            "a.b.example.com",
            "c.b.example.com",
            "b.example.com",
            "example.com",
            "x.org",
        ];
        for ways in 0..4_usize.pow(4) {
            let of_server = |wanted: usize| -> Vec<&str> {
                let given =
                    |place: &usize| (ways / 4_usize.pow(u32::try_from(*place).expect("small"))) % 4 == wanted;
                (0..4).filter(given).map(|place| names[place]).collect()
            };
            let servers: Vec<Server> = (0..3).map(|wanted| server(&of_server(wanted))).collect();
            let servers: Vec<&Server> = servers.iter().collect();
            let routes = [route(&["*.example.com"]), route(&["a.b.example.com", "x.org"])];
            for name in &hosts(&asked) {
                let answers = servers
                    .iter()
                    .map(|server| answer(&of(server, &servers, &routes), name));
                let answering = answers.filter(|answer| answer != "421").count();
                let covered = servers
                    .iter()
                    .any(|server| server.hosts.iter().any(|host| host.covers(name)));
                assert_eq!(answering, usize::from(covered), "{ways}: {name}");
                let owning = owner(name, &servers).map(|owner| answer(&of(owner, &servers, &routes), name));
                assert_ne!(owning.as_deref(), Some("421"), "{ways}: {name}");
            }
        }
    }
}
