//! Finds Envoy and the module, or says what to run if they are missing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// What installs Envoy, and knows its versions.
const INSTALLER: &str = include_str!("../../tools/envoy.sh");

/// The version of Envoy that the tests and the demo use: `DEFAULT` of `tools/envoy.sh`.
pub fn envoy_version() -> &'static str {
    let mut lines = INSTALLER.lines();
    let default = lines.find_map(|line| line.strip_prefix("readonly DEFAULT="));
    default.unwrap_or_default()
}

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The Envoy to run: `PEERWARDEN_ENVOY`, or what `tools/envoy.sh` installed.
pub fn envoy() -> Result<PathBuf> {
    let path = match std::env::var_os("PEERWARDEN_ENVOY") {
        Some(path) => PathBuf::from(path),
        None => workspace().join(format!(".tools/envoy-{}/envoy", envoy_version())),
    };
    if !path.is_file() {
        bail!(
            "there is no Envoy at `{}`\n  help: install it with `tools/envoy.sh`, or set PEERWARDEN_ENVOY to an executable",
            path.display()
        );
    }
    Ok(path)
}

/// The minor version of the Envoy to run: 40 for 1.40.0. Tests that also run on older versions check what these have.
pub fn envoy_minor() -> Result<u32> {
    let output = std::process::Command::new(envoy()?).arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let minor = text
        .split('/')
        .find_map(|part| part.strip_prefix("1.")?.split('.').next()?.parse().ok());
    minor.with_context(|| format!("no version in `{}`", text.trim()))
}

/// The module to test: `PEERWARDEN_MODULE`, or the one that `make build` left in `target/`.
pub fn module() -> Result<PathBuf> {
    let path = match std::env::var_os("PEERWARDEN_MODULE") {
        Some(path) => PathBuf::from(path),
        None => workspace().join("target/peerwarden.wasm"),
    };
    module_at(&path)
}

/// The filter of `tests/sdk`, built by `make sdk-filter`.
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

/// A module that the user names, as an absolute path: Envoy runs in a directory of its own.
pub fn module_at(path: &Path) -> Result<PathBuf> {
    path.canonicalize().with_context(|| {
        format!(
            "there is no module at `{}`\n  help: build it with `make wasm`, or set PEERWARDEN_MODULE to a .wasm file",
            path.display()
        )
    })
}
