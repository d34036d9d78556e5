//! The trace for people: first the verdict and what it depends on, then each policy's own text.

use std::fmt::Write;

use peerwarden_documents::shown::visible_up_to;
use peerwarden_documents::wrap::wrapped;
use peerwarden_engine::reference::{PolicyTrace, RuleTrace, TcpReading};
use peerwarden_traffic::{Decision, RuleRef};

use crate::excerpt::{self, Sign};
use crate::explanation::{Explanation, LineVerdict, LoggedOutcome, Subject};
use crate::logged::Comparison;
use crate::words;
use peerwarden_documents::colours::{BOLD, DIM, GREEN, RED, YELLOW};

/// How many rules are shown in their own text, unless all are.
const SHOWN: usize = 5;

/// How many policies for other workloads are named, unless all are.
const NAMED: usize = 5;

/// The whole text; with `all`, every rule in its own text. Writing to a `String` cannot fail.
pub fn text(explained: &Explanation<'_>, all: bool) -> String {
    let mut text = String::new();
    verdict(&mut text, explained);
    let _ = writeln!(text, "\n{}", wrapped(&words::asked(&explained.subject), 2));
    mode(&mut text, explained);
    let applied: Vec<&PolicyTrace> = explained
        .trace
        .policies
        .iter()
        .filter(|policy| policy.not_applied.is_none())
        .collect();
    let mut rules: Vec<(&PolicyTrace, &RuleTrace)> = applied
        .iter()
        .flat_map(|policy| policy.rules.iter().map(move |rule| (*policy, rule)))
        .collect();
    // The rule that decided, then rules that matched, then close ones.
    rules.sort_by_key(|(policy, rule)| {
        (
            !is_decisive(explained, policy, rule),
            !is_near(explained, policy, rule),
            !rule.matched,
        )
    });
    let shown = if all { rules.len() } else { SHOWN };
    for (policy, rule) in rules.iter().take(shown) {
        self::rule(&mut text, explained, policy, rule);
    }
    rest(&mut text, rules.get(shown..).unwrap_or_default());
    for policy in applied.iter().filter(|policy| policy.rules.is_empty()) {
        let _ = writeln!(
            text,
            "\n{} {} {}/{} has no rules, so it matches nothing",
            Sign::Failed.shown(),
            policy.action.as_str(),
            policy.namespace,
            policy.name
        );
    }
    not_applied(&mut text, explained, all);
    if let Some(module) = explained.module {
        let _ = writeln!(text, "\n{DIM}the module agrees: {module}{DIM:#}");
    }
    text
}

fn verdict(text: &mut String, explained: &Explanation<'_>) {
    if let Some(compared) = Comparison::of(explained) {
        let style = if compared.agrees == Some(false) { RED } else { DIM };
        let said = wrapped(&visible_up_to(&compared.text, 1000), 0);
        let _ = writeln!(text, "{style}{said}{style:#}");
    }
    match &explained.subject {
        Subject::Traffic(_, answer) => {
            let _ = writeln!(text, "{}", decided(&answer.decision, 2));
            if let Some(shadow) = &answer.shadow {
                let _ = writeln!(text, "dry run: {}", decided(shadow, 9));
            }
            if let Some(by) = &answer.audited {
                let _ = writeln!(text, "marked for the log by {BOLD}{by}{BOLD:#}");
            }
        }
        Subject::Line(_, LineVerdict::Decided(verdict)) => {
            let _ = writeln!(text, "{}", decided(verdict, 2));
        }
        Subject::Line(line, LineVerdict::Hangs(lacks)) => {
            let yellow = YELLOW.bold();
            let _ = writeln!(
                text,
                "{yellow}UNKNOWN{yellow:#}: the verdict depends on values that are not in the line"
            );
            for attribute in lacks {
                let operator = (line.telling)(&attribute.to_string());
                let operator = operator.map(|operator| format!(", which {operator} would log"));
                let _ = writeln!(text, "  `{attribute}`{}", operator.unwrap_or_default());
            }
        }
    }
    if let Subject::Line(line, _) = &explained.subject
        && let Some(why) = &line.unreached
    {
        let said = if line.logged == Some(LoggedOutcome::Allowed) {
            format!("note: the request was let in, and {why}")
        } else {
            format!("note: {why}; the line does not say whether it was let in")
        };
        let _ = writeln!(text, "{YELLOW}{}{YELLOW:#}", wrapped(&said, 2));
    }
    if let Some(refusal) = &explained.refusal {
        let said = wrapped(&format!("note: {}", visible_up_to(refusal, 1000)), 2);
        let _ = writeln!(text, "{YELLOW}{said}{YELLOW:#}");
    }
    if let Some(note) = explained.why.and_then(|why| why.note.as_ref()) {
        let said = wrapped(&format!("note: {}", visible_up_to(note, 1000)), 2);
        let _ = writeln!(text, "{YELLOW}{said}{YELLOW:#}");
    }
    if let Some(near) = explained.why.and_then(|why| why.near_miss.as_ref()) {
        let near = visible_up_to(&near.to_string(), 1000);
        let _ = writeln!(text, "{}", wrapped(&format!("near miss: {near}"), 2));
    }
}

/// `DENY by shop/orders[0]: a rule of a DENY policy matched`, in lines that begin at a column.
pub(crate) fn decided(decided: &Decision, indent: usize) -> String {
    let colour = if decided.allowed { GREEN } else { RED }.bold();
    let (verdict, reason) = (decided.verdict().to_uppercase(), decided.reason);
    let by = decided.by.as_ref().map(ToString::to_string);
    let plain = match &by {
        Some(by) => format!("{verdict} by {by}: {reason}"),
        None => format!("{verdict}: {reason}"),
    };
    // The text is broken without its colours, which have no width.
    let mut text = wrapped(&plain, indent).replacen(&verdict, &format!("{colour}{verdict}{colour:#}"), 1);
    if let Some(by) = by {
        text = text.replacen(&by, &format!("{BOLD}{by}{BOLD:#}"), 1);
    }
    text
}

fn mode(text: &mut String, explained: &Explanation<'_>) {
    let trace = explained.trace;
    let sign = match trace.mode.refused {
        Some(_) if !explained.mode_refuses() => Sign::Unknown,
        refused => Sign::of(refused.is_none()),
    };
    let _ = writeln!(text, "{} {}", sign.shown(), wrapped(&words::mode(explained), 2));
    if trace.mode.refused.is_some() && sign == Sign::Failed {
        let _ = writeln!(text, "  {DIM}refused before any policy is evaluated{DIM:#}");
    }
    if let Some((passes, said)) = words::tokens(explained) {
        let _ = writeln!(text, "{} {}", Sign::of(passes).shown(), wrapped(&said, 2));
        if !passes {
            let _ = writeln!(
                text,
                "  {DIM}refused by the filter ahead of the module; the module does not see it{DIM:#}"
            );
        }
    }
    for custom in &trace.custom {
        let sign = match &explained.subject {
            Subject::Line(..) => Sign::Unknown,
            Subject::Traffic(..) => Sign::of(custom.refused.is_none()),
        };
        let said = words::custom(custom, &explained.subject);
        let _ = writeln!(text, "{} {}", sign.shown(), wrapped(&said, 2));
        if sign == Sign::Failed && trace.mode.refused.is_none() {
            let _ = writeln!(text, "  {DIM}refused before any other policy is evaluated{DIM:#}");
        }
    }
}

fn is_decisive(explained: &Explanation<'_>, policy: &PolicyTrace, rule: &RuleTrace) -> bool {
    explained.decided().and_then(|decided| decided.by.as_ref()) == Some(&id(policy, rule))
}

fn is_near(explained: &Explanation<'_>, policy: &PolicyTrace, rule: &RuleTrace) -> bool {
    let near = explained.why.and_then(|why| why.near_miss.as_ref());
    near.is_some_and(|near| near.rule == id(policy, rule))
}

fn id(policy: &PolicyTrace, rule: &RuleTrace) -> RuleRef {
    RuleRef {
        kind: peerwarden_engine::Kind::AuthorizationPolicy.as_str().to_owned(),
        namespace: policy.namespace.clone(),
        name: policy.name.clone(),
        rule: Some(rule.index),
    }
}

fn rule(text: &mut String, explained: &Explanation<'_>, policy: &PolicyTrace, rule: &RuleTrace) {
    let note = if is_decisive(explained, policy, rule) {
        " decides"
    } else if is_near(explained, policy, rule) {
        " is the near miss"
    } else if rule.matched && excerpt::sign(rule) == Sign::Unknown {
        " may match"
    } else if rule.matched {
        " matches"
    } else {
        ""
    };
    let tcp = match rule.tcp {
        TcpReading::AsWritten => "",
        TcpReading::Dropped => "on TCP, an ALLOW rule with HTTP-only fields never matches",
        TcpReading::Widened => "on TCP, HTTP-only fields are ignored, so this rule is wider than written",
    };
    let _ = writeln!(
        text,
        "\n{} {} {BOLD}{}{BOLD:#}{note}{}",
        excerpt::sign(rule).shown(),
        policy.action.as_str(),
        id(policy, rule),
        policy_note(policy)
    );
    if !tcp.is_empty() {
        let _ = writeln!(text, "  {DIM}{tcp}{DIM:#}");
    }
    excerpt::rule(text, explained.explainer, policy, rule);
}

fn policy_note(policy: &PolicyTrace) -> String {
    match &policy.provider {
        Some(provider) => format!(" {DIM}(provider `{provider}`){DIM:#}"),
        None if policy.dry_run => format!(" {DIM}(dry run: no effect){DIM:#}"),
        None => String::new(),
    }
}

/// The rules that are not shown in their own text, one line each.
fn rest(text: &mut String, rules: &[(&PolicyTrace, &RuleTrace)]) {
    let (matched, failed): (Vec<_>, Vec<_>) = rules.iter().partition(|(_, rule)| rule.matched);
    if !matched.is_empty() {
        text.push('\n');
    }
    for (policy, rule) in matched {
        let _ = writeln!(
            text,
            "{} {} {} {}",
            excerpt::sign(rule).shown(),
            policy.action.as_str(),
            id(policy, rule),
            if excerpt::sign(rule) == Sign::Unknown {
                "may match"
            } else {
                "matches"
            }
        );
    }
    if !failed.is_empty() {
        let _ = writeln!(
            text,
            "\n{DIM}{} more rules do not match; `--all` shows them{DIM:#}",
            peerwarden_documents::count::grouped(failed.len() as u64)
        );
    }
}

/// The policies for other workloads, and why they do not apply.
fn not_applied(text: &mut String, explained: &Explanation<'_>, all: bool) {
    let others = explained.trace.policies.iter();
    let others: Vec<(&PolicyTrace, &String)> = others
        .filter_map(|policy| policy.not_applied.as_ref().map(|why| (policy, why)))
        .collect();
    if others.is_empty() {
        return;
    }
    text.push('\n');
    let named = if all { others.len() } else { NAMED };
    for (policy, why) in others.iter().take(named) {
        let said = format!(
            "- {} {}/{} does not apply: {why}",
            policy.action.as_str(),
            policy.namespace,
            policy.name
        );
        let _ = writeln!(text, "{DIM}{}{DIM:#}", wrapped(&said, 2));
    }
    if others.len() > named {
        let more = peerwarden_documents::count::grouped((others.len() - named) as u64);
        let _ = writeln!(
            text,
            "{DIM}- {more} more policies do not apply; `--all` lists them{DIM:#}"
        );
    }
}
