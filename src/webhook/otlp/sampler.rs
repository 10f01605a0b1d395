//! The sampler of traces, which `OTEL_TRACES_SAMPLER` names.

use opentelemetry_sdk::trace::Sampler;

use super::variables::{Variable, Variables};

const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
/// The names of the samplers.
const NAMES: &str = "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio";

/// Returns the sampler. The SDK reads the variables too, but is silent about invalid ones.
pub(super) fn sampler(variables: &Variables<'_>) -> Sampler {
    let parent_based = |root| Sampler::ParentBased(Box::new(root));
    let Some(Variable { name, value }) = variables.get(SAMPLER) else {
        return parent_based(Sampler::AlwaysOn);
    };
    match value.to_ascii_lowercase().as_str() {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => Sampler::TraceIdRatioBased(ratio(variables)),
        "parentbased_always_on" => parent_based(Sampler::AlwaysOn),
        "parentbased_always_off" => parent_based(Sampler::AlwaysOff),
        "parentbased_traceidratio" => parent_based(Sampler::TraceIdRatioBased(ratio(variables))),
        _ => {
            variables.ignore(
                &name,
                format_args!("unknown sampler `{value}`; the sampler is parentbased_always_on; use {NAMES}"),
            );
            parent_based(Sampler::AlwaysOn)
        }
    }
}

fn ratio(variables: &Variables<'_>) -> f64 {
    let Some(Variable { name, value }) = variables.get(ARGUMENT) else {
        return 1.0;
    };
    match value.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
        _ => {
            variables.ignore(
                &name,
                format_args!("`{value}` is not a number from 0 to 1; the ratio is 1"),
            );
            1.0
        }
    }
}
