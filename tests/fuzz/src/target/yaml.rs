//! YAML documents: parsed with their places, and formatted by `peerwarden fmt`.

use crate::readers;

pub(super) const DICTIONARY: &[&str] = &[
    "---\n",
    "...\n",
    "apiVersion: security.istio.io/v1\n",
    "kind: AuthorizationPolicy\n",
    "metadata:\n",
    "spec:\n",
    "rules:\n",
    "\n",
    "\n  ",
    "- ",
    ": ",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "| \n",
    ">-\n",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    "#",
    "? ",
    "~",
    "0x1f",
    ".inf",
    "\u{feff}",
    "\u{85}",
    "\r\n",
    "\t",
];

pub(super) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let documents = readers::documents(text);
    // JSON is YAML: valid JSON gives the same value, unless it exceeds the limits of files.
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text)
        && json.is_object()
        && let Ok(documents) = &documents
    {
        assert_eq!(values(documents), [Some(json)], "{text:?}");
    }
    if let Ok(tidy) = readers::tidy(text) {
        let formatted = readers::documents(&tidy);
        assert_eq!(
            formatted.as_deref().map(values),
            documents.as_deref().map(values),
            "formatted, it means something else: {text:?}"
        );
        assert_eq!(
            readers::tidy(&tidy).as_ref(),
            Ok(&tidy),
            "formatting it twice changes it: {text:?}"
        );
    }
}

/// The documents, ignoring the order of their names.
fn values(documents: &[String]) -> Vec<Option<serde_json::Value>> {
    documents
        .iter()
        .map(|text| serde_json::from_str(text).ok())
        .collect()
}
