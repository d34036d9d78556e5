//! Foreign functions, which Envoy adds to the ABI. One is simulated: `set_envoy_filter_state`.

use super::protobuf::{FieldValue, fields};
use super::{CallResult, Host};
use crate::options::EnvoyVersion;
use crate::status::Status;
use crate::stream::Lifespan;

/// Foreign functions that Envoy has and this host does not simulate; any other name is unknown to Envoy too.
const ELSEWHERE: [&str; 9] = [
    "sign",
    "verify_signature",
    "compress",
    "uncompress",
    "declare_property",
    "clear_route_cache",
    "expr_create",
    "expr_evaluate",
    "expr_delete",
];

/// Keys whose objects Envoy creates from any text.
const TEXTS: [&str; 2] = ["envoy.string", "envoy.tcp_proxy.cluster"];

/// Keys whose objects Envoy creates from an address, a number or a list; not simulated
/// (<https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/well_known_filter_state>).
const OBJECTS: [&str; 12] = [
    "envoy.filters.listener.original_dst.local_ip",
    "envoy.filters.listener.original_dst.remote_ip",
    "envoy.hashable_string",
    "envoy.network.application_protocols",
    "envoy.network.ip",
    "envoy.network.transport_socket.original_dst_address",
    "envoy.network.upstream_server_name",
    "envoy.network.upstream_subject_alt_names",
    "envoy.tcp_proxy.disable_tunneling",
    "envoy.tcp_proxy.per_connection_idle_timeout_ms",
    "envoy.upstream.dynamic_host",
    "envoy.upstream.dynamic_port",
];

impl Host<'_> {
    pub(super) fn foreign_function(
        &mut self,
        name: u32,
        name_size: u32,
        arguments: u32,
        arguments_size: u32,
        result: u32,
        result_size: u32,
    ) -> CallResult {
        let name = self.text(name, name_size)?;
        let arguments = self.bytes(arguments, arguments_size)?;
        if ELSEWHERE.contains(&name.as_str()) {
            return self.refuse(
                Status::Unimplemented,
                format!("this host does not simulate `{name}`"),
            );
        }
        if name != "set_envoy_filter_state" {
            return Err(Status::NotFound.into());
        }
        let outcome = self.set_envoy_filter_state(&arguments);
        // It has no result; a null pointer means that the caller wants none.
        for place in [result, result_size].into_iter().filter(|place| *place != 0) {
            self.write_u32(place, 0)?;
        }
        outcome
    }

    /// Creates an object of a kind that Envoy itself reads, under the key that is the name of its factory. Envoy checks the message
    /// first, then the key, then whether there is a stream.
    fn set_envoy_filter_state(&mut self, message: &[u8]) -> CallResult {
        let Some(arguments) = Arguments::read(message) else {
            return self.refuse(
                Status::BadArgument,
                "this is not a `SetEnvoyFilterStateArguments`",
            );
        };
        let key = arguments.path;
        if OBJECTS.contains(&key.as_str()) {
            return self.refuse(
                Status::Unimplemented,
                format!("this host does not simulate `{key}`"),
            );
        }
        if !TEXTS.contains(&key.as_str()) {
            return self.refuse(
                Status::NotFound,
                format!("Envoy has no factory for filter state `{key}`"),
            );
        }
        let state = self.state();
        // Envoy 1.36 ignores `proxy_set_effective_context` here.
        let context = if state.options.version < EnvoyVersion::V1_37 {
            state.true_context
        } else {
            state.effective
        };
        let context = state.contexts.get_mut(&context);
        let Some(context) = context.filter(|context| context.stream().is_some()) else {
            return self.refuse(
                Status::NotFound,
                "there is no stream whose filter state could be set",
            );
        };
        if !context.set_filter_state(key, arguments.value.into_bytes(), arguments.lifespan) {
            self.violate("the key is set with another life span: Envoy keeps that value, and answers Ok");
        }
        Ok(())
    }
}

/// `SetEnvoyFilterStateArguments`, of Envoy's `set_envoy_filter_state.proto`.
struct Arguments {
    path: String,
    value: String,
    lifespan: Lifespan,
}

impl Arguments {
    /// Reads it as protobuf does: unknown fields are skipped, the last of several counts, texts are UTF-8.
    fn read(message: &[u8]) -> Option<Self> {
        let mut arguments = Self {
            path: String::new(),
            value: String::new(),
            lifespan: Lifespan::Request,
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        for field in fields(message)? {
            match field {
                (1, FieldValue::Bytes(bytes)) => arguments.path = text(bytes)?,
                (2, FieldValue::Bytes(bytes)) => arguments.value = text(bytes)?,
                (3, FieldValue::Number(2)) => arguments.lifespan = Lifespan::Connection,
                (3, FieldValue::Number(_)) => arguments.lifespan = Lifespan::Request,
                _ => {}
            }
        }
        Some(arguments)
    }
}
