//! The root context's timer: it keeps the time, and fires more often when there is more to do.

use std::cell::Cell;

use crate::abi;

/// In milliseconds: while there are held connections, which wait for it.
pub(crate) const HELD: u32 = 10;

/// While there are streams to check against a newer configuration.
pub(crate) const SOON: u32 = 20;

/// Otherwise: it keeps the time for the expiry of certificates, and sends counts to Envoy.
pub(crate) const IDLE: u32 = 1000;

/// The period of the timer.
#[derive(Default)]
pub(crate) struct Timer {
    period: Cell<u32>,
    /// Whether Envoy refuses to set it, which is logged once.
    refused: Cell<bool>,
}

impl Timer {
    /// Sets the period, for a root context or a stream's context.
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

    /// Sets the period, unless it is already shorter.
    pub(crate) fn at_least(&self, period: u32) {
        let now = self.period.get();
        if now == 0 || now > period {
            self.set(period);
        }
    }
}
