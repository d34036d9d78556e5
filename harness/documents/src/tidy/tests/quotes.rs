//! Values that keep their quotes.

use super::tidied;

#[test]
fn quotes_stay_where_somebody_reads_something_else_without_them() {
    for kept in [
        "yes",
        "No",
        "ON",
        "y",
        "null",
        "true",
        "1",
        "017",
        "0x1f",
        "0o17",
        "1e3",
        "1_000",
        "1:30",
        "12:30:45",
        "2026-01-31",
        "1.0",
        "",
        " a",
        "a ",
        "a: b",
        "a #b",
        "*a",
        "&a",
        "!a",
        "- a",
        "-",
        "?",
        "a,b",
        "[a]",
        "{a}",
        "'",
        "%a",
        "@a",
        "`a",
        "~",
        "=",
        "<<",
        ".5",
        ".inf",
        "+1",
        "-1",
        "a:",
        "a\\b",
        "ä",
        "2026-01-31T12:00:00Z",
    ] {
        let text = format!("a: \"{}\"\n", kept.replace('\\', "\\\\"));
        assert_eq!(tidied("a.yaml", &text), text);
    }
    for plain in [
        "GET",
        "/a*",
        "a.b/c-d_e",
        "10.0.0.0/8",
        "fd00::/8",
        "shop:443",
        "a b",
        "x1",
        "v1",
    ] {
        assert_eq!(
            tidied("a.yaml", &format!("a: [\"{plain}\", '{plain}']\n")),
            format!("a: [{plain}, {plain}]\n")
        );
    }
}
