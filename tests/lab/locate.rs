//! Where Envoy and the module are; and what to run when they are not there.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The version of Envoy that the tests and the demo use.
pub const ENVOY_VERSION: &str = "1.40.0";

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The Envoy to run: `PEERWARDEN_ENVOY`, or what `tools/envoy.sh` installed.
pub fn envoy() -> Result<PathBuf> {
    let path = match std::env::var_os("PEERWARDEN_ENVOY") {
        Some(path) => PathBuf::from(path),
        None => workspace().join(format!(".tools/envoy-{ENVOY_VERSION}/envoy")),
    };
    if !path.is_file() {
        bail!(
            "there is no Envoy at `{}`\n  help: install it with `tools/envoy.sh`, or set PEERWARDEN_ENVOY to an executable",
            path.display()
        );
    }
    Ok(path)
}

/// The minor version of the Envoy to run: 40 of 1.40.0. Tests that older versions run too ask for what these have.
pub fn envoy_minor() -> Result<u32> {
    let output = std::process::Command::new(envoy()?).arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let minor = text
        .split('/')
        .find_map(|part| part.strip_prefix("1.")?.split('.').next()?.parse().ok());
    minor.with_context(|| format!("no version in `{}`", text.trim()))
}

/// The module to test: `PEERWARDEN_MODULE`, or what `make build` left in `target/`.
pub fn module() -> Result<PathBuf> {
    let path = match std::env::var_os("PEERWARDEN_MODULE") {
        Some(path) => PathBuf::from(path),
        None => workspace().join("target/peerwarden.wasm"),
    };
    module_at(&path)
}

/// The filter of `tests/sdk`, as `make sdk-filter` left it.
pub fn sdk_filter() -> Result<PathBuf> {
    let path = workspace().join("target/sdk_filter.wasm");
    let found = path.canonicalize();
    found.with_context(|| {
        format!(
            "there is no filter at `{}`\n  help: build it with `make sdk-filter`",
            path.display()
        )
    })
}

/// A module named by the user, as an absolute path: Envoy runs in a directory of its own.
pub fn module_at(path: &Path) -> Result<PathBuf> {
    path.canonicalize().with_context(|| {
        format!(
            "there is no module at `{}`\n  help: build it with `make wasm`, or set PEERWARDEN_MODULE to a .wasm file",
            path.display()
        )
    })
}
