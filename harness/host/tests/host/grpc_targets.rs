//! The destination of a gRPC call: how Envoy interprets the name of a cluster, or a `GrpcService`.

use peerwarden_host::{ConfigureError, PluginOptions, Vm, VmOptions};

use crate::fixture::{Literals, module, notes, violations};

/// Calls this target at the start; 2 is noted for a close, with token and status.
fn calling(target: &[u8], options: VmOptions) -> (Vm, Result<(), ConfigureError>) {
    let mut texts = Literals::new();
    let (target, service, method) = (texts.put(target), texts.put("a.Auth"), texts.put("Check"));
    let functions = format!(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
               (call $note (call $grpc_call {target} {service} {method} (i32.const 0) (i32.const 0)
                   (i32.const 0) (i32.const 0) (i32.const 50) (i32.const 100)))
               (i32.const 1))
           (func (export "proxy_on_grpc_close") (param i32 i32 i32)
               (call $note (i32.const 2)) (call $note (local.get 1)) (call $note (local.get 2))
               (drop (call $status (i32.const 108) $out)) (call $result))"#
    );
    let mut vm = Vm::new(&module(&texts, &functions), options).unwrap();
    let configured = vm.configure(PluginOptions::default()).map(|_| ());
    (vm, configured)
}

fn options() -> VmOptions {
    VmOptions {
        clusters: ["auth".to_owned(), "authz-sso".to_owned()].into(),
        clusters_without_hosts: ["idle".to_owned()].into(),
        ..VmOptions::default()
    }
}

fn service(cluster: &str) -> Vec<u8> {
    let length = u8::try_from(cluster.len()).unwrap();
    [&[0x0a, length + 2, 0x0a, length], cluster.as_bytes()].concat()
}

#[test]
fn a_name_and_a_service() {
    let named = |cluster: &str| cluster.as_bytes().to_vec();
    for (target, cluster) in [
        (named("auth"), "auth"),
        (service("auth"), "auth"),
        (service("authz-sso"), "authz-sso"),
    ] {
        let (mut vm, configured) = calling(&target, options());
        assert!(configured.is_ok());
        assert_eq!(notes(&mut vm), ["0"]);
        assert_eq!(
            vm.callouts()
                .map(|call| call.cluster.as_str())
                .collect::<Vec<_>>(),
            [cluster]
        );
        assert_eq!(violations(&mut vm), Vec::<String>::new());
    }
}

#[test]
fn a_cluster_that_is_not_there() {
    let (mut vm, _) = calling(b"nobody", options());
    assert_eq!(notes(&mut vm), ["4"]);
    assert!(violations(&mut vm)[0].contains("there is no cluster `nobody`"));

    let (mut vm, _) = calling(&service("nobody"), options());
    let told = ["10", "2", "5", "14", "Cluster not available"];
    assert_eq!(notes(&mut vm), told, "and Envoy tells it again");
    assert!(violations(&mut vm)[0].contains("there is no cluster `nobody`"));
    assert_eq!(vm.callouts().count(), 0);
}

#[test]
fn a_cluster_without_a_host() {
    for target in [b"idle".to_vec(), service("idle")] {
        let (mut vm, _) = calling(&target, options());
        let told = ["10", "2", "5", "14", "no healthy upstream{no_healthy_upstream}"];
        assert_eq!(notes(&mut vm), told);
        assert_eq!(violations(&mut vm), Vec::<String>::new());
    }
}

/// <https://github.com/envoyproxy/envoy/blob/main/source/common/grpc/async_client_manager_impl.cc>,
/// `factoryForGrpcService`: an unset target is a panic of the whole process.
#[test]
fn a_name_that_brings_envoy_down() {
    for name in ["authz-sso", ""] {
        let (mut vm, configured) = calling(name.as_bytes(), options());
        let error = configured.unwrap_err();
        assert!(error.to_string().contains("Envoy aborts"), "{name}: {error}");
        assert!(violations(&mut vm)[0].contains("Envoy aborts"), "{name}");
    }
}
