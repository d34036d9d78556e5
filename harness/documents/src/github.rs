//! Annotations of GitHub Actions:
//! <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>.

use crate::source::Place;

/// One annotation in one line: `error`, `warning` or `notice`, the place, a title and the message.
pub fn annotation(command: &str, place: Option<&Place>, title: &str, message: &str) -> String {
    let place = place.map_or_else(String::new, |place| {
        let (line, column) = place.source.position(place.span.start);
        format!("file={},line={line},col={column},", property(&place.source.name))
    });
    format!(
        "::{command} {place}title={}::{}\n",
        property(title),
        data(message)
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
