//! The timer's work: decides held streams, and closes open ones that are no longer allowed.

use std::rc::Rc;

use super::{Instance, judge};
use crate::abi;
use crate::clock;
use crate::configuration::Configuration;
use crate::report;
use crate::timer;

/// How many streams are judged again at a time: each costs about as much as a request's decision, and the worker thread
/// waits.
const SLICE: usize = 100;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Does the work that is due for a configuration and its instance, and returns in how many milliseconds there is more.
pub(crate) fn tick(instance: &Rc<Instance>, configuration: &Configuration) -> u32 {
    report::flush();
    instance.heal(configuration);
    let Some(now) = clock::now() else {
        instance.publish();
        clock::is_not_kept();
        report::error("there is no clock; streams that are held or may expire wait");
        return timer::IDLE;
    };
    clock::is(now);
    instance.follow(now);
    instance.publish();
    for stream in instance.held_due(now, SLICE) {
        stream.is_looked_at(now);
        judge::held(instance, &stream, now);
    }
    for stream in instance.silent_due(now, SLICE) {
        judge::silent(instance, &stream);
    }
    for stream in instance.due(now / NANOS_PER_SECOND, SLICE) {
        judge::again(instance, &stream, now / NANOS_PER_SECOND);
    }
    abi::own_context();
    instance.period()
}
