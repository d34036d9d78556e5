//! Random texts in every style keep their values and comments.

use serde_json::Value;

use super::tidied;
use super::writer::Writer;

/// The number of random texts. A failure names its seed.
const TEXTS: u64 = 1_000;

#[test]
fn texts_in_every_style() {
    for seed in 0..TEXTS {
        let mut writer = Writer {
            random: fastrand::Rng::with_seed(seed),
            text: String::new(),
            comments: Vec::new(),
        };
        let value = writer.document();
        let text = &writer.text;
        let read: Value =
            serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert_eq!(
            read, value,
            "seed {seed}: the test writes something else than it means\n{text}"
        );
        let after = tidied(&format!("seed {seed}"), text);
        let read: Value = serde_saphyr::from_str(&after).unwrap();
        assert_eq!(read, value, "seed {seed}\n{text}\n---\n{after}");
        assert_eq!(tidied("again", &after), after, "seed {seed}\n{text}");
        // Comments have unique words.
        for comment in &writer.comments {
            assert_eq!(
                after.matches(comment.as_str()).count(),
                1,
                "seed {seed}: {comment}\n{text}\n---\n{after}"
            );
        }
    }
}
