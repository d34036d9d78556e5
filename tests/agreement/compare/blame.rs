//! Finds the rule that denied in Envoy's access log.

use std::collections::HashMap;

use anyhow::{Context, Result};
use peerwarden_lab::deadline::{self, until};
use peerwarden_lab::decision::Decision;
use peerwarden_lab::envoy::{AccessLogEntry, Envoy};

use super::Question;
use crate::ask::Answer;
use crate::stage::Side;

/// The text of both filters before the id.
const DENIED: &str = "rbac_access_denied_matched_policy[";

/// Entries by listener and mark. A caller's port may be reused once its connection is closed, so a mark may have
/// several entries, in the order of the questions.
type Log = HashMap<(String, String), Vec<AccessLogEntry>>;

/// Waits until every denial is in the log, and adds its rule.
pub(super) async fn attach(envoy: &Envoy, questions: &mut [Question]) -> Result<()> {
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    let mut place = |key: (String, String)| {
        let count = seen.entry(key.clone()).or_default();
        *count += 1;
        (key, *count - 1)
    };
    let mut denied = Vec::new();
    for question in questions.iter_mut() {
        let set = question.set;
        for (side, given) in [
            (Side::Native, &mut question.native),
            (Side::Module, &mut question.module),
        ] {
            let entry = place((side.name(set), given.mark.clone()));
            if given.answer == Answer::Denied {
                denied.push((given, entry));
            }
        }
    }
    let log = until(deadline::EXCHANGE, "all denials in the access log", async || {
        let log = read(envoy)?;
        let complete = denied
            .iter()
            .all(|(_, (key, place))| log.get(key).is_some_and(|entries| entries.len() > *place));
        Ok(complete.then_some(log))
    })
    .await?;
    for (given, (key, place)) in denied {
        given.by = Some(
            by(&log[&key][place]).with_context(|| format!("whose denial is {given:?}: {:?}", log[&key]))?,
        );
    }
    Ok(())
}

fn read(envoy: &Envoy) -> Result<Log> {
    let mut log = Log::new();
    for entry in envoy.access_log()? {
        let mark = match entry.text("method") {
            "" => entry.text("peer_address"),
            _ => entry.text("lab_id"),
        };
        let key = (entry.text("listener").to_owned(), mark.to_owned());
        log.entry(key).or_default().push(entry);
    }
    Ok(log)
}

/// The id, in any of its places: a network filter in Wasm cannot set the details of a connection's end.
fn by(entry: &AccessLogEntry) -> Option<String> {
    let places = [entry.details(), entry.text("termination")];
    let noted = places
        .iter()
        .find_map(|text| text.strip_prefix(DENIED)?.strip_suffix(']'));
    noted
        .map(str::to_owned)
        .or_else(|| Decision::parse(entry.decision()).map(|decision| decision.by))
}
