//! The decisions that are measured.

use anyhow::{Result, bail};
use peerwarden_host::{
    Connection, HttpOutcome, Module, PeerCertificate, PluginOptions, Request, TcpOptions, Tls, Vm, VmOptions,
};
use serde_json::{Value, json};

use crate::table::Row;

const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";
const BACKEND: &str = "spiffe://cluster.local/ns/shop/sa/backend";

/// One decision.
pub(crate) struct Case {
    pub(crate) name: String,
    protocol: &'static str,
    resources: Value,
    caller: &'static str,
    allowed: bool,
}

/// From one policy on the peer's identity to a hundred on all there is.
pub(crate) fn all() -> Vec<Case> {
    let identity = || {
        json!([policy(
            0,
            json!({"from": [{"source": {"principals": [principal(FRONTEND)]}}]})
        )])
    };
    let full = |number: usize| {
        let rule = |caller: &str, path: &str| {
            json!({
                "from": [{"source": {"principals": [principal(caller)]}}],
                "to": [{"operation": {"methods": ["GET"], "paths": [path]}}],
            })
        };
        let mut policies: Vec<Value> = (1..number)
            .map(|index| {
                let caller = format!("spiffe://cluster.local/ns/web/sa/other-{index}");
                policy(index, rule(&caller, &format!("/other/{index}")))
            })
            .collect();
        policies.push(policy(number, rule(FRONTEND, "/orders*")));
        Value::from(policies)
    };
    let case = |name: &str, protocol, resources, caller, allowed| Case {
        name: name.to_owned(),
        protocol,
        resources,
        caller,
        allowed,
    };
    vec![
        case("HTTP, no policy: allow", "http", json!([]), FRONTEND, true),
        case("HTTP, identity: allow", "http", identity(), FRONTEND, true),
        case("HTTP, identity: deny", "http", identity(), BACKEND, false),
        case(
            "HTTP, identity, method and path: allow",
            "http",
            full(1),
            FRONTEND,
            true,
        ),
        case("HTTP, 100 policies: allow", "http", full(100), FRONTEND, true),
        case("HTTP, 100 policies: deny", "http", full(100), BACKEND, false),
        case("TCP, identity: allow", "tcp", identity(), FRONTEND, true),
        case("TCP, identity: deny", "tcp", identity(), BACKEND, false),
        case("TCP, data after the decision", "tcp", identity(), FRONTEND, true),
    ]
}

fn principal(uri: &str) -> &str {
    uri.trim_start_matches("spiffe://")
}

fn policy(index: usize, rule: Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": format!("policy-{index:04}"), "namespace": "shop"},
        "spec": {"rules": [rule]},
    })
}

impl Case {
    /// Decides three times and takes the last: the first also defines counters.
    pub(crate) fn measure(&self, module: &Module) -> Result<Row> {
        let mut vm = Vm::new(module, VmOptions::default())?;
        let workload = json!({"namespace": "shop"});
        let configuration =
            json!({"workload": workload, "resources": self.resources, "protocol": self.protocol});
        let plugin = vm.configure(PluginOptions {
            configuration: configuration.to_string().into_bytes(),
            ..PluginOptions::default()
        })?;
        let connection = Connection {
            tls: Some(Tls {
                peer: Some(PeerCertificate {
                    uri_sans: vec![self.caller.to_owned()],
                    ..PeerCertificate::default()
                }),
                ..Tls::default()
            }),
            ..Connection::default()
        };
        let mut records = Vec::new();
        for _ in 0..3 {
            vm.take_accounting();
            let allowed = if self.protocol == "http" {
                let request = [
                    (":method", "GET"),
                    (":path", "/orders/1"),
                    (":scheme", "https"),
                    (":authority", "orders"),
                ];
                let stream = vm.http_stream(plugin, &connection, Request::new(request))?;
                let outcome = vm.request_headers(stream)?;
                vm.close(stream)?;
                outcome == HttpOutcome::Continue
            } else {
                let id = vm.tcp_connection(plugin, &connection, TcpOptions::default())?;
                vm.handshake_done(id)?;
                vm.downstream_data(id, b"hello", false)?;
                if self.name.ends_with("after the decision") {
                    vm.take_accounting();
                    vm.downstream_data(id, b"more", false)?;
                    records = vm.take_accounting();
                    vm.close(id)?;
                    continue;
                }
                let open = !vm.record(id)?.closed();
                vm.close(id)?;
                open
            };
            if allowed != self.allowed {
                bail!("decided otherwise than expected");
            }
            records = vm.take_accounting();
        }
        if let Some(failure) = vm.failure() {
            bail!("{failure}");
        }
        Ok(Row {
            name: self.name.clone(),
            host_calls: records.iter().map(|record| u64::from(record.calls())).sum(),
            bytes: records
                .iter()
                .map(|record| record.bytes_in + record.bytes_out)
                .sum::<usize>() as u64,
            fuel: records.iter().map(|record| record.fuel).sum(),
        })
    }
}
