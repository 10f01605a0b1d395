//! The resource of all exported data: the attributes that identify this process.

use std::collections::BTreeMap;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator};

use super::variables::Variables;

/// The Pod of this process.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    /// Its name, if it is known.
    pub(crate) name: Option<String>,
    /// Its namespace.
    pub(crate) namespace: String,
}

/// Returns the resource. Attributes of the variables replace those of the program.
pub(super) fn resource(variables: &Variables<'_>, pod: Pod) -> Resource {
    let mut attributes = BTreeMap::from([
        ("service.name".to_owned(), "imageswap".to_owned()),
        ("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    // Without it, the metrics of two replicas would be the same series.
    let instance = match pod.name {
        Some(name) => {
            attributes.insert("k8s.pod.name".to_owned(), name.clone());
            attributes.insert("k8s.namespace.name".to_owned(), pod.namespace);
            name
        }
        None => RandomIdGenerator::default().new_trace_id().to_string(),
    };
    attributes.insert("service.instance.id".to_owned(), instance);
    let given = variables.get("OTEL_RESOURCE_ATTRIBUTES");
    attributes.extend(variables.pairs(given.as_ref()));
    if let Some(name) = variables.get("OTEL_SERVICE_NAME") {
        attributes.insert("service.name".to_owned(), name.value);
    }
    let attributes = attributes.into_iter();
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(attributes.map(|(key, value)| KeyValue::new(key, value)))
        .build()
}
