//! Runs the target that `PEERWARDEN_TARGET` names under libFuzzer. `tools/fuzz.sh` builds and starts it.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use peerwarden_fuzz::{Target, named};

static TARGET: OnceLock<&Target> = OnceLock::new();

fn target() -> &'static Target {
    let name = std::env::var("PEERWARDEN_TARGET").unwrap_or_default();
    named(&name).unwrap_or_else(|| panic!("PEERWARDEN_TARGET names no target: `{name}`"))
}

fuzz_target!(|bytes: &[u8]| {
    (TARGET.get_or_init(target).run)(bytes);
});
