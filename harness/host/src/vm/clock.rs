//! The virtual clock: timers, late calls, queues.

use std::time::Duration;

use super::Vm;
use crate::callout::CalloutResponse;

impl Vm {
    /// The virtual time since the VM was made.
    pub fn now(&self) -> Duration {
        self.state().now
    }

    /// Lets time pass: timers go off and calls run into their timeouts, in the order of their times; then queues that have
    /// something are reported.
    pub fn advance(&mut self, time: Duration) {
        let end = self.state().now + time;
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= end) {
            let state = self.state_mut();
            state.now = state.now.max(at);
            match due {
                Due::Tick(plugin) => self.tick(plugin),
                Due::Timeout(token) => {
                    let _ = self.answer_call(token, CalloutResponse::Failed);
                }
            }
        }
        self.state_mut().now = end;
        self.report_queues();
    }

    fn next_due(&self) -> Option<(Duration, Due)> {
        let state = self.state();
        let ticks = state.plugins.iter().enumerate();
        let ticks = ticks.filter_map(|(index, plugin)| plugin.tick.map(|(_, next)| (next, Due::Tick(index))));
        let timeouts = state.callouts.values().map(|callout| (callout.deadline, Due::Timeout(callout.token)));
        let usable = self.failed.is_none();
        ticks.chain(timeouts).filter(|_| usable).min_by_key(|(at, _)| *at)
    }

    fn tick(&mut self, plugin: usize) {
        let now = self.state().now;
        let Some(known) = self.state_mut().plugins.get_mut(plugin) else { return };
        let root = known.root;
        if let Some((period, next)) = &mut known.tick {
            *next = now + *period;
        }
        self.call("proxy_on_tick", root, &[]);
        self.settle_all();
    }

    fn report_queues(&mut self) {
        for plugin in 0..self.state().plugins.len() {
            let Some(known) = self.state().plugins.get(plugin) else { return };
            let root = known.root;
            let shared = &self.state().options.shared;
            let ready: Vec<u32> = known.queues.iter().copied().filter(|queue| shared.has_items(*queue)).collect();
            for queue in ready {
                self.call("proxy_on_queue_ready", root, &[queue]);
            }
        }
        self.settle_all();
    }

    /// A callback about one context may act on the streams of others.
    pub(super) fn settle_all(&mut self) {
        let connections = self.state().contexts.iter().filter(|(_, context)| context.tcp().is_some());
        let connections: Vec<u32> = connections.map(|(id, _)| *id).collect();
        for id in connections {
            let _ = self.settle(id);
        }
    }
}

/// What comes next.
enum Due {
    Tick(usize),
    Timeout(u32),
}
