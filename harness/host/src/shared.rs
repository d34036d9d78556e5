//! What the VMs of one process share: data with compare-and-swap, and queues.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::status::Status;

/// Shared data and queues; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    data: BTreeMap<(String, Vec<u8>), (Vec<u8>, u32)>,
    cas: u32,
    queues: BTreeMap<u32, Queue>,
}

#[derive(Debug)]
struct Queue {
    vm_id: String,
    name: Vec<u8>,
    items: VecDeque<Vec<u8>>,
}

impl Shared {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of `key` among the VMs of `vm_id`, and its CAS number.
    pub fn get(&self, vm_id: &str, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.contents().data.get(&(vm_id.to_owned(), key.to_vec())).cloned()
    }

    /// Sets a value: unconditionally when `cas` is 0, else only if it still has that number.
    ///
    /// # Errors
    /// [`Status::CasMismatch`].
    pub fn set(&self, vm_id: &str, key: &[u8], value: Vec<u8>, cas: u32) -> Result<(), Status> {
        let mut contents = self.contents();
        let key = (vm_id.to_owned(), key.to_vec());
        if cas != 0 && contents.data.get(&key).is_some_and(|(_, known)| *known != cas) {
            return Err(Status::CasMismatch);
        }
        contents.cas = contents.cas.wrapping_add(1).max(1);
        let cas = contents.cas;
        contents.data.insert(key, (value, cas));
        Ok(())
    }

    /// The queue `name` of the VMs of `vm_id`, made if it is not there.
    pub(crate) fn register(&self, vm_id: &str, name: &[u8]) -> u32 {
        if let Ok(token) = self.resolve(vm_id, name) {
            return token;
        }
        let mut contents = self.contents();
        let token = contents.queues.keys().next_back().map_or(1, |last| last + 1);
        let queue = Queue {
            vm_id: vm_id.to_owned(),
            name: name.to_vec(),
            items: VecDeque::new(),
        };
        contents.queues.insert(token, queue);
        token
    }

    pub(crate) fn resolve(&self, vm_id: &str, name: &[u8]) -> Result<u32, Status> {
        let contents = self.contents();
        let found = contents.queues.iter().find(|(_, queue)| queue.vm_id == vm_id && queue.name == name);
        found.map(|(token, _)| *token).ok_or(Status::NotFound)
    }

    pub(crate) fn enqueue(&self, token: u32, item: Vec<u8>) -> Result<(), Status> {
        let mut contents = self.contents();
        contents.queues.get_mut(&token).ok_or(Status::NotFound)?.items.push_back(item);
        Ok(())
    }

    pub(crate) fn dequeue(&self, token: u32) -> Result<Vec<u8>, Status> {
        let mut contents = self.contents();
        let queue = contents.queues.get_mut(&token).ok_or(Status::NotFound)?;
        queue.items.pop_front().ok_or(Status::Empty)
    }

    pub(crate) fn has_items(&self, token: u32) -> bool {
        self.contents().queues.get(&token).is_some_and(|queue| !queue.items.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compare_and_swap() {
        let shared = Shared::default();
        assert_eq!(shared.get("vm", b"k"), None);
        shared.set("vm", b"k", b"1".to_vec(), 0).unwrap();
        let (value, cas) = shared.clone().get("vm", b"k").unwrap();
        assert_eq!((value.as_slice(), shared.get("other", b"k")), (b"1".as_slice(), None));
        shared.set("vm", b"k", b"2".to_vec(), cas).unwrap();
        assert_eq!(shared.set("vm", b"k", b"3".to_vec(), cas), Err(Status::CasMismatch));
        assert_eq!(shared.get("vm", b"k").unwrap().0, b"2");
    }

    #[test]
    fn queues() {
        let shared = Shared::default();
        let token = shared.register("vm", b"q");
        assert_eq!((shared.register("vm", b"q"), shared.resolve("vm", b"q")), (token, Ok(token)));
        assert_eq!(shared.resolve("other", b"q"), Err(Status::NotFound));
        assert_eq!(shared.dequeue(token), Err(Status::Empty));
        shared.enqueue(token, b"x".to_vec()).unwrap();
        assert!(shared.has_items(token));
        assert_eq!(shared.dequeue(token), Ok(b"x".to_vec()));
        assert_eq!(shared.enqueue(token + 1, Vec::new()), Err(Status::NotFound));
    }
}
