//! The measured decisions.

mod policies;

use anyhow::{Result, bail};
use peerwarden_host::{
    Connection, HttpOutcome, Module, PeerCertificate, PluginId, PluginOptions, Request, TcpOptions, Tls, Vm,
    VmOptions,
};
use serde_json::{Value, json};

use crate::table::Row;
use policies::{
    as_kubernetes_has_them, blocks, leading_wildcards, not_paths, numbered, of_a_mesh, one_caller, other,
    principal, starred_namespaces,
};

const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";

/// Where every caller is.
const CALLER_ADDRESS: &str = "192.0.2.1";

const BACKEND: &str = "spiffe://cluster.local/ns/shop/sa/backend";

/// One decision.
pub(crate) struct Case {
    pub(crate) name: String,
    protocol: &'static str,
    resources: Value,
    caller: &'static str,
    path: String,
    allowed: bool,
    /// `lock` of the configuration.
    lock: Value,
    what: MeasuredPart,
}

/// The part that is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MeasuredPart {
    Decision,
    /// The next data of a TCP connection that is already decided.
    NextData,
    /// The work before all decisions.
    Configuring,
}

/// From one policy on the peer's identity to ten thousand with everything, and policies that are expensive to evaluate.
pub(crate) fn all() -> Vec<Case> {
    let http = |name: &str, resources: Value, caller, allowed| Case {
        name: format!("HTTP, {name}"),
        protocol: "http",
        resources,
        caller,
        path: "/orders/1".to_owned(),
        allowed,
        lock: json!(false),
        what: MeasuredPart::Decision,
    };
    let marked = |case: Case, lock: Value| Case { lock, ..case };
    let tcp = |name: &str, caller, allowed, what| Case {
        protocol: "tcp",
        what,
        name: format!("TCP, {name}"),
        ..http("", identity(1), caller, allowed)
    };
    let mut cases = vec![
        http("no policy: allow", json!([]), FRONTEND, true),
        http("identity: allow", identity(1), FRONTEND, true),
        marked(
            http("identity, with the lock: allow", identity(1), FRONTEND, true),
            json!(true),
        ),
        http("identity: deny", identity(1), BACKEND, false),
        http(
            "identity, 10,000 policies: allow",
            identity(10_000),
            FRONTEND,
            true,
        ),
        http(
            "identity, 10,000 policies: deny",
            identity(10_000),
            BACKEND,
            false,
        ),
        http("identity, method and path: allow", full(1), FRONTEND, true),
        http("100 policies: allow", full(100), FRONTEND, true),
        http("100 policies: deny", full(100), BACKEND, false),
        http("10,000 policies: allow", full(10_000), FRONTEND, true),
        http("10,000 policies: deny", full(10_000), BACKEND, false),
        http(
            "10,000 paths with a leading wildcard: deny",
            leading_wildcards(),
            FRONTEND,
            false,
        ),
        http("10,000 policies of notPaths: deny", not_paths(), FRONTEND, false),
        http(
            "10,000 overlapping blocks of every length: deny",
            blocks(),
            FRONTEND,
            false,
        ),
        http(
            "10,000 policies on one caller: deny",
            one_caller(),
            FRONTEND,
            false,
        ),
        http(
            "10,000 namespaces with stars inside: deny",
            starred_namespaces(),
            FRONTEND,
            false,
        ),
        tcp("identity: allow", FRONTEND, true, MeasuredPart::Decision),
        marked(
            tcp(
                "identity, with the lock: allow",
                FRONTEND,
                true,
                MeasuredPart::Decision,
            ),
            json!({"cluster": "upstream"}),
        ),
        tcp("identity: deny", BACKEND, false, MeasuredPart::Decision),
        tcp("data after the decision", FRONTEND, true, MeasuredPart::NextData),
    ];
    let mut long = http(
        "10,000 policies, a path of 60 KiB: deny",
        full(10_000),
        FRONTEND,
        false,
    );
    long.path = format!("/{}", "a".repeat(60 * 1024));
    cases.push(long);
    for (name, resources) in [
        ("configuring 100 policies", full(100)),
        ("configuring 10,000 policies", full(10_000)),
        ("configuring 10,000 policies of which 20 apply", of_a_mesh(10_000)),
    ] {
        let mut case = http("", as_kubernetes_has_them(resources), FRONTEND, false);
        case.name = name.to_owned();
        case.what = MeasuredPart::Configuring;
        cases.push(case);
    }
    cases
}

/// Policies on the peer's identity alone; the last one allows the frontend.
fn identity(number: usize) -> Value {
    let rule = |caller: &str| json!({"from": [{"source": {"principals": [caller]}}]});
    numbered(number, |index| rule(&other(index)), rule(principal(FRONTEND)))
}

/// Policies on identity, method and path; the last one allows the frontend its orders.
fn full(number: usize) -> Value {
    let rule = |caller: &str, path: &str| {
        json!({
            "from": [{"source": {"principals": [caller]}}],
            "to": [{"operation": {"methods": ["GET"], "paths": [path]}}],
        })
    };
    numbered(
        number,
        |index| rule(&other(index), &format!("/other/{index}")),
        rule(principal(FRONTEND), "/orders*"),
    )
}

impl Case {
    /// Decides three times and takes the last: the first also parses the certificate and defines counters.
    pub(crate) fn measure(&self, module: &Module) -> Result<Row> {
        let mut vm = Vm::new(module, VmOptions::default())?;
        let workload = json!({"namespace": "shop", "labels": {"app": "app-1"}});
        let configuration =
            json!({"workload": workload, "resources": self.resources, "protocol": self.protocol, "lock": self.lock})
                .to_string();
        if self.name.starts_with("configuring 10,000") && (configuration.len() as u64) < crate::targets::JSON
        {
            bail!("a configuration of {} bytes", configuration.len());
        }
        let before = allocations(&mut vm)?;
        let plugin = vm.configure(PluginOptions {
            configuration: configuration.into_bytes(),
            ..PluginOptions::default()
        })?;
        let mut allocated = allocations(&mut vm)?.wrapping_sub(before);
        let mut records = vm.take_accounting();
        let mut bytes = vm.memory_size();
        if self.what != MeasuredPart::Configuring {
            for _ in 0..3 {
                let (first, allowed) = self.decide(&mut vm, plugin)?;
                allocated = allocations(&mut vm)?.wrapping_sub(first);
                if allowed != self.allowed {
                    bail!("decided otherwise than expected");
                }
                records = vm.take_accounting();
            }
            bytes = records
                .iter()
                .map(|record| record.bytes_in + record.bytes_out)
                .sum();
        }
        if let Some(failure) = vm.failure() {
            bail!("{failure}");
        }
        Ok(Row {
            name: self.name.clone(),
            host_calls: records.iter().map(|record| u64::from(record.calls())).sum(),
            bytes: bytes as u64,
            fuel: records.iter().map(|record| record.fuel).sum(),
            allocations: allocated.into(),
        })
    }

    /// Decides once: the allocations before the measured part, and whether it was allowed.
    fn decide(&self, vm: &mut Vm, plugin: PluginId) -> Result<(u32, bool)> {
        vm.take_accounting();
        let mut before = allocations(vm)?;
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
        if self.protocol == "http" {
            let request = [
                (":method", "GET"),
                (":path", self.path.as_str()),
                (":scheme", "https"),
                (":authority", "orders"),
            ];
            let stream = vm.http_stream(plugin, &connection, Request::new(request))?;
            let outcome = vm.request_headers(stream)?;
            vm.close(stream)?;
            return Ok((before, outcome == HttpOutcome::Continue));
        }
        let id = vm.tcp_connection(plugin, &connection, TcpOptions::default())?;
        vm.handshake_done(id)?;
        vm.downstream_data(id, b"hello", false)?;
        if self.what == MeasuredPart::NextData {
            vm.take_accounting();
            before = allocations(vm)?;
            vm.downstream_data(id, b"more", false)?;
            let next = vm.accounting();
            let calls = next.iter().any(|record| record.calls() > 0);
            if calls || allocations(vm)? != before {
                bail!("data after the decision costs a host call or an allocation");
            }
            // The cost of closing is not its own.
            let open = !vm.record(id)?.closed();
            return Ok((before, open));
        }
        let open = !vm.record(id)?.closed();
        vm.close(id)?;
        Ok((before, open))
    }
}

/// The module's allocations so far: it counts them itself.
fn allocations(vm: &mut Vm) -> Result<u32> {
    match vm.exported_number("peerwarden_allocations") {
        Some(count) => Ok(count),
        None => bail!("the module does not count its allocations"),
    }
}
