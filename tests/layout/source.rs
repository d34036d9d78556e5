//! The text of a file, without comments and without what is compiled for tests alone.

/// What precedes an item that is compiled for tests alone.
const FOR_TESTS: &str = "#[cfg(test)]";

/// What is compiled of a file.
pub(crate) struct Code {
    pub(crate) text: String,
    /// The modules that it declares for tests alone, each a file of its own.
    pub(crate) test_modules: Vec<String>,
}

impl Code {
    /// Reads a file as `cargo fmt` leaves it: a block ends at a brace that is indented as the line on which it begins.
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines();
        let mut lines = lines.map(|line| line.split("//").next().unwrap_or_default());
        let mut code = Self {
            text: String::new(),
            test_modules: Vec::new(),
        };
        while let Some(line) = lines.next() {
            if line.trim_start().starts_with(FOR_TESTS) {
                code.test_modules.extend(skip_item(&mut lines));
            } else {
                code.text.push_str(line);
                code.text.push('\n');
            }
        }
        code
    }
}

/// Passes over an item, and returns the module that it declares, if it does.
fn skip_item<'l>(lines: &mut impl Iterator<Item = &'l str>) -> Option<String> {
    let mut end = None;
    for line in lines {
        match end {
            None if line.trim_end().ends_with(';') => {
                let name = line.trim().strip_suffix(';')?.rsplit_once("mod ")?.1;
                return Some(name.to_owned());
            }
            None if line.trim_end().ends_with('}') => return None,
            None if line.trim_end().ends_with('{') => {
                let indent: String = line.chars().take_while(|ch| *ch == ' ').collect();
                end = Some(format!("{indent}}}"));
            }
            None => {}
            Some(ref end) if line.trim_end().trim_end_matches([';', ',']) == end => return None,
            Some(_) => {}
        }
    }
    None
}

#[test]
fn only_what_is_for_tests_is_left_out() {
    let text = "\
use a::b; // c
#[cfg(test)]
mod tests;
use d::e;
#[cfg(test)]
use f::{
    g,
};
impl H {
    #[cfg(test)]
    fn i(&self) {
        if j {}
    }
    fn k(&self) {}
}
#[cfg(test)]
mod l {
    use m::n;
}
fn o() {}
";
    let code = Code::read(text);
    assert_eq!(code.test_modules, ["tests"]);
    let lines: Vec<&str> = code.text.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "use a::b;",
            "use d::e;",
            "impl H {",
            "fn k(&self) {}",
            "}",
            "fn o() {}"
        ]
    );
}
