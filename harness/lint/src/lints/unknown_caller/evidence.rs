//! Evidence that a caller is not elsewhere.

use peerwarden_documents::kinds::DEFAULT;
use peerwarden_engine::resource::Selector;

use super::{caller, named};
use crate::context::Context;
use crate::gateway;
use crate::inventory::Inventory;
use crate::values::lists;

/// Whether the workloads of a namespace are among the documents: whatever its policies select is there; without any that selects something,
/// whatever the policies of all namespaces select.
pub(super) fn is_whole(context: &Context<'_>, inventory: &Inventory<'_>, namespace: &str) -> bool {
    let selectors: Vec<(&str, &Selector)> = context
        .policies
        .iter()
        .filter_map(|policy| {
            let selector = policy.written.selector.as_ref()?;
            let is_one = !selector.match_labels.iter().all(gateway::is_label);
            is_one.then_some((policy.written.metadata.namespace.as_str(), selector))
        })
        .collect();
    let is_own = |selector: &&(&str, &Selector)| selector.0 == namespace;
    let own: Vec<_> = selectors.iter().filter(is_own).collect();
    let asked = if own.is_empty() {
        selectors.iter().collect()
    } else {
        own
    };
    let is_there = |(of, selector): &(&str, &Selector)| {
        let mut unplaced = inventory.unplaced();
        inventory.selects_in(of, selector) || unplaced.any(|pod| inventory.is_selected(pod, selector))
    };
    asked.into_iter().all(is_there)
}

/// Whether another caller of the namespace has the mistake for sure: a workload of its name runs as `default`.
pub(super) fn has_others(context: &Context<'_>, inventory: &Inventory<'_>, namespace: &str) -> bool {
    context.policies.iter().any(|policy| {
        let own = &policy.written.metadata.namespace;
        lists(&policy.written).iter().any(|list| {
            let mut callers = list.values.iter().filter_map(|value| caller(list, value, own));
            callers.any(|(of, account)| {
                let meant = account.filter(|_| of == namespace);
                let meant = meant.and_then(|account| named(inventory, of, account));
                meant.is_some_and(|pod| pod.account == Some(DEFAULT))
            })
        })
    })
}
