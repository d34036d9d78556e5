//! Question 10: an ingress that accepts only TLS, from the `Gateway` that `peerwarden render ingress` reads: who is
//! allowed, under which name, and that a client's claims about itself have no effect.

mod addresses;
mod documented;
mod doors;
mod edge;
mod identity;

use anyhow::Result;

use crate::entry::{Entry, Evidence};
use edge::Edge;

pub(crate) const ENTRY: Entry = Entry {
    number: 10,
    name: "ingress",
    promise: "An ingress accepts only TLS, and no forged header",
    experiment: || Box::pin(experiment()),
};

async fn experiment() -> Result<Evidence> {
    let mut edge = Edge::set().await?;
    doors::try_all(&mut edge).await?;
    identity::try_all(&mut edge).await?;
    addresses::try_directly(&mut edge).await?;
    addresses::try_behind_a_proxy(&mut edge).await?;
    documented::try_all(&mut edge).await?;
    edge.evidence()
}
