//! Shared data and queues.

use super::{CallResult, Host};

impl Host<'_> {
    pub(super) fn shared_data(
        &mut self,
        key: u32,
        key_size: u32,
        value: u32,
        size: u32,
        cas: u32,
    ) -> CallResult {
        let key = self.bytes(key, key_size)?;
        let options = &self.state().options;
        let (bytes, number) = options
            .shared
            .get(&options.vm_id, &key)
            .ok_or(crate::status::Status::NotFound)?;
        self.give(value, size, &bytes)?;
        self.write_u32(cas, number)
    }

    pub(super) fn set_shared_data(
        &mut self,
        key: u32,
        key_size: u32,
        value: u32,
        size: u32,
        cas: u32,
    ) -> CallResult {
        let (key, value) = (self.bytes(key, key_size)?, self.bytes(value, size)?);
        let options = &self.state().options;
        Ok(options.shared.set(&options.vm_id, &key, value, cas)?)
    }

    pub(super) fn register_queue(&mut self, name: u32, size: u32, result: u32) -> CallResult {
        let name = self.bytes(name, size)?;
        let state = self.state();
        let root = state.context().map_or(state.effective, |context| context.root);
        let listener = (state.vm, root);
        let token = state
            .options
            .shared
            .register(&state.options.vm_id, &name, listener);
        self.write_u32(result, token)
    }

    pub(super) fn resolve_queue(
        &mut self,
        vm: u32,
        vm_size: u32,
        name: u32,
        size: u32,
        result: u32,
    ) -> CallResult {
        let (vm_id, name) = (self.text(vm, vm_size)?, self.bytes(name, size)?);
        let options = &self.state().options;
        // No VM id means its own.
        let vm_id = if vm_id.is_empty() { &options.vm_id } else { &vm_id };
        let token = options.shared.resolve(vm_id, &name)?;
        self.write_u32(result, token)
    }

    pub(super) fn enqueue(&mut self, queue: u32, value: u32, size: u32) -> CallResult {
        let item = self.bytes(value, size)?;
        let done = self.state().options.shared.enqueue(queue, item);
        done.or_else(|status| self.refuse(status, format!("there is no queue {queue}")))
    }

    pub(super) fn dequeue(&mut self, queue: u32, value: u32, size: u32) -> CallResult {
        let item = self.state().options.shared.dequeue(queue)?;
        self.give(value, size, &item)
    }
}
