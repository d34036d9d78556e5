//! What the source has answered so far in one decision: each question is put to it at most once.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;

use crate::attribute::{AttributeSource, Lookup};
use crate::document::Value;
use crate::identity::Peer;

type Headers<'s> = Rc<Lookup<Vec<Cow<'s, [u8]>>>>;
type Metadata<'s> = Rc<Lookup<Cow<'s, Value>>>;

/// A source with a memory.
pub(super) struct Answers<'s> {
    source: &'s dyn AttributeSource,
    peer: OnceCell<Lookup<Cow<'s, Peer>>>,
    tls: OnceCell<Lookup<bool>>,
    source_ip: OnceCell<Lookup<IpAddr>>,
    remote_ip: OnceCell<Lookup<IpAddr>>,
    destination_ip: OnceCell<Lookup<IpAddr>>,
    destination_port: OnceCell<Lookup<u16>>,
    sni: OnceCell<Lookup<Cow<'s, [u8]>>>,
    jwt: OnceCell<Lookup<Cow<'s, Value>>>,
    headers: RefCell<Vec<(String, Headers<'s>)>>,
    metadata: RefCell<Vec<(String, String, Metadata<'s>)>>,
}

impl<'s> Answers<'s> {
    pub(super) fn new(source: &'s dyn AttributeSource) -> Self {
        Self {
            source,
            peer: OnceCell::new(),
            tls: OnceCell::new(),
            source_ip: OnceCell::new(),
            remote_ip: OnceCell::new(),
            destination_ip: OnceCell::new(),
            destination_port: OnceCell::new(),
            sni: OnceCell::new(),
            jwt: OnceCell::new(),
            headers: RefCell::default(),
            metadata: RefCell::default(),
        }
    }

    pub(super) fn peer(&self) -> &Lookup<Cow<'s, Peer>> {
        self.peer.get_or_init(|| self.source.peer())
    }

    pub(super) fn tls(&self) -> &Lookup<bool> {
        self.tls.get_or_init(|| self.source.tls())
    }

    pub(super) fn source_ip(&self) -> &Lookup<IpAddr> {
        self.source_ip.get_or_init(|| self.source.source_ip())
    }

    pub(super) fn remote_ip(&self) -> &Lookup<IpAddr> {
        self.remote_ip.get_or_init(|| self.source.remote_ip())
    }

    pub(super) fn destination_ip(&self) -> &Lookup<IpAddr> {
        self.destination_ip.get_or_init(|| self.source.destination_ip())
    }

    pub(super) fn destination_port(&self) -> &Lookup<u16> {
        self.destination_port
            .get_or_init(|| self.source.destination_port())
    }

    pub(super) fn sni(&self) -> &Lookup<Cow<'s, [u8]>> {
        self.sni.get_or_init(|| self.source.sni())
    }

    pub(super) fn jwt(&self) -> &Lookup<Cow<'s, Value>> {
        self.jwt.get_or_init(|| self.source.jwt())
    }

    pub(super) fn header(&self, name: &str) -> Headers<'s> {
        let known = self
            .headers
            .borrow()
            .iter()
            .find(|(of, _)| of == name)
            .map(|(_, values)| Rc::clone(values));
        known.unwrap_or_else(|| {
            let values = Rc::new(self.source.header(name));
            self.headers
                .borrow_mut()
                .push((name.to_owned(), Rc::clone(&values)));
            values
        })
    }

    pub(super) fn metadata(&self, filter: &str, key: &str) -> Metadata<'s> {
        let of = |entry: &&(String, String, Metadata<'s>)| entry.0 == filter && entry.1 == key;
        let known = self
            .metadata
            .borrow()
            .iter()
            .find(of)
            .map(|(_, _, value)| Rc::clone(value));
        known.unwrap_or_else(|| {
            let value = Rc::new(self.source.metadata(filter, key));
            self.metadata
                .borrow_mut()
                .push((filter.to_owned(), key.to_owned(), Rc::clone(&value)));
            value
        })
    }
}
