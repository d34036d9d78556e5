//! SPIFFE IDs, by the grammar of the standard
//! (<https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#2-spiffe-identity>).

use peerwarden_engine::SpiffeId;

pub(super) fn run(bytes: &[u8]) {
    let parsed = SpiffeId::parse(bytes);
    assert_eq!(
        parsed.is_ok(),
        is_one(bytes),
        "{}",
        String::from_utf8_lossy(bytes)
    );
    if let Ok(id) = parsed {
        let again = format!("spiffe://{}{}", id.trust_domain.as_str(), id.path);
        assert_eq!(again.as_bytes(), bytes, "its parts are not the whole");
        if let (Some(namespace), Some(account)) = (id.namespace, id.service_account) {
            assert_eq!(id.path, format!("/ns/{namespace}/sa/{account}"));
        }
        assert_eq!(id.namespace.is_some(), id.service_account.is_some());
    }
}

fn is_one(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let Some(rest) = text.strip_prefix("spiffe://") else {
        return false;
    };
    let mut segments = rest.split('/');
    let trust_domain = segments.next().unwrap_or_default();
    let in_domain = |ch: char| matches!(ch, 'a'..='z' | '0'..='9' | '.' | '-' | '_');
    let in_path = |ch: char| in_domain(ch) || ch.is_ascii_uppercase();
    text.len() <= 2048
        && (1..=255).contains(&trust_domain.len())
        && trust_domain.chars().all(in_domain)
        && segments.all(|segment| !matches!(segment, "" | "." | "..") && segment.chars().all(in_path))
}
