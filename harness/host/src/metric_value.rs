//! What metrics stand at, in a process.

use std::collections::BTreeMap;

/// What a metric stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricValue {
    /// A counter.
    Counter(u64),
    /// A gauge.
    Gauge(u64),
    /// What a histogram recorded.
    Histogram(Vec<u64>),
}

/// What the metrics of a process stand at: a counter, a gauge and a histogram of one name are three.
#[derive(Debug, Default)]
pub(crate) struct Values(pub(crate) [BTreeMap<String, MetricValue>; 3]);

impl Values {
    /// The counter of that name, else the gauge, else the histogram.
    pub(crate) fn by_name(&self, name: &str) -> Option<&MetricValue> {
        self.0.iter().find_map(|values| values.get(name))
    }
}
