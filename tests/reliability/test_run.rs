//! The records of `make reliability`: a line for each test and version of Envoy.

/// A test that ran on a version of Envoy.
#[derive(Debug)]
pub(crate) struct TestRun {
    pub(crate) version: String,
    pub(crate) test: String,
    pub(crate) passed: bool,
}

/// Each line, such as `1.36 envoy::hold::who_has_no_certificate_is_denied_by_the_deadline ok`.
pub(crate) fn all() -> Vec<TestRun> {
    let lines = include_str!("shown.txt").lines();
    let read = lines.map(|line| match line.split(' ').collect::<Vec<_>>().as_slice() {
        [version, test, result] => TestRun {
            version: (*version).to_owned(),
            test: (*test).to_owned(),
            passed: *result == "ok",
        },
        _ => panic!("`{line}` is not `VERSION TEST RESULT`"),
    });
    read.collect()
}
