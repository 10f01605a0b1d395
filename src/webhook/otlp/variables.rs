//! The standard variables of OpenTelemetry, and the problems in them. No problem ends the process.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use imageswap_engine::label;
use percent_encoding::percent_decode_str;

/// The kind of data that is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Spans of requests.
    Traces,
    /// The metrics of `/metrics`.
    Metrics,
}

label!(Signal {
    Traces => "traces",
    Metrics => "metrics",
});

/// The effect of a problem in a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The variable, or the named part of it, has no effect.
    Ignored,
    /// The signal is not exported.
    NotExported(Signal),
}

/// A problem in a variable. It never has the value of a variable that may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) variable: String,
    pub(super) text: String,
    pub(super) effect: Effect,
}

impl Problem {
    /// Logs the problem.
    pub(super) fn log(&self) {
        let Self {
            variable,
            text: problem,
            effect,
        } = self;
        match effect {
            Effect::Ignored => tracing::warn!(variable, problem, "variable ignored"),
            Effect::NotExported(Signal::Traces) => {
                tracing::warn!(variable, problem, "traces are not exported");
            }
            Effect::NotExported(Signal::Metrics) => {
                tracing::warn!(variable, problem, "metrics are not exported");
            }
        }
    }
}

/// Reads variables, and collects the problems in them.
pub(super) struct Variables<'v> {
    read: &'v dyn Fn(&str) -> Option<OsString>,
    problems: RefCell<Vec<Problem>>,
}

/// A variable that is set, with its value.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
}

impl<'v> Variables<'v> {
    /// Returns the variables that `read` returns by their names.
    pub(super) fn new(read: &'v dyn Fn(&str) -> Option<OsString>) -> Self {
        Self {
            read,
            problems: RefCell::default(),
        }
    }

    /// Returns a variable. The specification treats an empty one like one that is not set.
    pub(super) fn get(&self, name: &str) -> Option<Variable> {
        match (self.read)(name)?.into_string() {
            Ok(value) => {
                let value = value.trim();
                (!value.is_empty()).then(|| Variable {
                    name: name.to_owned(),
                    value: value.to_owned(),
                })
            }
            Err(_) => {
                self.ignore(name, "it is not UTF-8");
                None
            }
        }
    }

    /// Returns the variable `OTEL_EXPORTER_OTLP_*` of a signal, else that of all signals.
    pub(super) fn of_signal(&self, signal: Signal, name: &str) -> Option<Variable> {
        let of_signal = match signal {
            Signal::Traces => format!("OTEL_EXPORTER_OTLP_TRACES_{name}"),
            Signal::Metrics => format!("OTEL_EXPORTER_OTLP_METRICS_{name}"),
        };
        self.get(&of_signal)
            .or_else(|| self.get(&format!("OTEL_EXPORTER_OTLP_{name}")))
    }

    /// Records a variable, or a part of one, that has no effect.
    pub(super) fn ignore(&self, name: &str, problem: impl fmt::Display) {
        self.report(name, problem, Effect::Ignored);
    }

    /// Records a problem.
    pub(super) fn report(&self, name: &str, problem: impl fmt::Display, effect: Effect) {
        let problem = Problem {
            variable: name.to_owned(),
            text: problem.to_string(),
            effect,
        };
        let mut problems = self.problems.borrow_mut();
        // Both signals read the general variables.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Returns a number, or a default value.
    pub(super) fn number(&self, variable: Option<Variable>, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(Variable { name, value }) = variable else {
            return default;
        };
        match value.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (start, end) = range.into_inner();
                self.ignore(
                    &name,
                    format_args!("`{value}` is not a number from {start} to {end}; the value is {default}"),
                );
                default
            }
        }
    }

    /// Returns a duration in milliseconds, or a default value.
    pub(super) fn millis(&self, variable: Option<Variable>, default: u64) -> Duration {
        /// A day: longer ones are mistakes, and must not overflow when they are added to the current time.
        const LONGEST: u64 = 86_400_000;
        Duration::from_millis(self.number(variable, default, 1..=LONGEST))
    }

    /// Returns the pairs of a list `key=value,key=value`, whose values are percent-encoded. Names no value of a pair in a
    /// problem, because headers are secrets.
    pub(super) fn pairs(&self, variable: Option<&Variable>) -> Vec<(String, String)> {
        let Some(Variable { name, value }) = variable else {
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for (index, pair) in value.split(',').enumerate() {
            let pair = pair.trim();
            if pair.is_empty() {
                continue;
            }
            let number = index + 1;
            let decoded = pair.split_once('=').map(|(key, value)| {
                let value = percent_decode_str(value.trim()).decode_utf8();
                (key.trim(), value)
            });
            match decoded {
                Some((key, Ok(value))) if !key.is_empty() => {
                    pairs.push((key.to_owned(), value.into_owned()));
                }
                Some((_, Err(_))) => {
                    self.ignore(name, format_args!("the value of entry {number} is not UTF-8"))
                }
                _ => self.ignore(name, format_args!("entry {number} is not `key=value`")),
            }
        }
        pairs
    }

    /// Reports a variable whose only supported value is another one.
    pub(super) fn supports_only(&self, name: &str, supported: &str) {
        if let Some(Variable { name, value }) = self.get(name)
            && !value.eq_ignore_ascii_case(supported)
        {
            self.ignore(
                &name,
                format_args!("`{value}` is not supported; only {supported} is"),
            );
        }
    }

    /// Returns the problems.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}
