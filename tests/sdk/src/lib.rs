//! A small filter built with the Rust SDK for Proxy-Wasm. The simulated Envoy runs it in `tests/module/sdk.rs`, as it
//! runs filters of other authors; the module itself has its own callbacks, and the tests compare the two where the SDK
//! panics.
//!
//! Its configuration is a word. In an HTTP chain a request passes if its header `x-word` is that word, in a TCP chain a
//! connection passes if its first data begin with it. A configuration that begins with `tcp:` is for a TCP chain.

use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext, StreamContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

/// The macro exports a function without documentation; a private one needs none.
mod start {
    use crate::Root;

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
        proxy_wasm::set_root_context(|_| Box::new(Root::default()));
    }}
}

#[derive(Default)]
struct Root {
    word: String,
    is_tcp: bool,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.is_tcp = text.starts_with("tcp:");
        self.word = text.trim_start_matches("tcp:").to_owned();
        self.set_tick_period(Duration::from_secs(1));
        !self.word.is_empty()
    }

    fn on_tick(&mut self) {
        log(LogLevel::Info, "tick");
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(if self.is_tcp {
            ContextType::StreamContext
        } else {
            ContextType::HttpContext
        })
    }

    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(&self.word)))
    }

    fn create_stream_context(&self, _context: u32) -> Option<Box<dyn StreamContext>> {
        Some(Box::new(Stream::new(&self.word)))
    }
}

struct Stream {
    word: String,
    is_decided: bool,
}

impl Stream {
    fn new(word: &str) -> Self {
        Self {
            word: word.to_owned(),
            is_decided: false,
        }
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        if self.get_http_request_header("x-word").as_deref() == Some(self.word.as_str()) {
            self.set_http_request_header("x-passed", Some("yes"));
            return Action::Continue;
        }
        self.send_http_response(403, vec![("x-refused-by", "sdk")], Some(b"not the word"));
        Action::Pause
    }
}

impl StreamContext for Stream {
    fn on_downstream_data(&mut self, size: usize, _end_of_stream: bool) -> Action {
        if self.is_decided {
            return Action::Continue;
        }
        let data = self.get_downstream_data(0, size).unwrap_or_default();
        if data.starts_with(self.word.as_bytes()) {
            self.is_decided = true;
            return Action::Continue;
        }
        self.close_downstream();
        Action::Pause
    }
}

fn log(level: LogLevel, message: &str) {
    // A log line that could not be written needs no action.
    let _ = proxy_wasm::hostcalls::log(level, message);
}
