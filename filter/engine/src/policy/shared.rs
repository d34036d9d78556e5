//! What the policies of one configuration have in common while they are validated.

use std::cell::RefCell;
use std::sync::Arc;

use super::values::Growth;

/// How much their values have grown, and the namespace of the last one, which is often that of the next.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(super) growth: Growth,
    namespace: RefCell<Option<Arc<str>>>,
}

impl Shared {
    /// The name of a namespace, in the memory that it is in already if it is the last one's.
    pub(super) fn namespace(&self, name: &str) -> Arc<str> {
        let mut last = self.namespace.borrow_mut();
        match last.as_ref().filter(|last| &***last == name) {
            Some(last) => Arc::clone(last),
            None => Arc::clone(last.insert(name.into())),
        }
    }
}
