//! The host calls that the filter makes.
//!
//! They are not those of an SDK: its wrappers panic on statuses that they do not expect, cannot tell an empty value from a missing
//! one, and have no way to give response-code details. Here a status is a number
//! (<https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>), and every failure is the caller's to judge.
#![expect(
    unsafe_code,
    reason = "host calls take raw pointers; this is the only file that makes them"
)]

mod buffers;

use std::ptr;
use std::time::Duration;

pub(crate) use buffers::Bytes;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, size: usize) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max: usize,
        value: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize) -> u32;
    fn proxy_send_local_response(
        code: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_continue_stream(stream_type: u32) -> u32;
    fn proxy_close_stream(stream_type: u32) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_get_metric(id: u32, value: *mut u64) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        value: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(key: *const u8, key_size: usize, value: *const u8, size: usize, cas: u32)
    -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        results: *mut *mut u8,
        results_size: *mut usize,
    ) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout: u32,
        token: *mut u32,
    ) -> u32;
    fn proxy_grpc_call(
        service: *const u8,
        service_size: usize,
        name: *const u8,
        name_size: usize,
        method: *const u8,
        method_size: usize,
        metadata: *const u8,
        metadata_size: usize,
        message: *const u8,
        message_size: usize,
        timeout: u32,
        token: *mut u32,
    ) -> u32;
}

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;

/// A host call that did not do what was asked; the number is the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed(pub(crate) u32);

impl Failed {
    /// An argument names something that is not there: the ABI's BadArgument.
    pub(crate) const BAD_ARGUMENT: Self = Self(2);

    /// What was handed out cannot be read: the ABI's ParseFailure.
    pub(crate) const UNREADABLE: Self = Self(4);

    /// Somebody else has written it meanwhile: the ABI's CasMismatch.
    pub(crate) const OUTRUN: Self = Self(8);
}

fn status(status: u32) -> Result<(), Failed> {
    if status == OK { Ok(()) } else { Err(Failed(status)) }
}

/// Runs a call that hands out bytes. `None` when there is nothing under that name.
fn buffer(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Option<Bytes>, Failed> {
    let mut data: *mut u8 = ptr::null_mut();
    let mut size: usize = 0;
    match call(&raw mut data, &raw mut size) {
        OK if size == 0 => Ok(Some(Bytes::default())),
        OK => Bytes::at(data, size).map(Some).ok_or(Failed::UNREADABLE),
        NOT_FOUND => Ok(None),
        other => Err(Failed(other)),
    }
}

/// What a callback answers: what becomes of what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// It goes on.
    Continue,
    /// It is held, until it is let go on, answered or closed.
    Pause,
}

/// How much a log line matters to Envoy.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

/// Writes a line to Envoy's log.
pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Info => 2,
        Level::Warning => 3,
        Level::Error => 4,
    };
    // SAFETY: pointer and length are those of a live string. A log line that is not written is nothing to act on.
    let _ = unsafe { proxy_log(level, message.as_ptr(), message.len()) };
}

/// An attribute by its path, segments joined by NUL; `None` when it is not there, which an empty value is not.
pub(crate) fn property(path: &str) -> Result<Option<Bytes>, Failed> {
    // SAFETY: the path outlives the call, and `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// Writes filter state: Envoy keeps it as `wasm.NAME`.
pub(crate) fn set_property(name: &str, value: &str) -> Result<(), Failed> {
    // SAFETY: pointers and lengths are those of live strings.
    status(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

/// Writes filter state under a name of Envoy's own, by its foreign function `set_envoy_filter_state`, whose arguments these are: the
/// message `SetEnvoyFilterStateArguments`
/// (<https://github.com/envoyproxy/envoy/blob/main/source/extensions/common/wasm/ext/set_envoy_filter_state.proto>). Envoy 1.36 knows
/// it within the stream's own callbacks only.
pub(crate) fn set_envoy_filter_state(arguments: &[u8]) -> Result<(), Failed> {
    const NAME: &str = "set_envoy_filter_state";
    // SAFETY: pointers and lengths are those of live bytes, and `buffer` gives valid places for the results, of which there are none.
    let called = buffer(|results, size| unsafe {
        proxy_call_foreign_function(
            NAME.as_ptr(),
            NAME.len(),
            arguments.as_ptr(),
            arguments.len(),
            results,
            size,
        )
    });
    called?.map(|_| ()).ok_or(Failed(NOT_FOUND))
}

/// The plugin's configuration; can be read while it is being configured only.
pub(crate) fn plugin_configuration() -> Result<Option<Bytes>, Failed> {
    const PLUGIN_CONFIGURATION: u32 = 7;
    // SAFETY: `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, usize::MAX, data, size) })
}

/// A map of headers, by its number in the ABI.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Headers {
    Request,
    Response,
}

impl Headers {
    fn map(self) -> u32 {
        match self {
            Headers::Request => REQUEST_HEADERS,
            Headers::Response => 2,
        }
    }

    /// Adds a line.
    pub(crate) fn add(self, name: &[u8], value: &[u8]) -> Result<(), Failed> {
        // SAFETY: pointers and lengths are those of live bytes.
        status(unsafe {
            proxy_add_header_map_value(self.map(), name.as_ptr(), name.len(), value.as_ptr(), value.len())
        })
    }

    /// Puts a line in the place of all there are.
    pub(crate) fn set(self, name: &[u8], value: &[u8]) -> Result<(), Failed> {
        // SAFETY: pointers and lengths are those of live bytes.
        status(unsafe {
            proxy_replace_header_map_value(self.map(), name.as_ptr(), name.len(), value.as_ptr(), value.len())
        })
    }

    /// Removes all lines.
    pub(crate) fn remove(self, name: &[u8]) -> Result<(), Failed> {
        // SAFETY: pointer and length are those of live bytes.
        status(unsafe { proxy_remove_header_map_value(self.map(), name.as_ptr(), name.len()) })
    }

    /// All lines, in the ABI's encoding of pairs.
    pub(crate) fn pairs(self) -> Result<Option<Bytes>, Failed> {
        // SAFETY: `buffer` gives valid places for the results.
        buffer(|data, size| unsafe { proxy_get_header_map_pairs(self.map(), data, size) })
    }

    /// Whether there is a line.
    pub(crate) fn has(self, name: &[u8]) -> Result<bool, Failed> {
        // SAFETY: the name outlives the call, and `buffer` gives valid places for the results.
        let found = buffer(|data, size| unsafe {
            proxy_get_header_map_value(self.map(), name.as_ptr(), name.len(), data, size)
        });
        found.map(|value| value.is_some())
    }
}

const REQUEST_HEADERS: u32 = 0;

/// Sends a request without body or trailers to a cluster, with headers in the ABI's encoding of pairs; answers the call's token.
pub(crate) fn http_call(cluster: &str, headers: &[u8], timeout: Duration) -> Result<u32, Failed> {
    let mut token = 0;
    // SAFETY: pointers and lengths are those of live bytes, null with 0 of nothing, and `token` is a valid place.
    status(unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            ptr::null(),
            0,
            ptr::null(),
            0,
            milliseconds(timeout),
            &raw mut token,
        )
    })
    .map(|()| token)
}

/// Makes a unary gRPC call without metadata to a serialised `GrpcService`; answers the call's token.
pub(crate) fn grpc_call(
    service: &[u8],
    name: &str,
    method: &str,
    message: &[u8],
    timeout: Duration,
) -> Result<u32, Failed> {
    let mut token = 0;
    // SAFETY: pointers and lengths are those of live bytes, null with 0 of nothing, and `token` is a valid place.
    status(unsafe {
        proxy_grpc_call(
            service.as_ptr(),
            service.len(),
            name.as_ptr(),
            name.len(),
            method.as_ptr(),
            method.len(),
            ptr::null(),
            0,
            message.as_ptr(),
            message.len(),
            milliseconds(timeout),
            &raw mut token,
        )
    })
    .map(|()| token)
}

/// As the ABI has them.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// The headers of an answer to an HTTP call, in the ABI's encoding of pairs; none where the call failed.
pub(crate) fn call_response_headers() -> Result<Option<Bytes>, Failed> {
    const CALL_RESPONSE_HEADERS: u32 = 6;
    // SAFETY: `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_header_map_pairs(CALL_RESPONSE_HEADERS, data, size) })
}

/// The body of an answer to an HTTP call.
pub(crate) fn call_response_body() -> Result<Option<Bytes>, Failed> {
    const CALL_RESPONSE_BODY: u32 = 4;
    // SAFETY: `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_buffer_bytes(CALL_RESPONSE_BODY, 0, usize::MAX, data, size) })
}

/// The message of an answer to a gRPC call.
pub(crate) fn grpc_response() -> Result<Option<Bytes>, Failed> {
    const GRPC_RECEIVE_BUFFER: u32 = 5;
    // SAFETY: `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_buffer_bytes(GRPC_RECEIVE_BUFFER, 0, usize::MAX, data, size) })
}

/// The first line of a request header: right for pseudo-headers, which have one line.
pub(crate) fn request_header(name: &str) -> Result<Option<Bytes>, Failed> {
    // SAFETY: the name outlives the call, and `buffer` gives valid places for the results.
    buffer(|data, size| unsafe {
        proxy_get_header_map_value(REQUEST_HEADERS, name.as_ptr(), name.len(), data, size)
    })
}

/// All request headers, each line apart, in the ABI's encoding of pairs.
pub(crate) fn request_headers() -> Result<Option<Bytes>, Failed> {
    Headers::Request.pairs()
}

/// Answers the request here, with headers in the ABI's encoding of pairs. Envoy derives a gRPC status from the code.
pub(crate) fn respond(code: u32, details: &str, body: &[u8], headers: &[u8]) -> Result<(), Failed> {
    const NO_GRPC_STATUS: i32 = -1;
    // SAFETY: pointers and lengths are those of live bytes.
    status(unsafe {
        proxy_send_local_response(
            code,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    })
}

/// Lets the request that was held go on, after this callback.
pub(crate) fn continue_request() -> Result<(), Failed> {
    // SAFETY: no pointers.
    status(unsafe { proxy_continue_stream(REQUEST) })
}

const REQUEST: u32 = 0;
const DOWNSTREAM: u32 = 2;

/// Lets the client's data that was held go on, after this callback.
pub(crate) fn continue_downstream() -> Result<(), Failed> {
    // SAFETY: no pointers.
    status(unsafe { proxy_continue_stream(DOWNSTREAM) })
}

/// Closes the connection with the client, after this callback.
pub(crate) fn close_downstream() -> Result<(), Failed> {
    // SAFETY: no pointers.
    status(unsafe { proxy_close_stream(DOWNSTREAM) })
}

/// Ends the request without an answer, after this callback.
pub(crate) fn reset_request() -> Result<(), Failed> {
    // SAFETY: no pointers.
    status(unsafe { proxy_close_stream(REQUEST) })
}

/// From now on host calls are about this context, until the callback ends.
pub(crate) fn act_for(context: u32) -> Result<(), Failed> {
    // SAFETY: no pointers.
    status(unsafe { proxy_set_effective_context(context) })
}

/// Host calls are about the callback's own context again.
pub(crate) fn own_context() {
    // SAFETY: no pointers. Envoy takes 0 always.
    let _ = unsafe { proxy_set_effective_context(0) };
}

/// How often the timer of the context's root context goes off, in milliseconds; 0 is never.
pub(crate) fn set_tick_period(period: u32) -> Result<(), Failed> {
    // SAFETY: no pointers.
    status(unsafe { proxy_set_tick_period_milliseconds(period) })
}

/// Makes a counter. Each call gives a new number, even for a known name.
pub(crate) fn define_counter(name: &str) -> Result<u32, Failed> {
    const COUNTER: u32 = 0;
    define(COUNTER, name)
}

/// Makes a gauge. Each call gives a new number; what it stands at is one for all threads and VMs of the process.
pub(crate) fn define_gauge(name: &str) -> Result<u32, Failed> {
    const GAUGE: u32 = 1;
    define(GAUGE, name)
}

fn define(kind: u32, name: &str) -> Result<u32, Failed> {
    let mut id = 0;
    // SAFETY: the name outlives the call, and `id` is a valid place.
    status(unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id) }).map(|()| id)
}

/// Adds to a counter, which takes more than 0, or to a gauge.
pub(crate) fn add(metric: u32, by: i64) -> Result<(), Failed> {
    // SAFETY: no pointers.
    status(unsafe { proxy_increment_metric(metric, by) })
}

/// Sets a gauge.
pub(crate) fn record(gauge: u32, value: u64) -> Result<(), Failed> {
    // SAFETY: no pointers.
    status(unsafe { proxy_record_metric(gauge, value) })
}

/// What a metric stands at.
pub(crate) fn metric(metric: u32) -> Result<u64, Failed> {
    let mut value = 0;
    // SAFETY: `value` is a valid place.
    status(unsafe { proxy_get_metric(metric, &raw mut value) }).map(|()| value)
}

/// What all VMs of this `vm_id` have under a key, and its number, which is another after each change and never 0.
pub(crate) fn shared_data(key: &[u8]) -> Result<Option<(Bytes, u32)>, Failed> {
    let mut number = 0;
    // SAFETY: the key outlives the call, `number` is a valid place, and `buffer` gives valid places for the results.
    let found = buffer(|data, size| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut number)
    });
    Ok(found?.map(|bytes| (bytes, number)))
}

/// Puts something there: if it still has this number, or in any case with 0.
pub(crate) fn set_shared_data(key: &[u8], value: &[u8], number: u32) -> Result<(), Failed> {
    // SAFETY: pointers and lengths are those of live bytes.
    status(unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), number) })
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> Result<u64, Failed> {
    let mut time = 0;
    // SAFETY: `time` is a valid place.
    status(unsafe { proxy_get_current_time_nanoseconds(&raw mut time) }).map(|()| time)
}
