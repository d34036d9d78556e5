//! The listener and clusters that answer the probes.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::handler::Handler;
use super::{Probe, Probes};
use crate::description::{Endpoint, Port};
use crate::template::{self, TemplateError};

impl Probes {
    pub(crate) fn listener(&self, address: IpAddr, discovered: bool) -> Result<String, TemplateError> {
        let probes: Vec<Value> = self
            .probes
            .iter()
            .map(|probe| {
                let mut context = probe.context();
                context["only"] = template::fill("probes/only.yaml", json!({"path": probe.path}))?.into();
                Ok(context)
            })
            .collect::<Result<_, TemplateError>>()?;
        let context =
            json!({"port": self.port, "address": address, "discovered": discovered, "probes": probes});
        template::fill("probes/listener.yaml", context)
    }

    /// The cluster of each probe: the application behind the port, as in the description, or on loopback.
    pub(crate) fn clusters(&self, ports: &[Port], discovered: bool) -> Result<String, TemplateError> {
        let cluster = |probe: &Probe| {
            let number = probe.handler.port();
            let known = ports.iter().find(|port| port.port == number);
            let endpoint = known.map_or_else(
                || Endpoint {
                    host: "127.0.0.1".to_owned(),
                    port: number,
                    by_name: false,
                },
                |port| port.upstream.clone(),
            );
            let mut context = probe.context();
            context["discovered"] = discovered.into();
            context["endpoint"] = json!(endpoint);
            template::fill("probes/cluster.yaml", context)
        };
        self.probes.iter().map(cluster).collect()
    }
}

impl Probe {
    fn context(&self) -> Value {
        let mut context = json!({
            "name": self.name,
            "path": self.path,
            "says": self.says,
            "timeout": format!("{}s", self.timeout),
            "watch": null,
            "watched": false,
            "tls": false,
        });
        match &self.handler {
            Handler::Http {
                path,
                tls,
                host,
                headers,
                ..
            } => {
                context["target"] = path.as_str().into();
                context["tls"] = (*tls).into();
                context["host"] = json!(host);
                context["headers"] = added(headers);
            }
            Handler::Tcp { .. } => {
                context["watched"] = true.into();
                context["watch"] = json!({"tcp": true});
            }
            Handler::Grpc { service, .. } => {
                context["watched"] = true.into();
                context["watch"] = json!({"grpc": service});
            }
        }
        context
    }
}

/// Each header replaces the kubelet's own, and comes after the probe's own headers.
fn added(headers: &[(String, String)]) -> Value {
    let mut seen = BTreeSet::new();
    let header = |(name, value): &(String, String)| {
        let first = seen.insert(name.to_ascii_lowercase());
        let action = if first {
            "OVERWRITE_IF_EXISTS_OR_ADD"
        } else {
            "APPEND_IF_EXISTS_OR_ADD"
        };
        // Envoy replaces text between percent signs.
        json!({"name": name, "value": value.replace('%', "%%"), "action": action})
    };
    headers.iter().map(header).collect()
}
