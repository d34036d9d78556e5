//! State that the VMs of one process share: data with compare-and-swap, queues, and the values of metrics.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::metric_value::{MetricValue, MetricValues};
use crate::status::Status;

/// Shared data, queues and metrics; clones share the same state.
#[derive(Debug, Clone, Default)]
pub struct SharedState(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    data: BTreeMap<(String, Vec<u8>), (Vec<u8>, u32)>,
    cas: u32,
    queues: BTreeMap<u32, Queue>,
    metrics: MetricValues,
    vms: u64,
}

/// A root context of a VM, which is notified when a queue has an item.
pub(crate) type Listener = (u64, u32);

#[derive(Debug)]
struct Queue {
    vm_id: String,
    name: Vec<u8>,
    items: VecDeque<Vec<u8>>,
    /// The last listener to register.
    listener: Listener,
    /// Number of items for which it has not been notified yet.
    untold: usize,
}

impl SharedState {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of `key` among the VMs of `vm_id`, with its CAS number.
    pub fn get(&self, vm_id: &str, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.contents()
            .data
            .get(&(vm_id.to_owned(), key.to_vec()))
            .cloned()
    }

    /// The keys of all data of the VMs of `vm_id`, in order.
    pub fn keys(&self, vm_id: &str) -> Vec<Vec<u8>> {
        let contents = self.contents();
        let own = contents.data.keys().filter(|(id, _)| id == vm_id);
        own.map(|(_, key)| key.clone()).collect()
    }

    /// Sets a value: unconditionally if `cas` is 0, otherwise only if its CAS number is still that.
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

    /// A metric by its name, without Envoy's `wasmcustom.`: the value over all VMs.
    pub fn metric(&self, name: &str) -> Option<MetricValue> {
        self.contents().metrics.by_name(name).cloned()
    }

    pub(crate) fn metrics<T>(&self, act: impl FnOnce(&mut MetricValues) -> T) -> T {
        act(&mut self.contents().metrics)
    }

    /// A number for a VM that shares this state.
    pub(crate) fn join(&self) -> u64 {
        let mut contents = self.contents();
        contents.vms += 1;
        contents.vms
    }

    /// The queue `name` of the VMs of `vm_id`, created if it does not exist; from now on `listener` is notified of its items.
    pub(crate) fn register(&self, vm_id: &str, name: &[u8], listener: Listener) -> u32 {
        let mut contents = self.contents();
        let known = contents
            .queues
            .iter_mut()
            .find(|(_, queue)| queue.vm_id == vm_id && queue.name == name);
        if let Some((token, queue)) = known {
            queue.listener = listener;
            return *token;
        }
        let token = contents.queues.keys().next_back().map_or(1, |last| last + 1);
        let queue = Queue {
            vm_id: vm_id.to_owned(),
            name: name.to_vec(),
            items: VecDeque::new(),
            listener,
            untold: 0,
        };
        contents.queues.insert(token, queue);
        token
    }

    pub(crate) fn resolve(&self, vm_id: &str, name: &[u8]) -> Result<u32, Status> {
        let contents = self.contents();
        let found = contents
            .queues
            .iter()
            .find(|(_, queue)| queue.vm_id == vm_id && queue.name == name);
        found.map(|(token, _)| *token).ok_or(Status::NotFound)
    }

    pub(crate) fn enqueue(&self, token: u32, item: Vec<u8>) -> Result<(), Status> {
        let mut contents = self.contents();
        let queue = contents.queues.get_mut(&token).ok_or(Status::NotFound)?;
        queue.items.push_back(item);
        queue.untold += 1;
        Ok(())
    }

    pub(crate) fn dequeue(&self, token: u32) -> Result<Vec<u8>, Status> {
        let mut contents = self.contents();
        let queue = contents.queues.get_mut(&token).ok_or(Status::NotFound)?;
        queue.items.pop_front().ok_or(Status::Empty)
    }

    /// A root context of this VM that is to be notified of an item, and the queue; once for each item.
    pub(crate) fn next_untold(&self, vm: u64) -> Option<(u32, u32)> {
        let mut contents = self.contents();
        let mut queues = contents.queues.iter_mut();
        let (token, queue) = queues.find(|(_, queue)| queue.untold > 0 && queue.listener.0 == vm)?;
        queue.untold -= 1;
        Some((queue.listener.1, *token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compare_and_swap() {
        let shared = SharedState::default();
        assert_eq!(shared.get("vm", b"k"), None);
        shared.set("vm", b"k", b"1".to_vec(), 0).unwrap();
        let (value, cas) = shared.clone().get("vm", b"k").unwrap();
        assert_eq!(
            (value.as_slice(), shared.get("other", b"k")),
            (b"1".as_slice(), None)
        );
        shared.set("vm", b"k", b"2".to_vec(), cas).unwrap();
        assert_eq!(
            shared.set("vm", b"k", b"3".to_vec(), cas),
            Err(Status::CasMismatch)
        );
        assert_eq!(shared.get("vm", b"k").unwrap().0, b"2");
    }

    #[test]
    fn queues() {
        let shared = SharedState::default();
        let token = shared.register("vm", b"q", (1, 5));
        assert_eq!(
            (shared.register("vm", b"q", (2, 6)), shared.resolve("vm", b"q")),
            (token, Ok(token))
        );
        assert_eq!(shared.resolve("other", b"q"), Err(Status::NotFound));
        assert_eq!(shared.dequeue(token), Err(Status::Empty));
        shared.enqueue(token, b"x".to_vec()).unwrap();
        assert_eq!(shared.next_untold(1), None, "the last to register is told");
        assert_eq!(shared.next_untold(2), Some((6, token)));
        assert_eq!(shared.next_untold(2), None, "once for each item");
        assert_eq!(shared.dequeue(token), Ok(b"x".to_vec()));
        assert_eq!(shared.enqueue(token + 1, Vec::new()), Err(Status::NotFound));
    }
}
