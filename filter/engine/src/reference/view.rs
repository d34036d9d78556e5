//! The attributes that are evaluated, and how much of them a trace shows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::attribute_value::AttributeValue;
use super::path::read_otherwise;
use crate::attribute::{AttributeSource, Lookup};
use crate::config::Config;

/// One case: each attribute is looked up once.
pub(super) struct View<'v> {
    pub(super) config: &'v Config,
    pub(super) source: &'v dyn AttributeSource,
    /// Whether texts for people are made.
    pub(super) in_full: bool,
    seen: RefCell<BTreeMap<&'v str, Rc<ShownAttribute>>>,
}

/// An attribute.
pub(super) struct ShownAttribute {
    pub(super) found: Lookup<AttributeValue>,
    /// For people.
    pub(super) shown: Option<String>,
}

impl<'v> View<'v> {
    pub(super) fn new(config: &'v Config, source: &'v dyn AttributeSource, in_full: bool) -> Self {
        Self {
            config,
            source,
            in_full,
            seen: RefCell::default(),
        }
    }

    /// A text or a place for people.
    pub(super) fn told<T: Default>(&self, make: impl FnOnce() -> T) -> T {
        if self.in_full { make() } else { T::default() }
    }

    /// The attribute that `key` stands for.
    pub(super) fn see(
        &self,
        key: &'v str,
        look_up: fn(&str, &Config, &dyn AttributeSource) -> Lookup<AttributeValue>,
    ) -> Rc<ShownAttribute> {
        if let Some(seen) = self.seen.borrow().get(key) {
            return Rc::clone(seen);
        }
        let found = look_up(key, self.config, self.source);
        let shown = match &found {
            Lookup::Found(found) if self.in_full => Some(found.to_string()),
            Lookup::Unavailable if self.in_full => unestablished(key, self.source),
            Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable => None,
        };
        let seen = Rc::new(ShownAttribute { found, shown });
        self.seen.borrow_mut().insert(key, Rc::clone(&seen));
        seen
    }
}

/// The value that does not establish the attribute; `None` if the source does not know the value.
fn unestablished(key: &str, source: &dyn AttributeSource) -> Option<String> {
    let name = match key {
        "source.principal" | "source.namespace" | "source.serviceAccount" | "source.trustDomain" => {
            let peer = matches!(source.peer(), Lookup::Found(_));
            return peer.then(|| "a certificate without a URI SAN".to_owned());
        }
        "connection.sni" => {
            return match source.sni() {
                Lookup::Found(name) => {
                    let name = String::from_utf8_lossy(&name);
                    Some(format!("{name:?}, a server name with a dot at its end"))
                }
                Lookup::Missing | Lookup::Unavailable => None,
            };
        }
        "hosts" => ":authority".to_owned(),
        "methods" => ":method".to_owned(),
        "paths" => ":path".to_owned(),
        key => key
            .strip_prefix("request.headers[")?
            .strip_suffix(']')?
            .to_lowercase(),
    };
    let (header, what) = match name.as_str() {
        ":method" => (":method", Some("a method with lower-case letters")),
        ":path" => (":path", None),
        ":authority" | "host" => (":authority", Some("which is not a host")),
        _ => return None,
    };
    match source.header(header) {
        Lookup::Found(lines) => {
            let what = what.or_else(|| lines.iter().find_map(|line| read_otherwise(line)))?;
            let shown: Vec<_> = lines.iter().map(String::from_utf8_lossy).collect();
            Some(format!("{:?}, {what}", shown.join(", ")))
        }
        Lookup::Missing | Lookup::Unavailable => None,
    }
}
