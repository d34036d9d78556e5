//! Who asks for what, and what is to come of it.

use crate::cast::Who;

/// One question and the expected answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) who: Who,
    pub(crate) what: What,
    /// Whether it is to be allowed.
    pub(crate) allowed: bool,
    /// What is to decide: `none` when no rule does.
    pub(crate) by: &'static str,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// A request to the orders service.
    Http {
        method: &'static str,
        path: &'static str,
    },
    /// A connection to the ledger.
    Ledger,
}

const READS: &str = "ns[shop]-policy[frontend-reads-orders]-rule[0]";
const WRITES: &str = "ns[shop]-policy[backend-writes-orders]-rule[0]";
const NO_ADMIN: &str = "ns[shop]-policy[no-admin]-rule[0]";
const LEDGER: &str = "ns[shop]-policy[ledger-for-backend]-rule[0]";
const STRICT: &str = "ns[shop]-policy[ledger-strict]";
const NONE: &str = "none";

pub(crate) fn scenes() -> [Scene; 16] {
    [
        allow(Who::Frontend, get("/orders"), READS),
        allow(Who::Frontend, get("/orders/42?full=1"), READS),
        deny(Who::Frontend, post("/orders"), NONE),
        deny(Who::Frontend, get("/admin/users"), NO_ADMIN),
        deny(Who::Frontend, get("/orders/../admin/users"), NO_ADMIN),
        allow(Who::Backend, post("/orders"), WRITES),
        deny(Who::Backend, get("/orders"), NONE),
        deny(Who::Backend, post("/admin/reset"), NO_ADMIN),
        deny(Who::Partner, get("/orders"), NONE),
        deny(Who::Plaintext, get("/orders"), NONE),
        deny(Who::Anonymous, get("/orders"), NONE),
        allow(Who::Backend, What::Ledger, LEDGER),
        deny(Who::Frontend, What::Ledger, NONE),
        deny(Who::Partner, What::Ledger, NONE),
        deny(Who::Plaintext, What::Ledger, STRICT),
        deny(Who::Anonymous, What::Ledger, STRICT),
    ]
}

fn allow(who: Who, what: What, by: &'static str) -> Scene {
    Scene {
        who,
        what,
        allowed: true,
        by,
    }
}

fn deny(who: Who, what: What, by: &'static str) -> Scene {
    Scene {
        who,
        what,
        allowed: false,
        by,
    }
}

fn get(path: &'static str) -> What {
    What::Http { method: "GET", path }
}

fn post(path: &'static str) -> What {
    What::Http { method: "POST", path }
}

// === impl What ===

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            What::Http { method, path } => write!(f, "{method} {path}"),
            What::Ledger => f.write_str("TCP ledger"),
        }
    }
}
