//! Decides which open streams the timer has to judge, and how often.

use std::cell::Cell;
use std::rc::Rc;

use super::Instance;
use crate::open::stream::Stream;

impl Instance {
    /// Whether there is any stream that a newer configuration may affect.
    pub(crate) fn has_work(&self) -> bool {
        let is_held_against = !self.shared.get() || self.handover.is_superseded();
        self.unjudged.get() && is_held_against && !self.allowed.borrow().is_empty()
    }

    /// Whether every configuration that judges the stream has done so.
    pub(super) fn is_judged(&self, stream: &Stream) -> bool {
        let here = self.shared.get() || stream.is_judged_by(self.current.borrow().number);
        here && self
            .handover
            .newer()
            .is_none_or(|newer| stream.is_judged_by(newer.number))
    }

    pub(in crate::open) fn expires(&self, at: Option<u64>) {
        if let Some(at) = at {
            let known = self.expiry.get();
            self.expiry.set(Some(known.map_or(at, |known| known.min(at))));
        }
    }

    /// Held streams that are due, up to a limit. Half of the places, if needed, are for recent ones, whose handshake
    /// may already be over; within both groups it continues where the last look ended. So no number of strangers delays
    /// a stream for ever. Returns a copy, as judging changes the set.
    pub(in crate::open) fn held_due(&self, now: u64, most: usize) -> Vec<Rc<Stream>> {
        let held = self.held.borrow();
        let some = |from: &Cell<usize>, lately: bool, most: usize| -> Vec<Rc<Stream>> {
            let due = held
                .iter_from(from.get())
                .filter(|stream| stream.began_lately(now) == lately && stream.is_due_to_be_looked_at(now));
            due.take(most).map(Rc::clone).collect()
        };
        let [at_new, at_old] = &self.held_next;
        let mut due = some(at_new, true, most);
        let mut others = some(at_old, false, most.saturating_sub(due.len().min(most / 2)));
        due.truncate(most.saturating_sub(others.len()));
        for (next, streams) in [(at_new, &due), (at_old, &others)] {
            if let Some(last) = streams.last() {
                next.set(last.place().saturating_add(1));
            }
        }
        due.append(&mut others);
        due
    }

    /// At most so many of the silent ones that are over their deadline. They are looked for once a second, and all together share one
    /// deadline for each configuration, so the order does not matter.
    pub(in crate::open) fn silent_due(&self, now: u64, most: usize) -> Vec<Rc<Stream>> {
        const SECOND: u64 = 1_000_000_000;
        let silent = self.silent.borrow();
        if silent.is_empty() || now.saturating_sub(self.silent_looked_at.get()) < SECOND {
            return Vec::new();
        }
        let mut due = Vec::new();
        for stream in silent.iter_from(self.silent_next.get()) {
            stream.begins_at(now);
            if stream.is_over_deadline(now) {
                due.push(Rc::clone(stream));
            }
            if due.len() == most {
                // The others have their turn at the next tick.
                self.silent_next.set(stream.place());
                self.silent_more.set(true);
                return due;
            }
        }
        self.silent_looked_at.set(now);
        self.silent_more.set(false);
        due
    }

    /// Streams that the current configuration has not judged or whose certificate has expired, up to a limit. If there
    /// are no more, the next search waits until there can be.
    pub(in crate::open) fn due(&self, now: u64, most: usize) -> Vec<Rc<Stream>> {
        let expired = self.expiry.get().is_some_and(|expiry| expiry < now);
        if !self.has_work() && !expired {
            return Vec::new();
        }
        let allowed = self.allowed.borrow();
        let is_due = |stream: &&Rc<Stream>| stream.has_expired(now) || !self.is_judged(stream);
        let due: Vec<_> = allowed.iter().filter(is_due).take(most).map(Rc::clone).collect();
        if due.len() < most {
            self.unjudged.set(false);
            // Those that are due set their expiry again once they are judged.
            let rest = allowed.iter().filter(|stream| !is_due(stream));
            self.expiry.set(rest.filter_map(|stream| stream.expiry()).min());
        }
        due
    }

    /// The period of the timer.
    pub(in crate::open) fn period(&self) -> u32 {
        if !self.held.borrow().is_empty() {
            crate::timer::HELD
        } else if self.has_work() || self.silent_more.get() {
            crate::timer::SOON
        } else {
            crate::timer::IDLE
        }
    }
}
