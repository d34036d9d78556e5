//! A measured value, and the range of several.

use crate::numbers::{grouped, micros, times};

/// What one run measured for a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measure {
    /// A ratio.
    Times(f64),
    /// The number of policies from which the module is cheaper, if it is.
    From(Option<usize>),
    /// Microseconds, and how many there may be.
    Micros { this: f64, most: f64 },
}

impl Measure {
    /// The measures of several runs, all of one kind, from the smallest to the largest.
    pub(crate) fn range(measures: impl IntoIterator<Item = Self>) -> String {
        let mut measures: Vec<Self> = measures.into_iter().collect();
        measures.sort_by(|one, other| one.order().total_cmp(&other.order()));
        let mut texts: Vec<String> = measures.iter().map(|measure| measure.text()).collect();
        texts.dedup();
        let unit = measures.first().map_or("", |measure| measure.unit());
        match texts.as_slice() {
            [] => "–".to_owned(),
            [one] => format!("{one}{unit}"),
            [first, .., last] => format!("{first} to {last}{unit}"),
        }
    }

    fn order(self) -> f64 {
        match self {
            Self::Times(ratio) => ratio,
            Self::From(count) => count.map_or(f64::INFINITY, |count| count as f64),
            Self::Micros { this, most } => this - most,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Times(ratio) => times(ratio),
            Self::From(Some(count)) => format!("from {}", grouped(count as u64)),
            Self::From(None) => "never".to_owned(),
            Self::Micros { this, most } => format!("{} of {}", micros(this), micros(most)),
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Times(_) => " times",
            Self::From(_) => "",
            Self::Micros { .. } => " us",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Measure;

    #[test]
    fn a_range_has_its_ends_and_its_unit() {
        let range = |ratios: &[f64]| Measure::range(ratios.iter().copied().map(Measure::Times));
        assert_eq!(range(&[2.0, 1.5, 1.7]), "1.50 to 2.00 times");
        assert_eq!(range(&[2.0, 2.0]), "2.00 times");
        assert_eq!(range(&[]), "–");
        let from = [Some(1_000), Some(50), None].map(Measure::From);
        assert_eq!(Measure::range(from), "from 50 to never");
    }
}
