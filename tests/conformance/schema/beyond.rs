//! Documents that the engine refuses and a schema accepts.

/// Cases of the corpus that are refused because of a condition's key, the JSON in a text, or an impossible time.
pub(super) const BEYOND: [&str; 6] = [
    "admission::refused::condition_bad_ip",
    "admission::refused::condition_bad_not_ip",
    "admission::refused::condition_bad_port",
    "admission::refused::ra_keys_not_json",
    "admission::refused::ra_keys_of_one_key",
    "admission::refused::ra_timeout_not_positive",
];
