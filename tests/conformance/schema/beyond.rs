//! Documents that the engine refuses and a schema accepts.

/// Cases of the corpus in which the values of a condition are refused for what its key is, a text for the JSON in it, and a time for
/// being none.
pub(super) const BEYOND: [&str; 6] = [
    "admission::refused::condition_bad_ip",
    "admission::refused::condition_bad_not_ip",
    "admission::refused::condition_bad_port",
    "admission::refused::ra_keys_not_json",
    "admission::refused::ra_keys_of_one_key",
    "admission::refused::ra_timeout_not_positive",
];
