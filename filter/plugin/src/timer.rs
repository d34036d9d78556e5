//! The timer of a root context: it keeps the time, and goes off oftener while there is more to do.

use std::cell::Cell;

use crate::abi;

/// In milliseconds: while connections are held, which wait for it.
pub(crate) const HELD: u32 = 10;

/// While there are streams to hold against a newer configuration.
pub(crate) const SOON: u32 = 20;

/// While there is nothing else: it keeps the time by which certificates expire, and brings what was counted to Envoy.
pub(crate) const IDLE: u32 = 1000;

/// How often it goes off.
#[derive(Default)]
pub(crate) struct Timer {
    period: Cell<u32>,
    /// Envoy does not let it be set, which is said once.
    refused: Cell<bool>,
}

impl Timer {
    /// Has it go off so often. Of the root context, or of a stream's, whose root context's timer it is.
    pub(crate) fn set(&self, period: u32) {
        if self.period.get() == period {
            return;
        }
        match abi::set_tick_period(period) {
            Ok(()) => self.period.set(period),
            Err(_) => {
                crate::clock::is_not_kept();
                if !self.refused.replace(true) {
                    crate::report::error(
                        "the timer could not be set; held and open streams are not evaluated again",
                    );
                }
            }
        }
    }

    /// Has it go off so often, or oftener.
    pub(crate) fn at_least(&self, period: u32) {
        let now = self.period.get();
        if now == 0 || now > period {
            self.set(period);
        }
    }
}
