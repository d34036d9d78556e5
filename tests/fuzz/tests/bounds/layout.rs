//! `peerwarden fmt` on the texts that are most expensive for its passes.

use peerwarden_fuzz::readers;

use crate::shapes::Shape;

macro_rules! shapes {
    ($($name:literal $make:expr;)*) => {
        &[$(Shape { name: $name, make: $make, read: lay_out }),*]
    };
}

/// All shapes.
pub(crate) const ALL: &[Shape] = shapes! {
    "fmt_of_many_names" |n| lines((0..n / 12).map(|i| format!("n{i:07}:   1\n")));
    "fmt_of_many_documents" |n| "---\na:   1\n".repeat(n / 11).into_bytes();
    "fmt_of_many_separators" |n| "---\n\n".repeat(n / 5).into_bytes();
    "fmt_of_keys_out_of_order" |n| {
        let one = "---\nspec: {}\n# about the name\nmetadata: {name: a}\nkind: AuthorizationPolicy\napiVersion: security.istio.io/v1\n";
        one.repeat(n / one.len()).into_bytes()
    };
    "fmt_of_comments_above_a_key" |n| {
        let comments = "# x\n".repeat(n / 4);
        format!("kind: AuthorizationPolicy\n{comments}apiVersion: security.istio.io/v1\n").into_bytes()
    };
    "fmt_of_comments_behind_values" |n| lines((0..n / 20).map(|i| format!("n{i:07}: 1     #c\n")));
    "fmt_of_comments_in_brackets" |n| format!("a: [\n{}]\n", "x, # c\n".repeat(n / 7)).into_bytes();
    "fmt_of_hashes" |n| format!("a: \"{}\"\n", "# ".repeat(n / 2)).into_bytes();
    "fmt_of_many_quotes" |n| lines((0..n / 14).map(|i| format!("- \"v{i:07}\"\n")));
    "fmt_of_quotes_in_brackets" |n| format!("a: [{}]\n", "\"v\",".repeat(n / 4)).into_bytes();
    "fmt_of_a_wide_table" |n| {
        let row = |word: &str| vec![word; n / 12].join(",");
        format!("matrix:\n- requests: [{}]\n  expect:\n    a: [{}]\n", row("r"), row("allow")).into_bytes()
    };
    "fmt_of_a_long_table" |n| {
        let rows = (0..n / 24).map(|i| format!("    p{i:07}: [allow,   deny]\n"));
        lines(std::iter::once("matrix:\n- requests: [a,   b]\n  expect:\n".to_owned()).chain(rows))
    };
    "fmt_of_many_tables" |n| lines(std::iter::once("matrix:\n".to_owned()).chain((0..n / 56).map(|_| {
        "- requests: [a,   b]\n  expect:\n    p: [allow,   deny]\n".to_owned()
    })));
    "fmt_of_tables_in_one_line" |n| {
        let tables = vec!["{requests: [a], expect: {p: [allow]}}"; n / 40].join(", ");
        format!("matrix: [{tables}]\n").into_bytes()
    };
    "fmt_of_lists_in_lists" |n| lines((0..n / 16).map(|_| "- - - x\n    - y\n".to_owned()));
    "fmt_nested_flow" |n| "[".repeat(n).into_bytes();
    "fmt_nested_blocks" |n| "- ".repeat(n / 2).into_bytes();
    "fmt_of_aliases" |n| format!("- &a x\n{}", "- *a\n".repeat(n / 5)).into_bytes();
    "fmt_of_a_long_block" |n| format!("a: |\n{}", "  x\n".repeat(n / 4)).into_bytes();
    "fmt_of_blank_lines" |n| format!("a: 1\n{}b: 1\n", "\n".repeat(n)).into_bytes();
    "fmt_of_spaces" |n| format!("a:{}1\n", " ".repeat(n)).into_bytes();
    "fmt_of_carriage_returns" |n| format!("a1: 1\r\n{}", "# x\r\n".repeat(n / 5)).into_bytes();
};

fn lay_out(bytes: &[u8]) {
    drop(readers::tidy(std::str::from_utf8(bytes).unwrap()));
}

fn lines(parts: impl Iterator<Item = String>) -> Vec<u8> {
    parts.collect::<String>().into_bytes()
}
