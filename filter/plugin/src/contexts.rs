//! The contexts that Envoy has created, and the dispatch of callbacks to them.
//!
//! All input comes from another program, so nothing is assumed: a callback for an unknown context, or for one of the
//! other kind of chain, denies. A trap would fail the VM, and with it every filter of this module in the process that
//! shares it.

use std::cell::RefCell;
use std::mem;

use crate::abi::{self, Action};
use crate::http::{self, Http};
use crate::numbered_map::NumberedMap;
use crate::pending_calls;
use crate::report;
use crate::root::Root;
use crate::tcp::{self, Tcp};

/// One context.
enum Slot {
    /// It is in a callback.
    Busy,
    Root(Box<Root>),
    /// A stream of this root context. Its first callback shows the kind of its chain.
    New(u32),
    Http(Box<Http>),
    Tcp(Box<Tcp>),
}

thread_local! {
    static CONTEXTS: RefCell<NumberedMap<Slot>> = RefCell::default();
}

/// Envoy has created a context: a root context has no parent, a stream's has a root context. Creating one again has no
/// effect.
pub(crate) fn create(context: u32, root: u32) {
    CONTEXTS.with_borrow_mut(|contexts| {
        contexts.entry(context).or_insert_with(|| match root {
            0 => Slot::Root(Box::default()),
            root => Slot::New(root),
        });
    });
}

/// Whether the configuration is accepted.
pub(crate) fn configure(root: u32, size: usize) -> bool {
    let taken = with(root, |slot| match slot {
        Slot::Root(root) => root.on_configure(size),
        Slot::Busy | Slot::New(_) | Slot::Http(_) | Slot::Tcp(_) => true,
    });
    // A refusal here would affect only one thread; without a root context every stream under it is denied.
    taken.unwrap_or(true)
}

pub(crate) fn tick(root: u32) {
    with(root, |slot| {
        if let Slot::Root(root) = slot {
            root.on_tick();
        }
    });
}

/// Envoy has deleted a context.
pub(crate) fn delete(context: u32) {
    // Its contents are dropped when nothing is borrowed.
    let gone = CONTEXTS.with_borrow_mut(|contexts| contexts.remove(&context));
    let waits_for = match &gone {
        Some(Slot::Http(http)) => http.waits_for(),
        Some(Slot::Tcp(tcp)) => tcp.waits_for(),
        Some(Slot::Root(_) | Slot::New(_) | Slot::Busy) | None => None,
    };
    if let Some(token) = waits_for {
        pending_calls::forget(token);
    }
}

pub(crate) fn http_call_answered(token: u32, headers: u32) {
    answered(token, |slot| {
        if let Slot::Http(http) = slot {
            http.on_http_call_response(token, headers);
        }
    });
}

pub(crate) fn grpc_call_answered(token: u32, status: u32) {
    answered(token, |slot| match slot {
        Slot::Http(http) => http.on_grpc_call_response(token, status),
        Slot::Tcp(tcp) => tcp.on_grpc_call_response(token, status),
        Slot::Root(_) | Slot::New(_) | Slot::Busy => {}
    });
}

/// Delivers an answer to the stream that called: Envoy reports it to the root context. Host calls refer to that stream.
fn answered(token: u32, act: impl FnOnce(&mut Slot)) {
    let Some(context) = pending_calls::answered(token) else {
        return;
    };
    with(context, |slot| match abi::act_for(context) {
        Ok(()) => act(slot),
        Err(_) => report::error("an authorizer's answer cannot be applied; what waits for it stays held"),
    });
}

/// A callback of a request.
pub(crate) fn of_request(context: u32, act: impl FnOnce(&mut Http) -> Action) -> Action {
    let action = with(context, |slot| {
        begin(slot, |root| Slot::Http(Box::new(root.request(context))));
        match slot {
            Slot::Http(http) => Some(act(http)),
            Slot::Root(_) | Slot::New(_) | Slot::Tcp(_) | Slot::Busy => None,
        }
    });
    action.flatten().unwrap_or_else(|| {
        unknown();
        http::deny_unknown();
        Action::Pause
    })
}

/// The headers of a response. A filter before this one answered a request that was not decided.
pub(crate) fn of_response(context: u32) -> Action {
    with(context, |slot| {
        if let Slot::Http(http) = slot {
            http.on_response_headers();
        }
    });
    Action::Continue
}

/// A callback of a connection.
pub(crate) fn of_connection(context: u32, act: impl FnOnce(&mut Tcp) -> Action) -> Action {
    let action = with(context, |slot| {
        begin(slot, |root| Slot::Tcp(Box::new(root.connection(context))));
        match slot {
            Slot::Tcp(tcp) => Some(act(tcp)),
            Slot::Root(_) | Slot::New(_) | Slot::Http(_) | Slot::Busy => None,
        }
    });
    action.flatten().unwrap_or_else(|| {
        unknown();
        tcp::deny_unknown();
        Action::Pause
    })
}

fn unknown() {
    report::error("denied: a callback for an unknown context");
}

/// The first callback of a stream shows the kind of its chain. Without its root context the stream does not begin.
fn begin(slot: &mut Slot, make: impl FnOnce(&Root) -> Slot) {
    let Slot::New(root) = slot else { return };
    let begun = CONTEXTS.with_borrow(|contexts| match contexts.get(root) {
        Some(Slot::Root(root)) => Some(make(root)),
        Some(Slot::New(_) | Slot::Http(_) | Slot::Tcp(_) | Slot::Busy) | None => None,
    });
    if let Some(begun) = begun {
        *slot = begun;
    }
}

/// Runs a callback of a context, which accepts no other meanwhile; `None` if there is no such context.
fn with<T>(context: u32, act: impl FnOnce(&mut Slot) -> T) -> Option<T> {
    let taken = CONTEXTS.with_borrow_mut(|contexts| {
        let place = contexts.get_mut(&context)?;
        Some(mem::replace(place, Slot::Busy))
    });
    let mut slot = taken?;
    let answer = act(&mut slot);
    CONTEXTS.with_borrow_mut(|contexts| {
        // If it was deleted meanwhile, it has no place any more.
        if let Some(place) = contexts.get_mut(&context) {
            *place = slot;
        }
    });
    Some(answer)
}
