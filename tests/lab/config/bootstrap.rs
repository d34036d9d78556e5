//! The bootstrap of an Envoy: its node, its listeners and the clusters behind them.

use std::path::Path;

use serde_json::{Value, json};

use super::{Cluster, Listener};

/// The configuration of one Envoy.
#[derive(Debug, Clone, Default)]
pub struct Bootstrap {
    node: Node,
    listeners: Vec<Listener>,
    clusters: Vec<Cluster>,
}

/// The node; `metadata` is what Istio's bootstrap would write, such as `{"NAMESPACE": "shop"}`.
#[derive(Debug, Clone)]
pub struct Node {
    /// The node's id.
    pub id: String,
    /// The node's service cluster.
    pub cluster: String,
    /// The node's metadata.
    pub metadata: Value,
}

// === impl Bootstrap ===

impl Bootstrap {
    /// An Envoy without listeners.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a listener, with the cluster behind it.
    pub fn listener(mut self, listener: Listener) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Adds a cluster, beside those behind the listeners.
    pub fn cluster(mut self, cluster: Cluster) -> Self {
        self.clusters.push(cluster);
        self
    }

    /// Sets the node's metadata.
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.node.metadata = metadata;
        self
    }

    /// The names of the listeners.
    pub fn listeners(&self) -> impl Iterator<Item = &str> {
        self.listeners.iter().map(|listener| listener.name.as_str())
    }

    /// The configuration for Envoy, with the access log in this file.
    pub fn render(&self, access_log: &Path) -> Value {
        let listeners: Vec<Value> = self
            .listeners
            .iter()
            .map(|listener| listener.render(access_log))
            .collect();
        let behind = self.listeners.iter().map(Listener::cluster);
        let clusters: Vec<Value> = behind
            .chain(self.clusters.clone())
            .map(|cluster| cluster.render())
            .collect();
        json!({
            "node": {"id": self.node.id, "cluster": self.node.cluster, "metadata": self.node.metadata},
            "static_resources": {"listeners": listeners, "clusters": clusters},
        })
    }
}

// === impl Node ===

impl Default for Node {
    fn default() -> Self {
        Self {
            id: "peerwarden-lab".to_owned(),
            cluster: "peerwarden-lab".to_owned(),
            metadata: json!({}),
        }
    }
}
