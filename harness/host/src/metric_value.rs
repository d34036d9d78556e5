//! The values of metrics, in a process.

use std::collections::BTreeMap;

/// The value of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricValue {
    /// A counter.
    Counter(u64),
    /// A gauge.
    Gauge(u64),
    /// The values recorded in a histogram.
    Histogram(Vec<u64>),
}

/// The values of all metrics of a process. A counter, a gauge and a histogram of one name are three metrics.
#[derive(Debug, Default)]
pub(crate) struct MetricValues(pub(crate) [BTreeMap<String, MetricValue>; 3]);

impl MetricValues {
    /// The counter of that name, else the gauge, else the histogram.
    pub(crate) fn by_name(&self, name: &str) -> Option<&MetricValue> {
        self.0.iter().find_map(|values| values.get(name))
    }
}
