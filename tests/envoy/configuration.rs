//! Configurations: accepted in any encoding and on any number of workers, or refused with a reason.

use anyhow::Result;
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Encoding, Listener, Module, Transport};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use crate::fixture::{BACKEND, FRONTEND, Mesh, Orders, configuration, module, shop};

async fn start(mesh: &Mesh, module: Module, node: Value, workers: u32) -> Result<Orders> {
    let upstream = HttpEcho::start().await?;
    let listener =
        Listener::http("orders", Transport::mutual(&mesh.server), upstream.address()).module(module);
    let bootstrap = Bootstrap::new().metadata(node).listener(listener);
    let envoy = Envoy::launch(Launch::bootstrap(bootstrap).concurrency(workers)).await?;
    Ok(Orders { envoy, upstream })
}

/// Envoy's log when it is started with a configuration that must be refused.
async fn refused(module: Module) -> Result<String> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let listener =
        Listener::http("orders", Transport::mutual(&mesh.server), upstream.address()).module(module);
    Envoy::refused(Launch::bootstrap(Bootstrap::new().listener(listener))).await
}

/// Asserts that one line of the log contains all of these texts.
fn assert_line(log: &str, texts: &[&str]) {
    let found = log
        .lines()
        .any(|line| texts.iter().all(|text| line.contains(text)));
    assert!(found, "no line has {texts:?}:\n{log}");
}

#[tokio::test]
async fn an_unknown_key_is_refused_with_its_place_and_the_nearest_known_one() -> Result<()> {
    let mut resources = shop();
    resources[0]["spec"]["rules"][0]["from"][0]["source"] =
        json!({"principal": ["cluster.local/ns/web/sa/frontend"]});
    let log = refused(module(configuration("http", resources))?).await?;
    assert_line(
        &log,
        &[
            "resources[0].spec.rules[0].from[0].source",
            "`principal`",
            "`principals`",
        ],
    );
    Ok(())
}

#[tokio::test]
async fn a_misspelt_section_is_refused() -> Result<()> {
    let mut configuration = configuration("http", shop());
    configuration["resorces"] = configuration["resources"].take();
    let log = refused(module(configuration)?).await?;
    assert_line(&log, &["`resorces`", "`resources`"]);
    Ok(())
}

#[tokio::test]
async fn what_is_not_json_is_refused() -> Result<()> {
    let log = refused(Module::text(locate::module()?, "resources: []")).await?;
    assert_line(&log, &["JSON"]);
    Ok(())
}

#[tokio::test]
async fn a_struct_does_as_well_as_text() -> Result<()> {
    let mesh = Mesh::new()?;
    let module = module(configuration("http", shop()))?.encoding(Encoding::Struct);
    let orders = start(&mesh, module, json!({}), 1).await?;
    let frontend = mesh.caller(FRONTEND)?;
    let backend = mesh.caller(BACKEND)?;
    assert_eq!(
        orders.status(&frontend, ClientRequest::get("/orders")).await?,
        200
    );
    assert_eq!(orders.status(&frontend, ClientRequest::get("/admin")).await?, 403);
    assert_eq!(orders.status(&backend, ClientRequest::get("/orders")).await?, 403);
    Ok(())
}

#[tokio::test]
async fn without_a_workload_the_node_says_which_one_it_is() -> Result<()> {
    let mesh = Mesh::new()?;
    let mut configuration = configuration("http", shop());
    configuration["workload"].take();
    configuration
        .as_object_mut()
        .map(|fields| fields.remove("workload"));
    let node = |app: &str| json!({"NAMESPACE": "shop", "SERVICE_ACCOUNT": "orders", "LABELS": {"app": app, "version": "v1"}});
    let frontend = mesh.caller(FRONTEND)?;

    let orders = start(&mesh, module(configuration.clone())?, node("orders"), 2).await?;
    assert_eq!(
        orders.status(&frontend, ClientRequest::get("/orders")).await?,
        200
    );
    assert_eq!(orders.status(&frontend, ClientRequest::get("/admin")).await?, 403);

    // No policy applies to another workload, so it is open.
    let invoices = start(&mesh, module(configuration)?, node("invoices"), 2).await?;
    assert_eq!(
        invoices.status(&frontend, ClientRequest::get("/admin")).await?,
        200
    );
    Ok(())
}

#[tokio::test]
async fn a_workload_that_nobody_names_is_closed() -> Result<()> {
    let mesh = Mesh::new()?;
    let configuration = json!({"protocol": "http", "resources": []});
    let orders = start(&mesh, module(configuration)?, json!({}), 2).await?;
    for _ in 0..6 {
        assert_eq!(
            orders
                .status(&mesh.caller(FRONTEND)?, ClientRequest::get("/orders"))
                .await?,
            403
        );
    }
    orders.envoy.logged("workload").await?;
    assert!(orders.upstream.seen().is_empty());
    Ok(())
}

#[tokio::test]
async fn every_worker_decides_the_same() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = start(&mesh, module(configuration("http", shop()))?, json!({}), 2).await?;
    let frontend = mesh.caller(FRONTEND)?;
    let partner = mesh.partner()?;
    let address = orders.envoy.address("orders")?;
    for n in 0..20 {
        // New connections, so that the kernel spreads them over the workers.
        let version = if n % 2 == 0 {
            http::Version::Http1
        } else {
            http::Version::Http2
        };
        let reply = http::once(address, &frontend, version, ClientRequest::get("/orders")).await?;
        assert_eq!(reply.status, 200, "connection {n}");
        let reply = http::once(address, &partner, version, ClientRequest::get("/orders")).await?;
        assert_eq!(reply.status, 403, "connection {n}");
    }
    assert_eq!(orders.upstream.seen().len(), 20);
    Ok(())
}

#[tokio::test]
async fn two_configurations_in_one_vm_do_not_mix() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let mut bootstrap = Bootstrap::new();
    for (name, action) in [("open", "ALLOW"), ("closed", "DENY")] {
        let resources = json!([crate::fixture::policy(name, action, json!([{}]))]);
        let listener = Listener::http(name, Transport::mutual(&mesh.server), upstream.address());
        bootstrap = bootstrap.listener(listener.module(module(configuration("http", resources))?));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let frontend = mesh.caller(FRONTEND)?;
    for _ in 0..3 {
        for (listener, status) in [("open", 200), ("closed", 403)] {
            let address = envoy.address(listener)?;
            let reply = http::once(address, &frontend, http::Version::Http2, ClientRequest::get("/")).await?;
            assert_eq!(reply.status, status, "{listener}");
        }
    }
    Ok(())
}
