//! The requests.

use fastrand::Rng;

use super::policy::Sample;
use crate::sets::{Question, mesh};

/// A request that a policy describes, with its wildcards filled in.
pub(super) fn hit(rng: &mut Rng, sample: &Sample) -> Question {
    let id = rng.u32(10_000..100_000);
    let path = sample
        .path
        .replace("{**}", &format!("2026/{}/{id}", id % 12))
        .replace("{*}", &id.to_string())
        .replace('*', &format!("{id}/lines"));
    Question {
        method: sample.method,
        path,
        host: sample.host.clone().unwrap_or_else(|| "orders.shop".to_owned()),
        headers: sample.headers.clone(),
        allowed: true,
    }
}

/// A request that is usually denied: nothing matches it, or a denial does.
pub(super) fn miss(rng: &mut Rng) -> Question {
    let noun = mesh::noun(rng.usize(..));
    let number = rng.usize(..10_000);
    let path = match rng.u8(..3) {
        0 => format!("/api/v9/{noun}/{number}"),
        1 => format!("/admin/{}/{number}/keys", mesh::noun(number)),
        _ => format!("/wp-login.php?{noun}={number}"),
    };
    Question {
        method: "POST",
        path,
        host: "orders.shop".to_owned(),
        headers: Vec::new(),
        allowed: false,
    }
}
