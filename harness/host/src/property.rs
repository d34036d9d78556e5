//! Attributes, as `proxy_get_property` answers them
//! (<https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes>).

mod connection;
mod json;
mod message;
mod request;
mod value;

pub(crate) use value::Value;

use crate::state::State;
use crate::status::Status;
use crate::stream::Context;

/// The encoded value at a path; an empty path is a null to Envoy.
///
/// # Errors
/// [`Status::NotFound`] if there is none, [`Status::SerializationFailure`] if it cannot be encoded, [`Status::Unimplemented`] if
/// Envoy has one that this host does not simulate.
pub(crate) fn read(state: &State, path: &[&str]) -> Result<Vec<u8>, Status> {
    find(state, path)?.encode()
}

fn find(state: &State, path: &[&str]) -> Result<Value, Status> {
    let context = state.context().ok_or(Status::NotFound)?;
    let [first, rest @ ..] = path else {
        return Ok(Value::Null);
    };
    match (*first, rest) {
        ("plugin_name", []) => plugin(state, |plugin| &plugin.options.name),
        ("plugin_root_id", []) => plugin(state, |plugin| &plugin.options.root_id),
        ("plugin_vm_id", []) => Ok(Value::text(&state.options.vm_id)),
        ("xds", rest) => xds(state, rest),
        ("source" | "destination" | "connection" | "connection_id", _) => {
            connection::find(state.options.version, context, first, rest)
        }
        ("request", rest) => request::request(state.callback, context, rest),
        ("response", rest) => request::response(context, rest),
        ("metadata", rest) => metadata(context, rest),
        ("filter_state", [key]) => filter_state(context, key),
        // Filter state objects with fields, and attributes that exist only for an upstream.
        ("filter_state" | "upstream_filter_state" | "upstream", _) => Err(Status::Unimplemented),
        // A value that a Wasm plugin set is also available under its bare name.
        (name, []) => filter_state(context, &format!("wasm.{name}")),
        (_, _) => Err(Status::NotFound),
    }
}

fn plugin<'s>(
    state: &'s State,
    name: impl Fn(&'s crate::state::Plugin) -> &'s String,
) -> Result<Value, Status> {
    state
        .plugin()
        .map(|plugin| Value::text(name(plugin)))
        .ok_or(Status::NotFound)
}

fn filter_state(context: &Context, key: &str) -> Result<Value, Status> {
    let stream = context.stream().ok_or(Status::NotFound)?;
    let bytes = stream.filter_state(key).ok_or(Status::NotFound)?;
    Ok(Value::Bytes(bytes.to_vec()))
}

/// A value in the node's metadata, by path; the whole node is a message that is not simulated.
fn xds(state: &State, path: &[&str]) -> Result<Value, Status> {
    match path {
        ["node", "metadata", first, rest @ ..] => json::walk(
            state.options.node_metadata.get(*first).ok_or(Status::NotFound)?,
            rest,
        ),
        [
            "node" | "cluster_name" | "cluster_metadata" | "route_name" | "route_metadata"
            | "virtual_host_name",
            ..,
        ]
        | [
            "virtual_host_metadata" | "upstream_host_metadata" | "upstream_host_locality_metadata",
            ..,
        ]
        | [
            "filter_chain_name" | "listener_metadata" | "listener_direction",
            ..,
        ] => Err(Status::Unimplemented),
        _ => Err(Status::NotFound),
    }
}

/// The whole `envoy.config.core.v3.Metadata` as a message, or a value in it by path.
fn metadata(context: &Context, path: &[&str]) -> Result<Value, Status> {
    let metadata = &context
        .stream()
        .ok_or(Status::NotFound)?
        .connection
        .dynamic_metadata;
    match path {
        [] => Ok(Value::Bytes(message::metadata(metadata))),
        ["filter_metadata", filter, rest @ ..] => {
            json::walk(metadata.get(*filter).ok_or(Status::NotFound)?, rest)
        }
        ["filter_metadata"] | ["typed_filter_metadata", ..] => Err(Status::Unimplemented),
        _ => Err(Status::NotFound),
    }
}
