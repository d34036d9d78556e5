//! A method in lower case, such as `delete`, differs from `DELETE` as text and is the same method to many applications.
//! Envoy's own filter compares its text; to the module the method is not established.

use super::{Difference, SingleQuestion, doubt};

pub(super) const DIFFERENCE: Difference = Difference {
    name: "a method in small letters is not established",
    rewrite,
};

fn rewrite(asked: &mut SingleQuestion) -> bool {
    let method = asked.request.as_ref().map(|request| request.method.as_bytes());
    method.is_some_and(|method| method.iter().any(u8::is_ascii_lowercase))
        && doubt::settle(&mut asked.set.policies, is_about_methods)
}

fn is_about_methods(name: &str) -> bool {
    name == "methods" || name.eq_ignore_ascii_case("request.headers[:method]")
}
