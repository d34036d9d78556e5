//! Limits that must hold whatever the table says: the promises of docs/costs.md, which blessing cannot change.

use anyhow::{Context, Result, ensure};

use crate::table::Row;

const KIB: u64 = 1024;

/// The smallest size in bytes of the configuration with ten thousand policies.
pub(crate) const JSON: u64 = 5_000_000;

/// Fuel to try a rule on clauses whose attributes are known.
const TRIED: u64 = 400;

/// Compares the measurements with them.
pub(crate) fn check(rows: &[Row]) -> Result<()> {
    let of = |name: &str| rows.iter().find(|row| row.name == name).context(name.to_owned());
    let size = of("the module itself")?.bytes;
    ensure!(size <= 600 * KIB, "the module has {size} bytes");
    let compressed = of("the module itself, gzip")?.bytes;
    ensure!(
        compressed <= 250 * KIB,
        "the module has {compressed} bytes when it is compressed"
    );

    // One call for the identity, one for all headers; memory only for the context, as results are returned in an
    // existing buffer.
    for (name, calls) in [
        ("HTTP, no policy: allow", 0),
        ("HTTP, identity: allow", 1),
        // One more with the lock: the mark.
        ("HTTP, identity, with the lock: allow", 2),
        ("HTTP, identity, 10,000 policies: allow", 1),
        ("HTTP, identity, method and path: allow", 2),
        ("HTTP, 100 policies: allow", 2),
        ("HTTP, 10,000 policies: allow", 2),
        ("TCP, identity: allow", 1),
    ] {
        let row = of(name)?;
        ensure!(row.host_calls == calls, "{name}: {} host calls", row.host_calls);
        ensure!(
            row.allocations <= 1,
            "{name}: {} allocations beside a context",
            row.allocations
        );
    }
    // The cluster and the mark.
    let locked = of("TCP, identity, with the lock: allow")?;
    ensure!(locked.host_calls == 3, "{locked:?}");
    let data = of("TCP, data after the decision")?;
    ensure!(data.host_calls == 0 && data.allocations == 0, "{data:?}");

    for (many, one) in [
        ("HTTP, identity, 10,000 policies: allow", "HTTP, identity: allow"),
        ("HTTP, identity, 10,000 policies: deny", "HTTP, identity: deny"),
        (
            "HTTP, 10,000 policies: allow",
            "HTTP, identity, method and path: allow",
        ),
        ("HTTP, 10,000 policies: deny", "HTTP, 100 policies: deny"),
        (
            "HTTP, 10,000 paths with a leading wildcard: deny",
            "HTTP, identity: deny",
        ),
    ] {
        let (many, one) = (of(many)?, of(one)?);
        ensure!(many.fuel * 10 <= one.fuel * 13, "{many:?} against {one:?}");
    }

    // An upper bound for any client and policy: a pass over each text, and each candidate tried once.
    for (name, bound) in [
        // A discarded candidate is not tried.
        ("HTTP, 10,000 policies of notPaths: deny", 10_000 * 12),
        (
            "HTTP, 10,000 overlapping blocks of every length: deny",
            10_000 * TRIED,
        ),
        ("HTTP, 10,000 policies on one caller: deny", 10_000 * 30),
        (
            "HTTP, 10,000 namespaces with stars inside: deny",
            10_000 * 8 * TRIED,
        ),
        ("HTTP, 10,000 policies, a path of 60 KiB: deny", 60 * KIB * 16),
    ] {
        let row = of(name)?;
        ensure!(row.fuel <= bound, "{row:?} is over its bound of {bound}");
    }

    let configured = of("configuring 10,000 policies")?;
    ensure!(configured.bytes <= 64 * KIB * KIB, "{configured:?}");
    let of_a_mesh = of("configuring 10,000 policies of which 20 apply")?;
    for (row, fuel, allocations) in [(configured, 970_000_000, 75_000), (of_a_mesh, 45_000_000, 500)] {
        ensure!(row.fuel <= fuel && row.allocations <= allocations, "{row:?}");
    }
    // The configuration itself is in memory while it is read.
    let beside = |row: &Row| row.bytes.saturating_sub(JSON);
    ensure!(
        beside(of_a_mesh) * 4 <= beside(configured),
        "{of_a_mesh:?} against {configured:?}"
    );
    Ok(())
}
