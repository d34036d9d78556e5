//! Pending calls to authorizers: maps a call's token to the stream that waits. Envoy reports an answer to a root
//! context, with the call's token.

use std::cell::RefCell;

use crate::numbered_map::NumberedMap;

thread_local! {
    /// The waiting context, by token.
    static CALLS: RefCell<NumberedMap<u32>> = RefCell::default();
}

/// Records that a context waits for the answer to a call.
pub(crate) fn await_answer(token: u32, context: u32) {
    CALLS.with_borrow_mut(|calls| calls.insert(token, context));
}

/// Removes the call of an answer, and returns the context that waits for it.
pub(crate) fn answered(token: u32) -> Option<u32> {
    CALLS.with_borrow_mut(|calls| calls.remove(&token))
}

/// Removes a call that no stream waits for any more.
pub(crate) fn forget(token: u32) {
    answered(token);
}
