//! Threads; portable crates get them from here.

/// Does `work` on this thread only.
pub(crate) fn on_one_core(work: &(dyn Fn() + Sync)) {
    work();
}

/// Does `work` on as many threads as there are cores, all of it on each, and waits for them.
pub(crate) fn on_all_cores(work: &(dyn Fn() + Sync)) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
}
