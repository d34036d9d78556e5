//! Metrics, with the ids that Envoy assigns.

use std::collections::BTreeMap;

use crate::metric_value::MetricValue;
use crate::shared::SharedState;
use crate::status::Status;

/// The metrics that one VM knows, by id. Their values belong to the process.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Each definition gets a new id, even for a known name.
    names: BTreeMap<u32, String>,
    /// Number of definitions of each kind so far.
    defined: [u32; 3],
    shared: SharedState,
}

/// The low two bits of an id are its kind: counter, gauge, histogram.
const KIND_BITS: u32 = 2;
const KIND_MASK: u32 = 3;
const HISTOGRAM: u32 = 2;

impl Metrics {
    pub(crate) fn new(shared: SharedState) -> Self {
        Self {
            shared,
            ..Self::default()
        }
    }

    pub(crate) fn define(&mut self, kind: u32, name: &str) -> Result<u32, Status> {
        let value = match kind {
            0 => MetricValue::Counter(0),
            1 => MetricValue::Gauge(0),
            HISTOGRAM => MetricValue::Histogram(Vec::new()),
            _ => return Err(Status::BadArgument),
        };
        let place = usize::try_from(kind).map_err(|_| Status::BadArgument)?;
        let defined = self.defined.get_mut(place).ok_or(Status::BadArgument)?;
        *defined += 1;
        let id = (*defined << KIND_BITS) | kind;
        self.names.insert(id, name.to_owned());
        self.shared.metrics(|values| {
            let values = values.0.get_mut(place).ok_or(Status::BadArgument)?;
            values.entry(name.to_owned()).or_insert(value);
            Ok(id)
        })
    }

    fn with<T>(&self, id: u32, act: impl FnOnce(&mut MetricValue) -> Result<T, Status>) -> Result<T, Status> {
        let name = self.names.get(&id).ok_or(Status::NotFound)?;
        self.shared.metrics(|values| {
            let values = values.0.get_mut((id & KIND_MASK) as usize);
            act(values
                .and_then(|values| values.get_mut(name))
                .ok_or(Status::NotFound)?)
        })
    }

    /// A counter grows by at least one; a gauge goes up or down. Envoy checks the kind in the id first.
    pub(crate) fn increment(&self, id: u32, by: i64) -> Result<(), Status> {
        if id & KIND_MASK >= HISTOGRAM {
            return Err(Status::BadArgument);
        }
        self.with(id, |value| {
            match value {
                MetricValue::Counter(value) if by > 0 => *value = value.wrapping_add_signed(by),
                MetricValue::Gauge(value) => *value = value.wrapping_add_signed(by),
                MetricValue::Counter(_) | MetricValue::Histogram(_) => return Err(Status::BadArgument),
            }
            Ok(())
        })
    }

    /// Adds to a counter, sets a gauge, records in a histogram.
    pub(crate) fn record(&self, id: u32, number: u64) -> Result<(), Status> {
        self.with(id, |value| {
            match value {
                MetricValue::Counter(value) => *value = value.wrapping_add(number),
                MetricValue::Gauge(value) => *value = number,
                MetricValue::Histogram(values) => values.push(number),
            }
            Ok(())
        })
    }

    pub(crate) fn get(&self, id: u32) -> Result<u64, Status> {
        if id & KIND_MASK >= HISTOGRAM {
            return Err(Status::BadArgument);
        }
        self.with(id, |value| match value {
            MetricValue::Counter(value) | MetricValue::Gauge(value) => Ok(*value),
            MetricValue::Histogram(_) => Err(Status::BadArgument),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_envoys() {
        let mut metrics = Metrics::default();
        let mut define = |kind| metrics.define(kind, "m");
        assert_eq!(
            [define(0), define(0), define(1), define(2), define(3)].map(|id| id.ok()),
            [Some(4), Some(8), Some(5), Some(6), None]
        );
    }

    #[test]
    fn two_ids_of_one_name_are_one_metric() {
        let mut metrics = Metrics::default();
        let (first, second) = (metrics.define(0, "m").unwrap(), metrics.define(0, "m").unwrap());
        metrics.increment(first, 1).unwrap();
        metrics.increment(second, 2).unwrap();
        assert_eq!(metrics.shared.metric("m"), Some(MetricValue::Counter(3)));
    }

    #[test]
    fn kinds_of_one_name_are_apart_and_a_new_instance_counts_ids_anew() {
        let mut metrics = Metrics::default();
        let counter = metrics.define(0, "m").unwrap();
        let gauge = metrics.define(1, "m").unwrap();
        metrics.increment(counter, 3).unwrap();
        metrics.record(gauge, 9).unwrap();
        assert_eq!((metrics.get(counter), metrics.get(gauge)), (Ok(3), Ok(9)));
        let mut metrics = Metrics::new(metrics.shared.clone());
        assert_eq!(metrics.get(counter), Err(Status::NotFound));
        assert_eq!(metrics.define(0, "m"), Ok(counter));
        assert_eq!(metrics.get(counter), Ok(3));
    }

    #[test]
    fn what_envoy_refuses() {
        let mut metrics = Metrics::default();
        let counter = metrics.define(0, "c").unwrap();
        let gauge = metrics.define(1, "g").unwrap();
        let histogram = metrics.define(2, "h").unwrap();
        assert_eq!(metrics.increment(counter, 0), Err(Status::BadArgument));
        assert_eq!(metrics.increment(counter, -1), Err(Status::BadArgument));
        assert_eq!(metrics.increment(gauge, -1), Ok(()));
        assert_eq!(metrics.increment(histogram, 1), Err(Status::BadArgument));
        assert_eq!(metrics.get(histogram), Err(Status::BadArgument));
        assert_eq!(metrics.get(400), Err(Status::NotFound));
        assert_eq!(metrics.get(402), Err(Status::BadArgument));
        assert_eq!(metrics.increment(402, 1), Err(Status::BadArgument));
        assert_eq!(metrics.record(402, 1), Err(Status::NotFound));
        metrics.record(histogram, 7).unwrap();
        assert_eq!(metrics.shared.metric("h"), Some(MetricValue::Histogram(vec![7])));
    }
}
