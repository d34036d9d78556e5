//! Unsupported parts of the API: each entry of the list must really be refused.

use libtest_mimic::Trial;
use peerwarden_engine::{Config, CustomRules, Program};
use peerwarden_lab::locate;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnsupportedFeature {
    /// A name for people.
    what: String,
    /// The reason.
    why: String,
    /// A configuration that uses it.
    configuration: Value,
    /// The text of the refusal, or of why the provider cannot be used.
    says: String,
}

/// Every entry of the list is correct.
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
                Ok(program) => {
                    let mut unusable = program.custom().iter().filter_map(CustomRules::unusable);
                    unusable.next().unwrap_or_default().to_owned()
                }
                Err(problems) => problems.to_string(),
            };
            if entry.why.len() < 10 || !said.contains(&entry.says) {
                return Err(format!("{}: `{}` is not in: {said}", entry.what, entry.says).into());
            }
        }
        Ok(())
    })
}
