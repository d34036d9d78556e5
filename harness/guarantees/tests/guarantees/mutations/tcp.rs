//! Edits of a listener for TCP, and of one that holds connections.

use super::Mutation;
use crate::edits::{chain, configuration, filter, listener, proxy, remove};

pub(super) const TCP: &[Mutation] = &[
    ("module", |of| {
        chain(of)["filters"].as_array_mut().expect("a list").remove(0);
    }),
    ("order", |of| {
        chain(of)["filters"].as_array_mut().expect("a list").reverse()
    }),
    ("order", |of| {
        let all = chain(of)["filters"].as_array_mut().expect("a list");
        all.insert(1, filter("network.mongo_proxy.v3.MongoProxy"));
    }),
    ("connect-mode", |of| {
        remove(proxy(of), "upstream_connect_mode");
        remove(proxy(of), "max_early_data_bytes");
    }),
    ("connect-mode", |of| remove(proxy(of), "max_early_data_bytes")),
    ("connect-mode", |of| {
        proxy(of)["upstream_connect_mode"] = "ON_DOWNSTREAM_DATA".into()
    }),
    ("connect-mode", |of| proxy(of)["upstream_connect_mode"] = 1.into()),
    ("connect-mode", |of| {
        configuration(
            &mut chain(of)["filters"][0]["typed_config"]["config"],
            "\"handshake\"",
            "\"hold\"",
        );
    }),
    ("direct-remote-address", |of| {
        let filters = listener(of)["listener_filters"].as_array_mut().expect("a list");
        filters.insert(0, filter("listener.proxy_protocol.v3.ProxyProtocol"));
    }),
];

pub(super) const HOLD: &[Mutation] = &[
    ("connect-mode", |of| remove(proxy(of), "max_early_data_bytes")),
    ("connect-mode", |of| {
        proxy(of)["upstream_connect_mode"] = "ON_DOWNSTREAM_TLS_HANDSHAKE".into();
    }),
];
