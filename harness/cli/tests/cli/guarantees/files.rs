//! Files of Envoy that it reads differently from how they look.

use super::{edited, rendered};
use crate::fixture::Folder;

/// Envoy skips a key with the tag `!ignore`: it must not count.
#[test]
fn a_tag_is_refused() {
    let name = "require_client_certificate";
    for tag in ["!ignore", "!<!ignore>", "!!ignore", "!other"] {
        let ran = edited(&format!("{name}: true"), &format!("{tag} {name}: true"), &[]);
        assert_eq!(ran.code, 2, "{tag}: {ran:?}");
        assert!(ran.warns("tag"), "{tag}: {ran:?}");
        assert!(ran.warns("help: remove the tag"), "{tag}: {ran:?}");
    }
    // With a handle, and on a value.
    let by_handle = rendered();
    let text = std::fs::read_to_string(by_handle.path("envoy.yaml")).unwrap();
    let text = text.replacen(&format!("{name}: true"), &format!("!e!nore {name}: true"), 1);
    by_handle.write("envoy.yaml", format!("%TAG !e! !ig\n---\n{text}"));
    let ran = by_handle.run(&["check", "--envoy", "envoy.yaml"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let value = edited(&format!("{name}: true"), &format!("{name}: !ignore true"), &[]);
    assert_eq!(value.code, 2, "{value:?}");
}

/// YAML's own tags change nothing.
#[test]
fn tags_of_yaml_are_refused_too() {
    let name = "require_client_certificate";
    for own in [
        "!!str require_client_certificate: true",
        "require_client_certificate: !!bool true",
        "require_client_certificate: !!null true",
        "require_client_certificate: !<tag:yaml.org,2002:null> true",
        "require_client_certificate: ! true",
    ] {
        let ran = edited(&format!("{name}: true"), own, &[]);
        ran.says(2, &["a tag is read differently by Envoy", "help: remove the tag"]);
    }
    let folder = rendered();
    let text = std::fs::read_to_string(folder.path("envoy.yaml")).unwrap();
    let text = text.replacen(&format!("{name}: true"), &format!("{name}: !null true"), 1);
    folder.write("envoy.yaml", format!("%TAG ! tag:yaml.org,2002:\n---\n{text}"));
    let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    folder.write(
        "envoy.yaml",
        format!("%YAML 1.1\n---\n{}", text.replace("!null ", "")),
    );
    let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
    ran.says(2, &["a directive is read differently by Envoy"]);
}

#[test]
fn a_merge_key_is_refused() {
    for text in [
        "a: &a {b: 1}\nc:\n  <<: *a\n",
        "a: &a {b: 1}\nc: {<<: *a}\n",
        "a: &a {b: 1}\nc:\n- \"<<\" : *a\n",
        "a: &a {b: 1}\nc:\n  ? <<\n  : *a\n",
        "a: &a {b: 1}\nc: {? <<\n : *a}\n",
        "a: &a {b: 1}\nc: {\"\\x3c<\": *a}\n",
    ] {
        let text = format!("static_resources: {{listeners: []}}\n{text}");
        let folder = Folder::with(&[("envoy.yaml", &text)]);
        let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
        ran.says(2, &["Envoy does not merge"]);
    }
}

#[test]
fn a_name_that_is_no_plain_text_is_refused() {
    for text in [
        "a: &m <<\n*m : {b: 1}\n",
        "a: &m b\nc: {*m : 1}\n",
        "? &m b\n: 1\n",
        "? [b]\n: 1\n",
    ] {
        let text = format!("static_resources: {{listeners: []}}\n{text}");
        let folder = Folder::with(&[("envoy.yaml", &text)]);
        let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
        assert_eq!(ran.code, 2, "{text}: {ran:?}");
    }
}

/// An alias has the text of its number for Envoy, and its value for us.
#[test]
fn an_alias_of_an_odd_number_is_refused() {
    for (number, is_refused) in [
        ("1.0", true),
        ("3e0", true),
        ("0.5", true),
        ("10", false),
        ("ten", false),
    ] {
        let text = format!("static_resources: {{listeners: []}}\na: &k {number}\nb: *k\n");
        let folder = Folder::with(&[("envoy.yaml", &text)]);
        let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
        assert_eq!(
            ran.warns("as a string where an alias names it"),
            is_refused,
            "{number}: {ran:?}"
        );
    }
}

/// Envoy reads YAML 1.1 in part.
#[test]
fn numbers_that_envoy_reads_otherwise_are_refused() {
    for number in ["0100", "010", "1_00"] {
        let text = format!("static_resources: {{listeners: []}}\nlayered_runtime: {{a: {number}}}\n");
        let folder = Folder::with(&[("envoy.yaml", &text)]);
        let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
        // A text for our parser is not a number to us either.
        assert_eq!(ran.code, 2, "{number}: {ran:?}");
    }
    let folder = Folder::with(&[(
        "envoy.yaml",
        "static_resources: {listeners: []}\na: [0, 0.5, -1]\n",
    )]);
    let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
    assert!(!ran.warns("decimal"), "{ran:?}");
}

/// Envoy's parser continues to count columns after it, and finds a different structure.
#[test]
fn a_carriage_return_that_ends_no_line_is_refused() {
    let folder = Folder::with(&[(
        "envoy.yaml",
        "static_resources: {listeners: []}\n#\rtracing: {}\n",
    )]);
    let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
    ran.says(2, &["a carriage return alone", "envoy.yaml:2:"]);
    let folder = Folder::with(&[(
        "envoy.yaml",
        "static_resources: {listeners: []}\r\ntracing: {}\r\n",
    )]);
    let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
    assert!(!ran.err.contains("carriage"), "{ran:?}");
}

/// In a file of discovery Envoy ignores `3.0` for an enum, where `3` is one of its values.
#[test]
fn a_number_with_a_point_is_no_number_of_an_enum() {
    let policy = (
        "orders.yaml",
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: d, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n",
    );
    let description = (
        "inbound.yaml",
        "workload: {namespace: shop}\nports: [{port: 8443, protocol: HTTP, upstream: \"127.0.0.1:8080\"}]\n\
         certificates: {directory: /certs}\nmodule: /peerwarden.wasm\n",
    );
    let folder = Folder::with(&[policy, description]);
    let rendered = folder.run(&["render", "inbound", "inbound.yaml", "--policies", "orders.yaml"]);
    assert_eq!(rendered.code, 0, "{rendered:?}");
    let written = "path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT";
    assert!(rendered.out.contains(written), "{}", rendered.out);
    for (number, code) in [("3", 0), ("3.0", 1), ("3e0", 1), ("\"3.0\"", 1), ("\"3\"", 0)] {
        let edited = written.replace("UNESCAPE_AND_REDIRECT", number);
        std::fs::write(folder.path("envoy.yaml"), rendered.out.replace(written, &edited)).unwrap();
        let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
        assert_eq!(ran.code, code, "{number}: {}", ran.out);
    }
}

/// Envoy uses a different parser for such a file, which accepts names in other spellings: to us they would be other
/// fields.
#[test]
fn a_file_of_json_is_strict() {
    for text in [
        "{\"static_resources\": {\"listeners\": []}, static_resources: {}}",
        "{'static\\u005fresources': {}}",
        "static_resources: {listeners: []}\n",
    ] {
        let folder = Folder::with(&[("envoy.json", text)]);
        let ran = folder.run(&["check", "--envoy", "envoy.json"]);
        ran.says(2, &["`envoy.json` is not strict JSON"]);
    }
}

/// Envoy goes by the name: all but `.yaml` and `.yml` is JSON to it.
#[test]
fn what_is_not_named_yaml_is_json_to_envoy() {
    let yaml = "static_resources: {listeners: []}\n";
    let lenient = "{\"static_resources\": {\"listeners\": []}, 'dis\\u0061bled': true}";
    let strict = "{\"static_resources\": {\"listeners\": []}}";
    for name in [
        "envoy.JSON",
        "envoy.conf",
        "envoy.yaml.bak",
        "bootstrap",
        "envoy.pb_text",
    ] {
        for text in [yaml, lenient] {
            let folder = Folder::with(&[(name, text)]);
            let ran = folder.run(&["check", "--envoy", name]);
            ran.says(2, &[&format!("`{name}` is not strict JSON")]);
        }
        let folder = Folder::with(&[(name, strict)]);
        let ran = folder.run(&["check", "--envoy", name]);
        assert!(!ran.err.contains("strict JSON"), "{name}: {ran:?}");
    }
    for name in ["envoy.yaml", "envoy.YML"] {
        let folder = Folder::with(&[(name, yaml)]);
        let ran = folder.run(&["check", "--envoy", name]);
        assert!(!ran.err.contains("strict JSON"), "{name}: {ran:?}");
    }
}

#[test]
fn a_second_document_is_refused() {
    let folder = rendered();
    let text = std::fs::read_to_string(folder.path("envoy.yaml")).unwrap();
    for whole in [
        format!("{text}\n---\nresources: []\n"),
        format!("---\n---\n{text}"),
    ] {
        folder.write("envoy.yaml", whole);
        let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
        ran.says(2, &["Envoy reads only the first document of a file"]);
    }
}

/// Envoy's reader keeps one line break less.
#[test]
fn line_breaks_that_readers_count_differently_are_refused() {
    for (value, is_refused) in [
        ("\"\n\n\"", true),
        ("'a\n\n  b'", true),
        (">+\n  a\n\n", true),
        ("|+\n  a\n\n", true),
        ("|\n  a\n\n  b\n", false),
        ("\"a\\nb\"", false),
        ("a\n  b", false),
    ] {
        let text = format!("static_resources: {{listeners: []}}\na: {value}\n");
        let folder = Folder::with(&[("envoy.yaml", &text)]);
        let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
        assert_eq!(ran.warns("other line breaks"), is_refused, "{value}: {ran:?}");
    }
}

#[test]
fn the_mode_of_a_pipe_may_be_octal() {
    let folder = Folder::with(&[(
        "envoy.yaml",
        "static_resources: {listeners: []}\nadmin: {address: {pipe: {path: /run/admin, mode: 0600}}}\n",
    )]);
    let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
    assert!(!ran.warns("decimal"), "{ran:?}");
}
