//! The real binary, over real connections.

/// Prints a figure, also if the test passes.
macro_rules! tell {
    ($($what:tt)*) => {
        std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{}\n", format_args!($($what)*))).unwrap()
    };
}

/// Program under test.
const IMAGESWAP: &str = env!("CARGO_BIN_EXE_imageswap");

use std::collections::BTreeMap;

mod answers;
mod bad_input;
mod break_glass;
mod candidate;
mod certificate;
mod conformance;
mod connection_limit;
mod connections;
mod drop_in;
mod emptied;
mod evaluation;
mod expiry;
mod fatal;
mod fights;
mod floods;
mod handshakes;
mod limits;
mod load;
mod log;
mod log_fields;
mod log_level;
mod memory;
mod metrics;
mod open_files;
mod originals;
mod otlp;
mod page;
mod readme;
mod reload;
mod review_log;
mod rules;
mod rules_answers;
mod rules_load;
mod rules_metrics;
mod rules_reload;
mod rules_volume;
mod shutdown;
mod traces;
mod validate;
mod validate_limits;
mod volumes;

/// Returns the expected series of a metric with a single label.
fn series<const N: usize>(counts: [(&str, f64); N]) -> BTreeMap<String, f64> {
    counts
        .into_iter()
        .map(|(value, count)| (value.to_owned(), count))
        .collect()
}
