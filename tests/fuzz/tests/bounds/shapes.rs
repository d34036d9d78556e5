//! Inputs of any size, each of a shape that is most expensive for its parser.

use peerwarden_engine::limits::METADATA_DEPTH;
use peerwarden_fuzz::readers;
use peerwarden_wire::{certificate, check_response, configuration, metadata, pairs, protobuf};

/// A parser and a shape.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// Makes an input of about this many bytes.
    pub(crate) make: fn(usize) -> Vec<u8>,
    pub(crate) read: fn(&[u8]),
}

macro_rules! shapes {
    ($($name:literal $read:ident $make:expr;)*) => {
        &[$(Shape { name: $name, make: $make, read: $read }),*]
    };
}

/// All shapes.
pub(crate) const ALL: &[Shape] = shapes! {
    "certificate_of_base64_that_is_cut_short" pem |n| wrapped(&"MI=\n".repeat(n / 4));
    "certificate_of_nothing_but_base64" pem |n| wrapped(&"MIIB".repeat(n / 4));
    "certificate_of_nested_sequences" pem |n| wrapped(&"MIAw".repeat(n / 4));
    "configuration_of_many_names" config |n| object((0..n / 12).map(|i| format!("\"n{i:07}\":1")));
    "configuration_of_many_unknown_fields" config |n| {
        let fields = object((0..n / 12).map(|i| format!("\"f{i:07}\":1")));
        policy(&String::from_utf8_lossy(&fields))
    };
    "configuration_of_many_values" config |n| {
        let values = list((0..n / 10).map(|i| format!("\"v{i:06}\"")));
        policy(&format!("{{\"rules\":[{{\"to\":[{{\"operation\":{{\"hosts\":{values}}}}}]}}]}}"))
    };
    "configuration_of_many_documents" config |n| {
        let one = "{\"apiVersion\":\"security.istio.io/v1\",\"kind\":\"AuthorizationPolicy\",\"metadata\":{\"namespace\":\"shop\",\"name\":\"p";
        let documents = list((0..n / 160).map(|i| format!("{one}{i:06}\"}},\"spec\":{{\"rules\":[{{}}]}}}}")));
        format!("{{\"workload\":{{\"namespace\":\"shop\"}},\"resources\":{documents}}}").into_bytes()
    };
    "configuration_of_many_labels" config |n| {
        let labels = (0..n / 14).map(|i| format!("\"l{i:07}\":\"v\"")).collect::<Vec<_>>().join(",");
        format!("{{\"workload\":{{\"namespace\":\"shop\",\"labels\":{{{labels}}}}},\"resources\":[]}}").into_bytes()
    };
    "configuration_nested" config |n| ["{\"resources\":".as_bytes(), "[".repeat(n).as_bytes()].concat();
    "configuration_of_a_long_number" config |n| format!("{{\"resources\":[{}e{}]}}", "9".repeat(n / 2), "9".repeat(n / 2)).into_bytes();
    "configuration_of_a_long_text" config |n| format!("{{\"resources\":[\"{}\"]}}", "\\u00e9".repeat(n / 6)).into_bytes();
    "header_map_of_many_lines" header_map |n| {
        let count = n / 13;
        let lengths = [2_u32, 1].map(u32::to_le_bytes).concat();
        [&u32::try_from(count).unwrap().to_le_bytes()[..], &lengths.repeat(count), &b"ab\0c\0".repeat(count)].concat()
    };
    "struct_of_many_fields" structure |n| b"\x0a\x05\x0a\x01a\x12\x00".repeat(n / 7);
    "struct_of_a_long_list" structure |n| {
        let items = message(6, &b"\x0a\x00".repeat(n / 2));
        message(1, &[b"\x0a\x01a".to_vec(), message(2, &items)].concat())
    };
    "struct_nested" structure nested;
    "metadata_nested" dynamic nested;
    "check_response_of_many_headers" response |n| {
        let header = message(2, &message(1, &[message(1, b"a"), message(2, b"b")].concat()));
        [message(1, b""), message(3, &header.repeat(n / 10))].concat()
    };
    "yaml_of_many_names" documents |n| text((0..n / 12).map(|i| format!("n{i:07}: 1\n")));
    "yaml_of_nested_aliases" documents |n| {
        let first = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        let next = (1..n / 48).map(|i| {
            let below = vec![format!("*a{}", i - 1); 9].join(",");
            format!("a{i}: &a{i} [{below}]\n")
        });
        text(std::iter::once(first).chain(next))
    };
    "yaml_of_aliases_of_a_long_text" documents |n| {
        let aliases = "- *a\n".repeat(n / 10);
        format!("- &a {}\n{aliases}", "x".repeat(n / 2)).into_bytes()
    };
    "yaml_of_merges" documents |n| {
        let next = (1..n / 40).map(|i| format!("m{i}: &m{i} {{<<: [*m{0}, *m{0}], k{i}: 1}}\n", i - 1));
        text(std::iter::once("m0: &m0 {x: 1}\n".to_owned()).chain(next))
    };
    "yaml_of_open_anchors" documents |n| {
        let anchors = (0..60).map(|i| format!("&o{i} [")).collect::<String>();
        format!("{anchors}{}", "x,".repeat(n / 2)).into_bytes()
    };
    "yaml_nested_flow" documents |n| "[".repeat(n).into_bytes();
    "yaml_nested_blocks" documents |n| "- ".repeat(n / 2).into_bytes();
    "yaml_of_many_documents" documents |n| "---\na: 1\n".repeat(n / 9).into_bytes();
    "yaml_of_one_long_line" documents |n| format!("a: [{}]\n", "x, ".repeat(n / 3)).into_bytes();
    "yaml_of_a_long_block" documents |n| format!("a: |\n{}", "  x\n".repeat(n / 4)).into_bytes();
    "yaml_of_comments" documents |n| format!("{}a: 1\n", "# x\n".repeat(n / 4)).into_bytes();
    "yaml_of_long_quotes" documents |n| format!("a: \"{}\"\n", "\\u00e9".repeat(n / 6)).into_bytes();
    "yaml_of_spaces" documents |n| format!("a:{}1\n", " ".repeat(n)).into_bytes();
    "suite_of_many_cases" suite |n| {
        let cases = (0..n / 50).map(|i| format!("- {{name: c{i:06}, peer: a, request: GET /, expect: allow}}\n"));
        suite_of("peers: {a: plaintext}\n", "cases:\n", cases)
    };
    "suite_of_many_wrong_cases" suite |n| {
        let peers = (0..n / 60).map(|i| format!("  p{i:06}: plaintext\n")).collect::<String>();
        let cases = (0..n / 60).map(|i| format!("- {{peer: q{i:06}, request: r, expect: allow}}\n"));
        suite_of(&format!("peers:\n{peers}"), "cases:\n", cases)
    };
    "suite_of_wrong_cases_in_one_line" suite |n| {
        let cases = (0..n / 60).map(|i| format!("{{name: c{i:06}, peer: q, request: r, expect: allow}}")).collect::<Vec<_>>().join(", ");
        suite_of("peers: {a: plaintext}\n", "cases: ", std::iter::once(format!("[{cases}]\n")))
    };
    "suite_of_a_square" suite |n| {
        let peers = (0..n / 40).map(|i| format!("  p{i:06}: plaintext\n")).collect::<String>();
        let requests = (0..n / 40).map(|i| format!("  r{i:06}: GET /\n"));
        suite_of(&format!("snapshot: a.md\npeers:\n{peers}"), "requests:\n", requests)
    };
    "suite_of_a_wide_matrix" suite |n| {
        let cells = |word: &str| vec![word; n / 12].join(", ");
        let matrix = format!("- {{requests: [{}], expect: {{a: [{}]}}}}\n", cells("r"), cells("allow"));
        suite_of("peers: {a: plaintext}\nrequests: {r: GET /}\n", "matrix:\n", std::iter::once(matrix))
    };
    "access_log_of_one_long_line" log |n| "x".repeat(n).into_bytes();
    "access_log_of_quotes" log |n| "\" ".repeat(n / 2).into_bytes();
    "access_log_of_many_fields" log |n| {
        let fields = (0..n / 12).map(|i| format!("\"n{i:07}\":1"));
        object(std::iter::once("\"downstream_remote_address\":\"10.0.0.1:2\"".to_owned()).chain(fields))
    };
    "access_log_nested" log |n| format!("{{\"downstream_remote_address\":{}", "[".repeat(n)).into_bytes();
    "access_log_by_a_long_format" log_by_format |n| format!("{}\nx", "%REQ(A)% ".repeat(n / 9)).into_bytes();
    "access_log_of_places" log_by_format |n| {
        let place = "x".repeat(n / 60);
        format!("%REQ(A)%;%REQ(B)%;%REQ(C)%;%PROTOCOL%\n{}", vec![place.as_str(); 60].join(";")).into_bytes()
    };
    "settings_of_many_patterns" settings |n| {
        let patterns = list((0..n / 12).map(|i| format!("\"v{i:06}/**\"")));
        format!("[check]\nexclude = {patterns}\n").into_bytes()
    };
    "settings_nested" settings |n| format!("a = {}", "[".repeat(n)).into_bytes();
    "settings_of_dots" settings |n| format!("a{} = 1\n", ".a".repeat(n / 2)).into_bytes();
    "settings_of_tables" settings |n| text((0..n / 12).map(|i| format!("[t{i:07}]\n")));
    "eval_of_many_names" eval |n| object((0..n / 12).map(|i| format!("\"n{i:07}\":1")));
    "eval_nested" eval |n| format!("{{\"id\":{}", "[".repeat(n)).into_bytes();
    "eval_of_many_headers" eval |n| {
        let headers = (0..n / 14).map(|i| format!("\"h{i:07}\":\"v\"")).collect::<Vec<_>>().join(",");
        format!("{{\"traffic\":{{\"http\":{{\"method\":\"GET\",\"path\":\"/\",\"headers\":{{{headers}}}}}}}}}").into_bytes()
    };
};

fn pem(bytes: &[u8]) {
    drop(certificate::read(bytes));
}

fn config(bytes: &[u8]) {
    drop(configuration::read(bytes, || None));
}

fn header_map(bytes: &[u8]) {
    assert!(pairs::decode(bytes).is_some() && pairs::Map::of(bytes).is_some());
}

fn structure(bytes: &[u8]) {
    drop(protobuf::object(bytes, 100));
    drop(configuration::read(bytes, || None));
}

fn dynamic(bytes: &[u8]) {
    drop(metadata::decode(bytes));
    drop(protobuf::object(bytes, METADATA_DEPTH));
}

fn response(bytes: &[u8]) {
    assert!(check_response::read(bytes).is_ok());
}

fn documents(bytes: &[u8]) {
    drop(readers::documents(as_text(bytes)));
}

fn suite(bytes: &[u8]) {
    drop(readers::suite(as_text(bytes)));
}

fn log(bytes: &[u8]) {
    drop(readers::access_log(None, bytes));
}

fn log_by_format(bytes: &[u8]) {
    let (format, line) = as_text(bytes).split_once('\n').unwrap();
    drop(readers::access_log(Some(format), line.as_bytes()));
}

fn settings(bytes: &[u8]) {
    drop(readers::settings(as_text(bytes)));
}

fn eval(bytes: &[u8]) {
    drop(readers::eval_line(bytes));
}

fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn wrapped(base64: &str) -> Vec<u8> {
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n").into_bytes()
}

fn text(parts: impl Iterator<Item = String>) -> Vec<u8> {
    parts.collect::<String>().into_bytes()
}

fn object(fields: impl Iterator<Item = String>) -> Vec<u8> {
    format!("{{{}}}", fields.collect::<Vec<_>>().join(",")).into_bytes()
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn policy(spec: &str) -> Vec<u8> {
    let kind = "\"apiVersion\":\"security.istio.io/v1\",\"kind\":\"AuthorizationPolicy\"";
    let metadata = "\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\"}";
    let document = format!("{{{kind},{metadata},\"spec\":{spec}}}");
    format!("{{\"workload\":{{\"namespace\":\"shop\"}},\"resources\":[{document}]}}").into_bytes()
}

fn suite_of(before: &str, list: &str, items: impl Iterator<Item = String>) -> Vec<u8> {
    let items: String = items.collect();
    format!("workload: {{namespace: shop}}\npolicies: []\n{before}{list}{items}").into_bytes()
}

/// A field of a message.
fn message(field: u8, bytes: &[u8]) -> Vec<u8> {
    let mut written = vec![field << 3 | 2];
    let mut length = bytes.len();
    while length > 0x7f {
        written.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    written.push(u8::try_from(length).unwrap());
    written.extend_from_slice(bytes);
    written
}

/// Nested `Struct`s. Each level adds to the lengths of those around it, so it is built from the inside out.
fn nested(bytes: usize) -> Vec<u8> {
    let mut inner = vec![0; bytes / 2];
    for _ in 0..200 {
        inner = message(
            1,
            &[b"\x0a\x01a".to_vec(), message(2, &message(5, &inner))].concat(),
        );
    }
    inner
}
