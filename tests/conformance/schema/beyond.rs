//! Documents that the engine refuses and a schema accepts.

/// Cases of the corpus in which the values of a condition are refused for what its key is.
pub(super) const BEYOND: [&str; 3] = [
    "admission::refused::condition_bad_ip",
    "admission::refused::condition_bad_not_ip",
    "admission::refused::condition_bad_port",
];
