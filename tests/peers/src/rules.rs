//! The rules and the questions, which each engine translates to its own form.

/// The condition on a path.
#[derive(Debug, Clone)]
pub(crate) enum Path {
    /// Exactly this one.
    Is(String),
    /// Any that begins with this.
    StartsWith(String),
}

/// A rule on caller, method and path, which becomes one policy.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) denies: bool,
    pub(crate) caller: String,
    pub(crate) method: &'static str,
    pub(crate) path: Path,
}

/// A number of rules.
pub(crate) struct RuleSet {
    pub(crate) rules: Vec<Rule>,
}

/// A request, and the expected verdict.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) caller: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) allowed: bool,
}

/// The number of callers with questions, spread over all rules.
const ASKED: usize = 16;

/// Every tenth policy denies something to the caller of the one before it.
fn denies(number: usize) -> bool {
    number % 10 == 9
}

fn caller(number: usize) -> String {
    format!("cluster.local/ns/team-{}/sa/caller-{number}", number % 50)
}

fn orders(number: usize) -> String {
    format!("/v1/orders/{number}/")
}

impl RuleSet {
    pub(crate) fn new(count: usize) -> Self {
        let rule = |number: usize| {
            let denies = denies(number);
            // A policy that denies follows one that allows, so it is never the first.
            let about = number - usize::from(denies);
            Rule {
                denies,
                caller: caller(about),
                method: "GET",
                path: if denies {
                    Path::Is(format!("{}audit", orders(about)))
                } else {
                    Path::StartsWith(orders(about))
                },
            }
        };
        Self {
            rules: (0..count).map(rule).collect(),
        }
    }

    /// Questions of callers from the first policy to the last: an allowed one, another's path, another method, a denied
    /// path; and one of a stranger.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let count = self.rules.len();
        let mut questions = Vec::new();
        for index in 0..ASKED.min(count) {
            let mut number = index * (count - 1) / (ASKED - 1);
            number -= usize::from(denies(number));
            let audit_denied = number + 1 < count && denies(number + 1);
            let mut ask = |caller: String, method, path: String, allowed| {
                questions.push(Question {
                    caller,
                    method,
                    path,
                    allowed,
                });
            };
            let items = format!("{}items", orders(number));
            ask(caller(number), "GET", items.clone(), true);
            ask(
                caller(number),
                "GET",
                format!("{}items", orders(number + 1)),
                false,
            );
            ask(caller(number), "POST", items.clone(), false);
            ask(
                caller(number),
                "GET",
                format!("{}audit", orders(number)),
                !audit_denied,
            );
            ask("cluster.local/ns/web/sa/stranger".to_owned(), "GET", items, false);
        }
        questions
    }
}
