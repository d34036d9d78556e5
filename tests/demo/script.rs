//! The scenes: who requests what, and the expected verdict.

use crate::cast::CallerKind;

/// One request and the expected verdict.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) who: CallerKind,
    pub(crate) what: SceneRequest,
    /// Whether it should be allowed.
    pub(crate) allowed: bool,
    /// The rule that should decide: `none` if no rule does.
    pub(crate) by: &'static str,
}

/// The request of a scene.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SceneRequest {
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
        allow(CallerKind::Frontend, get("/orders"), READS),
        allow(CallerKind::Frontend, get("/orders/42?full=1"), READS),
        deny(CallerKind::Frontend, post("/orders"), NONE),
        deny(CallerKind::Frontend, get("/admin/users"), NO_ADMIN),
        deny(CallerKind::Frontend, get("/orders/../admin/users"), NO_ADMIN),
        allow(CallerKind::Backend, post("/orders"), WRITES),
        deny(CallerKind::Backend, get("/orders"), NONE),
        deny(CallerKind::Backend, post("/admin/reset"), NO_ADMIN),
        deny(CallerKind::Partner, get("/orders"), NONE),
        deny(CallerKind::Plaintext, get("/orders"), NONE),
        deny(CallerKind::Anonymous, get("/orders"), NONE),
        allow(CallerKind::Backend, SceneRequest::Ledger, LEDGER),
        deny(CallerKind::Frontend, SceneRequest::Ledger, NONE),
        deny(CallerKind::Partner, SceneRequest::Ledger, NONE),
        deny(CallerKind::Plaintext, SceneRequest::Ledger, STRICT),
        deny(CallerKind::Anonymous, SceneRequest::Ledger, STRICT),
    ]
}

fn allow(who: CallerKind, what: SceneRequest, by: &'static str) -> Scene {
    Scene {
        who,
        what,
        allowed: true,
        by,
    }
}

fn deny(who: CallerKind, what: SceneRequest, by: &'static str) -> Scene {
    Scene {
        who,
        what,
        allowed: false,
        by,
    }
}

fn get(path: &'static str) -> SceneRequest {
    SceneRequest::Http { method: "GET", path }
}

fn post(path: &'static str) -> SceneRequest {
    SceneRequest::Http { method: "POST", path }
}

impl std::fmt::Display for SceneRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SceneRequest::Http { method, path } => write!(f, "{method} {path}"),
            SceneRequest::Ledger => f.write_str("TCP ledger"),
        }
    }
}
