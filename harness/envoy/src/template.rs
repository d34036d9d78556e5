//! Texts of Envoy's configuration, with comments, into which values are filled.
//!
//! A template is a YAML file in `templates/`, read as it will come out. Every value that is filled in is written as JSON,
//! which is YAML too, so that no text can end a value and begin another.

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

/// All templates, by name: each may include the others.
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
    template!("shared/lock.yaml"),
    template!("shared/plugin.yaml"),
    template!("shared/refused_log.yaml"),
    template!("shared/static.yaml"),
    template!("shared/token_bucket.yaml"),
    template!("shared/transport_socket.yaml"),
];

/// A template that could not be filled.
pub type Unfilled = minijinja::Error;

/// Fills a template.
///
/// # Errors
/// A template that is not there, or that asks for what the context does not have: a mistake of this crate, which a test of
/// each template shows.
pub fn fill(name: &str, context: impl Serialize) -> Result<String, Unfilled> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A tag on a line of its own leaves no line behind.
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

/// A text as it can stand in a comment: on one line, whatever it holds.
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
