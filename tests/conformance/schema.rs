//! Compares the JSON Schemas with the engine: they accept what it accepts, and refuse what it refuses as far as a schema can
//! express it.

mod beyond;
mod validate;

use std::collections::BTreeSet;

use libtest_mimic::{Failed, Trial};
use peerwarden::Schema;
use peerwarden_engine::Config;
use peerwarden_engine::document;
use peerwarden_engine::resource::{Operation, Source};
use peerwarden_lab::locate;
use serde_json::{Value, json};

use crate::case::{Case, CaseInput};
use beyond::BEYOND;
use validate::differs;

/// The tests of this file.
pub(crate) fn trials(cases: &[Case]) -> Vec<Trial> {
    let asked = cases.iter().map(|case| {
        let refused = matches!(case.asked, CaseInput::Refusal(_));
        (case.name.clone(), case.configuration.clone(), refused)
    });
    let asked: Vec<(String, String, bool)> = asked.collect();
    vec![
        Trial::test("schemas_take_and_refuse_what_the_engine_does", move || {
            corpus(&asked)
        }),
        Trial::test("schemas_know_the_fields_that_the_engine_knows", fields),
        Trial::test("schemas_hold_for_the_policies_and_the_examples", files),
        Trial::test("schemas_of_descriptions_refuse_what_rendering_does", descriptions),
        Trial::test("schemas_hold_for_the_settings_that_are_shown", settings),
    ]
}

/// Checks each case of the corpus against the schema of the plugin's configuration, which contains that of policies.
fn corpus(cases: &[(String, String, bool)]) -> Result<(), Failed> {
    let schema = read(Schema::Plugin)?;
    let (mut wrong, mut accepted) = (Vec::new(), BTreeSet::new());
    for (name, configuration, refused) in cases {
        let mut configuration: Value = serde_json::from_str(configuration)?;
        usable(&mut configuration);
        match (differs(&configuration, &schema, &schema), refused) {
            (Some(difference), false) => wrong.push(format!("{name} is refused: {difference}")),
            (None, true) => {
                accepted.insert(name.as_str());
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    let beyond: BTreeSet<&str> = BEYOND.into_iter().collect();
    for name in accepted.symmetric_difference(&beyond) {
        wrong.push(if beyond.contains(name) {
            format!("{name} is refused: take it from the list in schema/beyond.rs")
        } else {
            format!("{name} is taken, and the engine refuses it")
        });
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

/// Without the providers that the engine only marks as unusable: their rules deny, and an editor should complain.
fn usable(configuration: &mut Value) {
    let Ok(config) = Config::parse(configuration.to_string().as_bytes()) else {
        return;
    };
    let unusable = config
        .extension_providers
        .iter()
        .filter(|provider| provider.authorizer.is_err());
    let unusable: Vec<&str> = unusable.map(|provider| provider.name.as_str()).collect();
    if let Some(providers) = configuration["extensionProviders"].as_array_mut() {
        providers.retain(|provider| {
            !provider["name"]
                .as_str()
                .is_some_and(|name| unusable.contains(&name))
        });
    }
}

/// Neither a field too many nor a field too few.
fn fields() -> Result<(), Failed> {
    let schema = read(Schema::Policies)?;
    let names = |fields: Vec<peerwarden_engine::resource::Field<'_>>| -> BTreeSet<String> {
        let names = fields.iter().flat_map(|field| [field.name, field.not_name]);
        names.map(str::to_owned).collect()
    };
    for (definition, engine) in [
        ("Source", names(Source::default().fields().collect())),
        ("Operation", names(Operation::default().fields().collect())),
    ] {
        let properties = schema["$defs"][definition]["properties"].as_object();
        let properties: BTreeSet<String> = properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect();
        if properties != engine {
            return Err(format!("{definition}: the schema has {properties:?}, the engine {engine:?}").into());
        }
    }
    Ok(())
}

/// The files that users see are accepted by their schemas.
fn files() -> Result<(), Failed> {
    let (policies, suites) = (read(Schema::Policies)?, read(Schema::Suite)?);
    let mut counts = (0, 0);
    for folder in ["policies", "docs/examples"] {
        for file in yaml_files(&locate::workspace().join(folder))? {
            let text = std::fs::read_to_string(&file)?;
            let suite = file.to_string_lossy().ends_with("_test.yaml");
            for document in serde_saphyr::from_multiple::<Value>(&text)? {
                let is_policy = document["apiVersion"]
                    .as_str()
                    .is_some_and(|version| version.starts_with("security.istio.io/"));
                let schema = match (suite, is_policy) {
                    (true, _) => &suites,
                    (false, true) => &policies,
                    (false, false) => continue,
                };
                counts = if suite {
                    (counts.0 + 1, counts.1)
                } else {
                    (counts.0, counts.1 + 1)
                };
                if let Some(difference) = differs(&document, schema, schema) {
                    return Err(format!("{}{difference}", file.display()).into());
                }
            }
        }
    }
    if counts.0 < 10 || counts.1 < 10 {
        return Err(format!("only {counts:?} suites and policies").into());
    }
    for wrong in [
        json!({}),
        json!({"workload": {"namespace": "a"}, "casez": []}),
        json!({"workload": {"namespace": 1}}),
    ] {
        if differs(&wrong, &suites, &suites).is_none() {
            return Err(format!("{wrong} is accepted as a suite").into());
        }
    }
    Ok(())
}

/// The descriptions of the examples with every possible field, and each of them with one wrong name or value.
fn descriptions() -> Result<(), Failed> {
    type Renderer = fn(&document::Value) -> bool;
    let mesh = json!({"rootNamespace": "istio-system", "trustDomain": "cluster.local"});
    let certificates = json!({"directory": "/etc/certs"});
    let all = [
        json!({
            "mesh": mesh, "certificates": certificates, "extensionProviders": [], "report": "denied", "paths": "strict", "address": "0.0.0.0",
            "openConnections": {"onUpdate": "keep", "onExpiry": "close"}, "module": "peerwarden.wasm", "admin": "127.0.0.1:15001",
            "accessLog": "access.log", "lock": false, "jwksCaCertificates": "roots.pem",
            "ports": [{"port": 3306, "protocol": "MySQL", "upstream": "127.0.0.1:13306", "enforcement": "hold"}],
        }),
        json!({"mesh": mesh, "certificates": certificates, "admin": "127.0.0.1:15009"}),
    ];
    let [inbound, client] = all;
    let renders: [(Schema, &str, Value, Renderer); 2] = [
        (Schema::Inbound, "inbound.yaml", inbound, |description| {
            peerwarden_render::inbound::Inbound::new(description, &[]).is_ok()
        }),
        (Schema::Client, "client.yaml", client, |description| {
            peerwarden_render::client::Client::new(description, &[], &[]).is_ok()
        }),
    ];
    let mut tried = 0;
    for (schema, file, more, renders) in renders {
        let schema = read(schema)?;
        let path = locate::workspace().join("docs/examples").join(file);
        let mut example: Value = serde_saphyr::from_str(&std::fs::read_to_string(path)?)?;
        for (name, value) in more.as_object().into_iter().flatten() {
            example[name] = value.clone();
        }
        for (changed, is_example) in std::iter::once((example.clone(), true))
            .chain(changes(&example).into_iter().map(|changed| (changed, false)))
        {
            let taken = differs(&changed, &schema, &schema).is_none();
            let rendered = renders(&serde_json::from_value(changed.clone())?);
            if taken != rendered || taken != is_example {
                return Err(format!("{file}: the schema says {taken}, render {rendered}: {changed}").into());
            }
            tried += 1;
        }
    }
    if tried > 40 {
        Ok(())
    } else {
        Err(format!("only {tried}").into())
    }
}

/// The value with each name misspelt and each value of another kind, one at a time. Labels may have any names.
fn changes(value: &Value) -> Vec<Value> {
    let mut changed = Vec::new();
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let with = |name: &str, inner: Value, without: &str| {
                    let mut fields = fields.clone();
                    fields.remove(without);
                    fields.insert(name.to_owned(), inner);
                    Value::Object(fields)
                };
                changed.push(with(&format!("{name}x"), inner.clone(), name));
                changed.push(with(name, json!([[]]), name));
                if name != "labels" {
                    changed.extend(changes(inner).into_iter().map(|inner| with(name, inner, name)));
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for item in changes(item) {
                    let mut items = items.clone();
                    items[index] = item;
                    changed.push(Value::Array(items));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    changed
}

/// The settings on the page of `check`, and those that `harness/cli/tests/cli/settings.rs` shows to be refused.
fn settings() -> Result<(), Failed> {
    let schema = read(Schema::Settings)?;
    let differs = |text: &str| -> Result<Option<String>, Failed> {
        let value: Value = toml::from_str(text)?;
        Ok(differs(&value, &schema, &schema))
    };
    let page = std::fs::read_to_string(locate::workspace().join("docs/commands/check.md"))?;
    let shown = page
        .split_once("```toml\n")
        .and_then(|(_, rest)| rest.split_once("```"));
    let (shown, _) = shown.ok_or("docs/commands/check.md shows no settings")?;
    for text in ["", "[check]", shown] {
        if let Some(difference) = differs(text)? {
            return Err(format!("{text}{difference}").into());
        }
    }
    for text in [
        "[chekc]",
        "[check]\nexclud = []",
        "[check]\nexclude = 'vendor/**'",
        "[check.lints]\nPW999 = 'off'",
        "[check.lints]\nPW006 = 'loud'",
    ] {
        if differs(text)?.is_none() {
            return Err(format!("{text} is taken for settings").into());
        }
    }
    Ok(())
}

fn read(schema: Schema) -> Result<Value, Failed> {
    Ok(serde_json::from_str(&schema.text())?)
}

fn yaml_files(folder: &std::path::Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(yaml_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    Ok(files)
}
