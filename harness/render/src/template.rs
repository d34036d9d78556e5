//! Texts of Envoy's configuration, with comments, into which values are filled.
//!
//! A template is a YAML file in `templates/`, which looks like its output. Every value is filled in as JSON, which is YAML too, so
//! that no text can end a value and begin another.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

/// A file of `templates/`, with its name.
macro_rules! template {
    ($name:literal) => {
        ($name, include_str!(concat!("../templates/", $name)))
    };
}

/// All templates by name; each may include the others.
const ALL: &[(&str, &str)] = &[
    template!("client/cluster.yaml"),
    template!("client/listener.yaml"),
    template!("inbound/listener.yaml"),
    template!("inbound/routes.yaml"),
    template!("inbound/tcp.yaml"),
    template!("ingress/listener.yaml"),
    template!("ingress/routes.yaml"),
    template!("probes/cluster.yaml"),
    template!("probes/listener.yaml"),
    template!("probes/only.yaml"),
    template!("shared/bootstrap.yaml"),
    template!("shared/cluster.yaml"),
    template!("shared/discovery.yaml"),
    template!("shared/extension.yaml"),
    template!("shared/filter_discovered.yaml"),
    template!("shared/filter_static.yaml"),
    template!("shared/http_manager.yaml"),
    template!("shared/key_cluster.yaml"),
    template!("shared/lock.yaml"),
    template!("shared/plugin.yaml"),
    template!("shared/refused_log.yaml"),
    template!("shared/static.yaml"),
    template!("shared/token_bucket.yaml"),
    template!("shared/tokens.yaml"),
    template!("shared/transport_socket.yaml"),
];

/// Why a template could not be filled.
pub type TemplateError = minijinja::Error;

/// Fills a template.
///
/// # Errors
/// If the template does not exist, or uses a value that the context lacks: a bug in this crate, which a test of each template would
/// show.
pub fn fill(name: &str, context: impl Serialize) -> Result<String, TemplateError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A tag on its own line leaves no empty line.
    let mut syntax = SyntaxConfig::builder();
    syntax
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true);
    environment.set_syntax(syntax.build()?);
    environment.add_filter("comment", comment);
    for (name, text) in ALL {
        environment.add_template(name, text)?;
    }
    environment.get_template(name)?.render(Serde(context))
}

/// A text that can be placed in a comment: on one line, whatever it contains.
fn comment(text: String) -> Value {
    let line = |letter: char| {
        if letter.is_ascii_graphic() || letter == ' ' {
            letter
        } else {
            '?'
        }
    };
    Value::from_safe_string(text.chars().map(line).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::ALL;

    #[test]
    fn every_file_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut files = BTreeSet::new();
        for part in std::fs::read_dir(folder).unwrap() {
            let part = part.unwrap();
            for file in std::fs::read_dir(part.path()).unwrap() {
                let names = [part.file_name(), file.unwrap().file_name()];
                files.insert(names.map(|name| name.into_string().unwrap()).join("/"));
            }
        }
        assert_eq!(files, ALL.iter().map(|(name, _)| (*name).to_owned()).collect());
    }
}
