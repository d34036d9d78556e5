//! The calls to external authorizers that are under way. Envoy tells a root context of an answer, with the call's token: here it is
//! known which stream waits for it.

use std::cell::RefCell;

use crate::numbered_map::NumberedMap;

thread_local! {
    /// The context that waits, by the token.
    static CALLS: RefCell<NumberedMap<u32>> = RefCell::default();
}

/// A context waits for the answer to a call.
pub(crate) fn await_answer(token: u32, context: u32) {
    CALLS.with_borrow_mut(|calls| calls.insert(token, context));
}

/// The answer is there: who waits for it.
pub(crate) fn answered(token: u32) -> Option<u32> {
    CALLS.with_borrow_mut(|calls| calls.remove(&token))
}

/// Nobody waits for it any more.
pub(crate) fn forget(token: u32) {
    answered(token);
}
