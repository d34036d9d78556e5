//! Decides by Istio authorization and peer authentication policies.
