//! Parts of the API that are not supported: each entry of the list must really be refused.

use libtest_mimic::Trial;
use peerwarden_engine::{Config, Program};
use peerwarden_lab::locate;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnsupportedFeature {
    /// What it is.
    what: String,
    /// Why not.
    why: String,
    /// A configuration that uses it.
    configuration: Value,
    /// How that is denied: in the refusal, or in why the provider cannot be used.
    says: String,
}

/// The list tells the truth.
pub(crate) fn trial() -> Trial {
    Trial::test("what_is_not_supported_is_refused", || {
        let path = locate::workspace().join("tests/conformance/unsupported.yaml");
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let list: Vec<UnsupportedFeature> =
            serde_saphyr::from_str(&text).map_err(|error| error.to_string())?;
        for entry in list {
            let compiled = Config::parse(entry.configuration.to_string().as_bytes())
                .and_then(|config| Program::compile(&config));
            let said = match compiled {
                Ok(program) => program.unusable_provider().unwrap_or_default().to_owned(),
                Err(problems) => problems.to_string(),
            };
            if entry.why.len() < 10 || !said.contains(&entry.says) {
                return Err(format!("{}: `{}` is not in: {said}", entry.what, entry.says).into());
            }
        }
        Ok(())
    })
}
