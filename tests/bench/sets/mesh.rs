//! A mesh of 500 workloads: their names, namespaces and APIs.

use std::net::Ipv4Addr;

/// How many workloads there are.
pub(super) const SIZE: usize = 500;

/// The number of last ones that are no longer in use.
pub(super) const RETIRED: usize = 20;

const NAMESPACES: [&str; 10] = [
    "shop",
    "billing",
    "identity",
    "logistics",
    "search",
    "media",
    "analytics",
    "support",
    "partners",
    "platform",
];

const NOUNS: [&str; 25] = [
    "orders",
    "carts",
    "payments",
    "invoices",
    "refunds",
    "users",
    "sessions",
    "devices",
    "parcels",
    "stocks",
    "prices",
    "offers",
    "reviews",
    "images",
    "videos",
    "reports",
    "events",
    "tickets",
    "messages",
    "mails",
    "partners",
    "contracts",
    "taxes",
    "currencies",
    "quotas",
];

const ROLES: [&str; 20] = [
    "", "-api", "-worker", "-sync", "-gateway", "-cache", "-index", "-export", "-import", "-audit", "-batch",
    "-admin", "-edge", "-feed", "-hook", "-mirror", "-proxy", "-queue", "-stream", "-web",
];

/// One workload.
pub(super) struct Workload {
    pub(super) namespace: &'static str,
    /// Its `app` label, and its service account.
    pub(super) app: String,
    /// The address of its pod.
    pub(super) address: Ipv4Addr,
}

impl Workload {
    pub(super) fn principal(&self) -> String {
        format!("cluster.local/ns/{}/sa/{}", self.namespace, self.app)
    }

    /// The block of the node that its pod runs on.
    pub(super) fn block(&self) -> String {
        let [a, b, c, _] = self.address.octets();
        format!("{a}.{b}.{c}.0/24")
    }
}

/// All of them; the first is the one that receives requests, `orders` in `shop`.
pub(super) fn workloads() -> Vec<Workload> {
    let workload = |number: usize| Workload {
        namespace: NAMESPACES[number / 25 % NAMESPACES.len()],
        app: format!("{}{}", NOUNS[number % NOUNS.len()], ROLES[number / NOUNS.len()]),
        // Loopback addresses, so that callers can really come from there.
        address: Ipv4Addr::new(127, 10, (number / 8) as u8, (number % 8 + 10) as u8),
    };
    (0..SIZE).map(workload).collect()
}

/// A noun of a workload's API.
pub(super) fn noun(number: usize) -> &'static str {
    NOUNS[number % NOUNS.len()]
}
