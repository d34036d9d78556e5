//! One port: its listener, with a filter chain for each server.

use serde_json::json;

use super::host::Host;
use super::server::{Server, ServerAction};
use super::virtual_host::{self, RouteAction};
use super::{Ingress, check};
use crate::bootstrap::Layout;
use crate::refusal_log;
use crate::template::{self, TemplateError};

/// The port of HTTPS, which is left out of addresses.
const HTTPS: u16 = 443;

impl Ingress {
    pub(super) fn listener(
        &self,
        port: u16,
        servers: &[&Server],
        layout: Layout<'_>,
    ) -> Result<String, TemplateError> {
        let plaintext = servers.iter().any(|server| server.is_plaintext());
        let chains: Vec<_> = if plaintext {
            vec![self.redirects(servers)]
        } else {
            servers
                .iter()
                .map(|server| self.serves(server, servers))
                .collect()
        };
        let proxy = &self.description.proxy;
        // Plaintext clients are redirected, whoever they are: there is nothing to decide.
        let deciding = self.plugins.first().filter(|_| !plaintext);
        let filter = deciding.map(|plugin| plugin.filter(&proxy.module, layout));
        let context = json!({
            "name": format!("ingress-{port}"),
            "says": if plaintext { "plaintext, which is redirected to TLS" } else { "TLS only" },
            "port": port,
            "address": proxy.address,
            "discovered": layout.is_discovered(),
            "tls": !plaintext,
            "chains": chains,
            "http": true,
            "edge": {"trusted_proxies": self.description.trusted_proxies},
            "routes": "ingress/routes.yaml",
            "filter": filter.transpose()?,
            "tokens": self.tokens.filters()?,
            "refused_limit": refusal_log::limit(proxy, layout),
            "access_log": proxy.access_log,
            "underscores": proxy.underscores.action(),
        });
        template::fill("ingress/listener.yaml", context)
    }

    /// The filter chain for clients that request a server's names.
    fn serves(&self, server: &Server, servers: &[&Server]) -> serde_json::Value {
        let tls = match &server.does {
            ServerAction::Serves(tls) => Some(tls),
            ServerAction::Redirects => None,
        };
        let mutual = tls.is_some_and(|tls| tls.validation.is_some());
        let hosts = virtual_host::of(server, servers, &self.description.routes);
        let virtual_hosts = hosts.iter().map(|host| {
            let (says, cluster, status) = match host.leads {
                RouteAction::To(route) => (format!("To {}.", route.upstream), Some(route.cluster()), None),
                RouteAction::Nowhere => ("No application serves these hosts.".to_owned(), None, Some(404)),
                RouteAction::Elsewhere => (
                    "Not a host of this server: the client uses the wrong connection (RFC 9110, 15.5.20)."
                        .to_owned(),
                    None,
                    Some(421),
                ),
            };
            json!({
                "name": name(&host.domains),
                "says": says,
                "domains": texts(&host.domains),
                "cluster": cluster,
                "status": status,
            })
        });
        // Clients without a server name are for the server of all names.
        let all = server.hosts.contains(&Host::Any);
        json!({
            "name": format!("{} {}", server.gateway, name(&server.hosts)),
            "says": format!(
                "{} of {}: {}.",
                if mutual { "MUTUAL" } else { "SIMPLE" },
                server.gateway,
                texts(&server.hosts).join(", ")
            ),
            "server_names": if all { Vec::new() } else { texts(&server.hosts) },
            "tls": tls,
            "mutual_tls": mutual,
            "virtual_hosts": virtual_hosts.collect::<Vec<_>>(),
        })
    }

    /// The one filter chain for plaintext.
    fn redirects(&self, servers: &[&Server]) -> serde_json::Value {
        let hosts = servers.iter().flat_map(|server| &server.hosts);
        let virtual_hosts = hosts.map(|host| {
            let ports: Vec<u16> = check::serving(&self.servers, host)
                .map(|server| server.port)
                .collect();
            // 443 is the default port of `https`.
            let to = ports.iter().find(|port| **port == HTTPS).or(ports.iter().min());
            json!({
                "name": host.to_string(),
                "says": "Moved permanently, to the same URL over TLS.",
                "domains": [host.to_string()],
                "cluster": null,
                "status": null,
                "port": to,
            })
        });
        json!({
            "name": "plaintext",
            "says": "Requests get a redirect only, and 404 for any other host.",
            "tls": null,
            "mutual_tls": false,
            "virtual_hosts": virtual_hosts.collect::<Vec<_>>(),
        })
    }
}

fn texts(hosts: &[Host]) -> Vec<String> {
    hosts.iter().map(Host::to_string).collect()
}

fn name(hosts: &[Host]) -> String {
    hosts.first().map(Host::to_string).unwrap_or_default()
}
