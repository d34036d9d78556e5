//! Who is accepted at all, before any policy: over TLS, for a name that exists, and for no other on the same
//! connection.

use anyhow::{Context, Result, ensure};
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::http::Version;
use peerwarden_lab::client::{Caller, ClientRequest, tcp};
use peerwarden_lab::deadline;

use super::edge::{ADMIN, Edge, ExpectedResponse, FRONTEND, OPERATOR, SHOP, STRANGER, VERSIONS};

pub(super) async fn try_all(edge: &mut Edge) -> Result<()> {
    let _envoy = edge.open(0, &[]).await?;
    plaintext(edge).await?;
    redirects(edge).await?;
    for version in VERSIONS {
        names(edge, version).await?;
        certificates(edge, version).await?;
        headers(edge, version).await?;
    }
    Ok(())
}

async fn plaintext(edge: &mut Edge) -> Result<()> {
    for version in VERSIONS {
        let ask = ClientRequest::get("/").host(SHOP);
        edge.ask(
            "plaintext",
            &Caller::plaintext(),
            version,
            ask,
            ExpectedResponse::Closed,
        )
        .await?;
    }
    let address = ([127, 0, 0, 1], edge.tls.number()).into();
    let mut connection = tcp::Connection::open(address, &Caller::plaintext()).await?;
    connection
        .send("GET / HTTP/1.1\r\nhost: shop.example.com\r\n\r\n")
        .await?;
    let received = connection.receive(1, deadline::EXCHANGE).await?;
    ensure!(received.nothing(), "plaintext got {received:?}");
    Ok(())
}

/// 301 to the same address with TLS, whatever the client claims about its connection.
async fn redirects(edge: &mut Edge) -> Result<()> {
    let (plain, tls) = (edge.plain.number(), edge.tls.number());
    let with_port = format!("{SHOP}:{plain}");
    let asks = [
        ClientRequest::get("/goods?id=1").host(SHOP),
        ClientRequest::get("/goods?id=1").host(&with_port),
        ClientRequest::post("/goods?id=1").host(SHOP).body("secret"),
        ClientRequest::get("/goods?id=1")
            .host(SHOP)
            .header("x-forwarded-proto", "https"),
    ];
    for ask in asks {
        let plaintext = Caller::plaintext();
        let reply = edge
            .ask_port(
                plain,
                "a redirect",
                &plaintext,
                Version::Http1,
                ask,
                ExpectedResponse::Status(301),
            )
            .await?;
        let reply = reply.context("no reply")?;
        let (location, wanted) = (
            reply.header("location"),
            format!("https://{SHOP}:{tls}/goods?id=1"),
        );
        ensure!(location == wanted, "sent to {location}, not to {wanted}");
    }
    // Nobody is redirected to someone else's host.
    let ask = ClientRequest::get("/").host(STRANGER);
    let plaintext = Caller::plaintext();
    edge.ask_port(
        plain,
        "a strange host",
        &plaintext,
        Version::Http1,
        ask,
        ExpectedResponse::Status(404),
    )
    .await?;
    Ok(())
}

/// By SNI, and then by the requested host.
async fn names(edge: &mut Edge, version: Version) -> Result<()> {
    let port = edge.tls.number();
    let operator = edge.peer(OPERATOR, ADMIN)?;
    let shop = edge.anybody(SHOP)?;
    let with_port = format!("{SHOP}:{port}");
    for (caller, host, wanted) in [
        (&shop, SHOP, ExpectedResponse::Served),
        (&shop, "SHOP.example.com", ExpectedResponse::Served),
        (&shop, "shop.example.com.", ExpectedResponse::Served),
        (&shop, &with_port, ExpectedResponse::Served),
        (&shop, "nothing.example.com", ExpectedResponse::Status(404)),
        (&shop, STRANGER, ExpectedResponse::Status(421)),
        (&shop, ADMIN, ExpectedResponse::Status(421)),
        (&shop, "Admin.Example.com", ExpectedResponse::Status(421)),
        (&shop, "admin.example.com.", ExpectedResponse::Status(421)),
        (&shop, "admin.example.com:443", ExpectedResponse::Status(421)),
        (
            &edge.anybody("www.example.com")?,
            ADMIN,
            ExpectedResponse::Status(421),
        ),
        (&operator, ADMIN, ExpectedResponse::Served),
        (&operator, SHOP, ExpectedResponse::Status(421)),
        (&edge.anybody(STRANGER)?, STRANGER, ExpectedResponse::Closed),
        (&edge.anybody(STRANGER)?, SHOP, ExpectedResponse::Closed),
        // No SNI.
        (&edge.anybody("127.0.0.1")?, SHOP, ExpectedResponse::Closed),
    ] {
        let what = format!("the host {host}");
        edge.ask(&what, caller, version, ClientRequest::get("/").host(host), wanted)
            .await?;
    }
    Ok(())
}

/// MUTUAL: a certificate of its roots is required.
async fn certificates(edge: &mut Edge, version: Version) -> Result<()> {
    let root = &edge.stage.authority;
    let operator = || Certificate::spiffe(OPERATOR);
    let foreign = Authority::new("cluster.local")?.issue(operator())?;
    let expired = root.issue(operator().expired())?;
    for (what, caller, wanted) in [
        (
            "no certificate",
            Caller::anonymous(root)?,
            ExpectedResponse::Closed,
        ),
        (
            "a certificate of another CA",
            Caller::workload(root, &foreign)?,
            ExpectedResponse::Closed,
        ),
        (
            "an expired certificate",
            Caller::workload(root, &expired)?,
            ExpectedResponse::Closed,
        ),
        (
            "a certificate",
            edge.stage.workload(FRONTEND)?,
            ExpectedResponse::Served,
        ),
    ] {
        let caller = caller.server_name(ADMIN);
        edge.ask(
            what,
            &caller,
            version,
            ClientRequest::get("/").host(ADMIN),
            wanted,
        )
        .await?;
    }
    Ok(())
}

/// A client's claims about itself do not reach the applications.
async fn headers(edge: &mut Edge, version: Version) -> Result<()> {
    let forged = format!("Hash=00;URI={OPERATOR}");
    let ask = |host| {
        let ask = ClientRequest::get("/")
            .host(host)
            .header("x-forwarded-client-cert", &forged)
            .header("x-forwarded-client-cert", &forged)
            .header("x-forwarded-proto", "forged");
        let internal = [
            "internal",
            "external-address",
            "original-path",
            "original-url",
            "decorator-operation",
            "retry-on",
            "max-retries",
            "upstream-rq-timeout-ms",
            "upstream-alt-stat-name",
            "expected-rq-timeout-ms",
            "force-trace",
            "ip-tags",
            "downstream-service-cluster",
        ];
        internal
            .iter()
            .fold(ask, |ask, name| ask.header(&format!("x-envoy-{name}"), "forged"))
    };
    let shop = edge.anybody(SHOP)?;
    edge.ask(
        "forged headers",
        &shop,
        version,
        ask(SHOP),
        ExpectedResponse::Served,
    )
    .await?;
    let seen = edge.last_of_shop()?.headers;
    ensure!(
        !seen.contains_key("x-forwarded-client-cert"),
        "the shop saw {seen:?}"
    );
    ensure!(
        !seen.values().any(|value| value == "forged"),
        "the shop saw {seen:?}"
    );

    let frontend = edge.peer(FRONTEND, ADMIN)?;
    edge.ask(
        "forged headers",
        &frontend,
        version,
        ask(ADMIN),
        ExpectedResponse::Served,
    )
    .await?;
    let seen = edge.last_of_admin()?.headers;
    let said: Vec<_> = seen.get_all("x-forwarded-client-cert").iter().collect();
    let said = format!("{said:?}");
    ensure!(
        said.contains(FRONTEND) && !said.contains(OPERATOR),
        "the application saw {said}"
    );
    ensure!(
        !seen.values().any(|value| value == "forged"),
        "the application saw {seen:?}"
    );
    Ok(())
}
