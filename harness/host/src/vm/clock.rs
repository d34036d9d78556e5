//! The virtual clock: timers, timeouts of calls, queues.

use std::time::Duration;

use super::Vm;
use crate::callout::CalloutResponse;

impl Vm {
    /// The time on the clock when a VM is created: 2026-01-01T00:00:00Z, as time since 1970.
    pub const EPOCH: Duration = Duration::from_secs(1_767_225_600);

    /// The virtual time since the VM was created.
    pub fn now(&self) -> Duration {
        self.state().now
    }

    /// Lets time pass: timers fire and calls time out, in order of time; root contexts are notified of items in their queues.
    pub fn advance(&mut self, time: Duration) {
        let end = self.state().now + time;
        self.report_queues();
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= end) {
            let state = self.state_mut();
            state.now = state.now.max(at);
            match due {
                ClockEvent::Tick(plugin) => self.tick(plugin),
                ClockEvent::Timeout(token) => {
                    let _ = self.answer_call(token, CalloutResponse::TimedOut);
                }
            }
            self.report_queues();
        }
        self.state_mut().now = end;
    }

    fn next_due(&self) -> Option<(Duration, ClockEvent)> {
        if self.failed.is_some() {
            return None;
        }
        let state = self.state();
        let ticks = state.plugins.iter().enumerate();
        let ticks =
            ticks.filter_map(|(index, plugin)| plugin.tick.map(|(_, next)| (next, ClockEvent::Tick(index))));
        let timeouts = state.callouts.values();
        let timeouts =
            timeouts.filter_map(|callout| Some((callout.deadline?, ClockEvent::Timeout(callout.token))));
        ticks.chain(timeouts).min_by_key(|(at, _)| *at)
    }

    fn tick(&mut self, plugin: usize) {
        let now = self.state().now;
        let Some(known) = self.state_mut().plugins.get_mut(plugin) else {
            return;
        };
        let root = known.root;
        if let Some((period, next)) = &mut known.tick {
            *next = now + *period;
        }
        self.call("proxy_on_tick", root, &[]);
    }

    /// Notifies once for each item, and only the root context that was the last to register the queue.
    fn report_queues(&mut self) {
        while let Some((root, queue)) = self.state().options.shared.next_untold(self.state().vm) {
            if self.state().contexts.contains_key(&root) {
                self.call("proxy_on_queue_ready", root, &[queue]);
            }
        }
    }
}

/// The next event on the clock.
enum ClockEvent {
    Tick(usize),
    Timeout(u32),
}
