//! An allocator that counts, for each thread separately.
#![expect(
    unsafe_code,
    reason = "an allocator is unsafe to implement; this one hands everything on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt;

/// The cost of an operation.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// The number of allocations.
    pub(crate) allocations: u64,
    /// All allocated bytes.
    pub(crate) bytes: u64,
    /// The largest number of bytes in use at a time.
    pub(crate) peak: u64,
    in_use: u64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} allocations of {} bytes, {} at once",
            self.allocations, self.bytes, self.peak
        )
    }
}

thread_local! {
    static COST: Cell<Cost> = const {
        Cell::new(Cost { allocations: 0, bytes: 0, peak: 0, in_use: 0 })
    };
}

/// The cost of running this.
pub(crate) fn of(run: impl FnOnce()) -> Cost {
    COST.set(Cost::default());
    run();
    COST.get()
}

/// Bytes in use now, since [`of`] began.
pub(crate) fn in_use() -> u64 {
    COST.get().in_use
}

/// The largest number of bytes in use at a time, since [`of`] began.
pub(crate) fn peak() -> u64 {
    COST.get().peak
}

fn taken(bytes: usize) {
    // A thread that is ending has none any more.
    let _ = COST.try_with(|cost| {
        let mut now = cost.get();
        now.allocations += 1;
        now.bytes += bytes as u64;
        now.in_use += bytes as u64;
        now.peak = now.peak.max(now.in_use);
        cost.set(now);
    });
}

fn returned(bytes: usize) {
    let _ = COST.try_with(|cost| {
        let mut now = cost.get();
        now.in_use = now.in_use.saturating_sub(bytes as u64);
        cost.set(now);
    });
}

struct CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

// SAFETY: every call is passed on unchanged to the system's allocator, and the counting allocates nothing.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller's promise is sufficient.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        returned(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        returned(layout.size());
        taken(size);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}
