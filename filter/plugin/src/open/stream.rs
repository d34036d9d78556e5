//! A connection or a request that is held, or was allowed and is still open.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use peerwarden_engine::OnChange;

use super::Instance;
use crate::abi;
use crate::attributes::{Attributes, Handshake, KeptHeaders, Layer};
use crate::authorizer::PendingCall;
use crate::clock;
use crate::configuration::Configuration;
use crate::pending_calls;
use crate::timer;

/// The number of recent configurations for which it is known whether they have judged a stream.
const JUDGES: usize = 8;

/// A handshake is checked again after this fraction of the time that it has taken.
const PATIENCE: u64 = 8;

/// In nanoseconds: a nearby client finishes its handshake within this time.
const LATELY: u64 = 1_000_000_000;

/// A stream, for the timer.
#[derive(Default)]
pub(crate) struct Stream {
    /// Envoy's id.
    pub(super) context: u32,
    /// The configuration that it began with.
    pub(super) configuration: Rc<Configuration>,
    status: Cell<Status>,
    /// The configurations that allow it; each new one replaces the oldest. None has the number 0.
    judges: [Cell<u64>; JUDGES],
    /// The number of configurations that have allowed it.
    judged: Cell<usize>,
    /// Its position among the others.
    place: Cell<usize>,
    /// When it was last checked while held, in nanoseconds since 1970.
    looked_at: Cell<u64>,
    details: RefCell<Details>,
}

/// The inputs for judging it again.
#[derive(Default)]
pub(super) struct Details {
    /// For a connection, whether its handshake was known to be over when it was allowed.
    pub(super) handshake: Option<Handshake>,
    /// For a request, its headers, which Envoy shows only while they pass.
    pub(super) headers: KeptHeaders,
    /// The providers whose external authorizers said yes.
    pub(super) providers: Vec<String>,
    /// Of a request: whether its response has begun.
    pub(super) responding: bool,
    /// When the certificate of a peer that mattered expires, in seconds since 1970.
    pub(super) expiry: Option<u64>,
    /// When it was first held, in nanoseconds since 1970.
    pub(super) held_since: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Status {
    /// Not decided yet.
    #[default]
    Held,
    Allowed,
    /// Closed, or about to be.
    Denied,
}

/// Why a stream may continue.
pub(crate) struct Allowance<'a> {
    pub(crate) attributes: &'a Attributes,
    /// The providers whose external authorizers said yes; none if nobody was asked.
    pub(crate) providers: &'a [String],
}

impl Stream {
    /// Begins, in the memory of a finished one.
    pub(super) fn begins(&mut self, context: u32, configuration: &Rc<Configuration>, details: Details) {
        self.context = context;
        self.configuration = Rc::clone(configuration);
        self.status.set(Status::Held);
        self.judges.iter().for_each(|judge| judge.set(0));
        self.judged.set(0);
        self.place.set(usize::MAX);
        self.looked_at.set(details.held_since);
        *self.details.get_mut() = details;
    }

    /// Releases everything that it refers to.
    pub(super) fn is_over(&mut self, nothing: &Rc<Configuration>) {
        self.configuration = Rc::clone(nothing);
        let details = self.details.get_mut();
        details.headers = KeptHeaders::default();
        details.providers = Vec::new();
    }

    pub(super) fn layer(&self) -> Layer {
        match self.details.borrow().handshake {
            Some(_) => Layer::Tcp,
            None => Layer::Http,
        }
    }

    pub(super) fn details(&self) -> std::cell::Ref<'_, Details> {
        self.details.borrow()
    }

    /// The longer a handshake takes, the less often it is checked, as many clients open connections and do nothing
    /// else.
    pub(super) fn is_due_to_be_looked_at(&self, now: u64) -> bool {
        let last = self.looked_at.get();
        let age = last.saturating_sub(self.details.borrow().held_since);
        now.saturating_sub(last) >= age / PATIENCE || self.is_over_deadline(now)
    }

    /// Whether it was first held so recently that its handshake may still be running.
    pub(super) fn began_lately(&self, now: u64) -> bool {
        now.saturating_sub(self.details.borrow().held_since) < LATELY
    }

    pub(super) fn is_over_deadline(&self, now: u64) -> bool {
        let held = now.saturating_sub(self.details.borrow().held_since);
        Duration::from_nanos(held) >= self.configuration.tcp.deadline
    }

    /// It began when no timer kept the time: it counts from now on.
    pub(super) fn begins_at(&self, now: u64) {
        let mut details = self.details.borrow_mut();
        if details.held_since == 0 {
            details.held_since = now;
        }
    }

    pub(super) fn is_looked_at(&self, now: u64) {
        self.looked_at.set(now);
    }

    pub(super) fn place(&self) -> usize {
        self.place.get()
    }

    pub(super) fn is_at(&self, place: usize) {
        self.place.set(place);
    }

    pub(super) fn set_status(&self, status: Status) {
        self.status.set(status);
    }

    /// Whether anything can end it.
    pub(super) fn is_looked_after(&self) -> bool {
        let settings = self.configuration.open_connections;
        settings.on_update == OnChange::Close || self.expiry().is_some()
    }

    pub(super) fn is_judged_by(&self, number: u64) -> bool {
        self.configuration.open_connections.on_update == OnChange::Keep
            || self.judges.iter().any(|judge| judge.get() == number)
    }

    pub(super) fn expiry(&self) -> Option<u64> {
        self.details.borrow().expiry
    }

    /// Records when a certificate that mattered expires; with several judges the earliest counts.
    pub(super) fn expires_at(&self, expiry: Option<u64>) {
        self.details.borrow_mut().expiry = expiry;
    }

    pub(super) fn has_expired(&self, now: u64) -> bool {
        self.expiry().is_some_and(|expiry| expiry < now)
    }

    /// Records that a configuration allows it.
    pub(super) fn allowed_by(&self, number: u64, allowed: &Allowance<'_>) {
        self.status.set(Status::Allowed);
        let judged = self.judged.get();
        if let Some(oldest) = self.judges.get(judged.rem_euclid(JUDGES)) {
            oldest.set(number);
        }
        self.judged.set(judged.wrapping_add(1));
        let mut details = self.details.borrow_mut();
        details.expiry = allowed.attributes.expiry();
        details.handshake = allowed.attributes.handshake_of_connection();
        if !allowed.providers.is_empty() {
            details.providers = allowed.providers.to_vec();
        }
    }
}

/// Registers a context's stream with the timer.
pub(crate) struct StreamOpener {
    context: u32,
    pub(super) instance: Rc<Instance>,
    pub(super) configuration: Rc<Configuration>,
}

impl StreamOpener {
    /// Begins a stream.
    pub(crate) fn new(context: u32, instance: &Rc<Instance>, configuration: &Rc<Configuration>) -> Self {
        instance.stream_begins(configuration);
        Self {
            context,
            instance: Rc::clone(instance),
            configuration: Rc::clone(configuration),
        }
    }

    /// Records that the stream's context waits for an authorizer's answer.
    pub(crate) fn awaits(&self, waiting: &PendingCall) {
        pending_calls::await_answer(waiting.token(), self.context);
    }

    /// Holds a connection until it can be decided.
    pub(crate) fn hold(&self) -> StreamHandle {
        let details = Details {
            handshake: Some(Handshake::MayBeUnderWay),
            held_since: abi::now().unwrap_or(0),
            ..Details::default()
        };
        let open = self.open(details);
        self.instance.hold(&open.stream);
        self.configuration.timer.at_least(timer::HELD);
        open
    }

    /// A connection that continues, and is decided on its first data.
    pub(crate) fn watch(&self) -> StreamHandle {
        let details = Details {
            handshake: Some(Handshake::MayBeUnderWay),
            held_since: clock::kept().unwrap_or(0),
            ..Details::default()
        };
        let open = self.open(details);
        self.instance.watch(&open.stream);
        open
    }

    /// Records a connection or a request that its own configuration allows; `None` for a request that nothing can end.
    pub(crate) fn allow(&self, allowed: &Allowance<'_>) -> Option<StreamHandle> {
        let handshake = allowed.attributes.handshake_of_connection();
        let settings = self.configuration.open_connections;
        if handshake.is_none()
            && settings.on_update == OnChange::Keep
            && allowed.attributes.expiry().is_none()
        {
            return None;
        }
        let mut details = Details {
            handshake,
            ..Details::default()
        };
        if handshake.is_none() && settings.on_update == OnChange::Close {
            details.headers = allowed.attributes.keep_headers();
        }
        let open = self.open(details);
        open.allow(allowed);
        Some(open)
    }

    fn open(&self, details: Details) -> StreamHandle {
        let stream = self.instance.stream(self.context, &self.configuration, details);
        StreamHandle {
            stream,
            instance: Rc::clone(&self.instance),
        }
    }
}

/// A context's handle to its stream. It is removed with the context.
pub(crate) struct StreamHandle {
    stream: Rc<Stream>,
    instance: Rc<Instance>,
}

impl StreamHandle {
    pub(crate) fn status(&self) -> Status {
        self.stream.status.get()
    }

    /// Records that its own configuration allows it.
    pub(crate) fn allow(&self, allowed: &Allowance<'_>) {
        self.stream.allowed_by(self.stream.configuration.number, allowed);
        self.instance.allow(&self.stream);
        let timer = &self.stream.configuration.timer;
        if self.instance.has_work() {
            timer.at_least(timer::SOON);
        }
    }

    /// Records that its own configuration denies it.
    pub(crate) fn deny(&self) {
        self.stream.set_status(Status::Denied);
        self.instance.forget(&self.stream);
    }

    /// For a request: records that it can no longer be answered differently.
    pub(crate) fn response_begins(&self) {
        self.stream.details.borrow_mut().responding = true;
    }
}

impl Drop for StreamHandle {
    fn drop(&mut self) {
        self.instance.forget(&self.stream);
        self.instance.is_over(&mut self.stream);
    }
}
