//! The span of the caller, which the headers `traceparent` and `tracestate` of W3C Trace Context name.

use std::str::FromStr as _;

use http::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

const TRACE_PARENT: &str = "traceparent";
const TRACE_STATE: &str = "tracestate";
/// Length of a `traceparent` of version 00.
const LENGTH: usize = 55;
/// Maximum length of the state, in bytes: the shortest limit that the standard allows. Spans keep it while they wait.
const MAX_STATE: usize = 512;

/// Returns the span of the caller. `None` if the header is missing, malformed or repeated.
///
/// The propagator of the SDK also accepts shorter identifiers and signs before a number.
pub(super) fn parent(headers: &HeaderMap) -> Option<SpanContext> {
    let mut values = headers.get_all(TRACE_PARENT).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (trace, span, flags) = parse(value.trim())?;
    let context = SpanContext::new(trace, span, flags, true, state(headers));
    context.is_valid().then_some(context)
}

fn parse(value: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let version = value.get(..2).filter(|version| is_hex(version))?;
    // A later version may have more after another dash.
    let is_complete = match version {
        "ff" => false,
        "00" => value.len() == LENGTH,
        _ => value.len() == LENGTH || value.as_bytes().get(LENGTH) == Some(&b'-'),
    };
    let mut parts = value.get(..LENGTH).filter(|_| is_complete)?.split('-').skip(1);
    let mut part = |length| parts.next().filter(|part| part.len() == length && is_hex(part));
    let trace = TraceId::from_hex(part(32)?).ok()?;
    let span = SpanId::from_hex(part(16)?).ok()?;
    let flags = u8::from_str_radix(part(2)?, 16).ok()?;
    // Only the flag of sampling has a meaning for a child.
    Some((trace, span, TraceFlags::new(flags) & TraceFlags::SAMPLED))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn state(headers: &HeaderMap) -> TraceState {
    let mut values = headers.get_all(TRACE_STATE).iter();
    let state = values.next().and_then(|state| state.to_str().ok());
    let state = state.filter(|state| values.next().is_none() && state.len() <= MAX_STATE);
    // An invalid state does not make the parent invalid.
    state
        .and_then(|state| TraceState::from_str(state).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn is_joined(value: &str) -> bool {
        parent(&headers(&[(TRACE_PARENT, value)])).is_some()
    }

    #[test]
    fn valid_header_names_the_parent_and_its_flag() {
        let parent_of = |value: &str| parent(&headers(&[(TRACE_PARENT, value)])).unwrap();
        let parent = parent_of(VALID);
        assert_eq!(parent.trace_id().to_string(), VALID[3..35]);
        assert_eq!(parent.span_id().to_string(), VALID[36..52]);
        assert!(parent.is_sampled() && parent.is_remote());
        for (flags, is_sampled) in [("00", false), ("02", false), ("03", true), ("ff", true)] {
            let parent = parent_of(&format!("{}{flags}", &VALID[..53]));
            assert_eq!(parent.is_sampled(), is_sampled, "{flags}");
        }
    }

    #[test]
    fn malformed_header_has_no_effect() {
        assert!(is_joined(VALID));
        assert!(is_joined(&format!("  {VALID} ")));
        assert!(is_joined(&VALID.replacen("00", "cc", 1)));
        assert!(is_joined(&format!("{}-more", VALID.replacen("00", "cc", 1))));
        for malformed in [
            "",
            "-",
            "garbage",
            &VALID[..54],
            &format!("{VALID}0"),
            &format!("{VALID}-more"),
            &VALID.replacen("00", "ff", 1),
            &VALID.replacen("00", "+0", 1),
            &VALID.replacen("00", "0", 1),
            &format!("{}more", VALID.replacen("00", "cc", 1)),
            &VALID.to_uppercase(),
            &VALID.replace("4bf9", "+bf9"),
            &VALID.replace("4bf9", "xbf9"),
            &VALID.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &VALID.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &VALID.replace('-', "_"),
            &VALID.replace("4736-00", "47-36-0"),
        ] {
            assert!(!is_joined(malformed), "{malformed}");
        }
        let binary = http::HeaderValue::from_bytes(&[0xc3; 55]).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(TRACE_PARENT, binary);
        assert!(parent(&headers).is_none());
    }

    #[test]
    fn repeated_header_has_no_effect() {
        let twice = headers(&[(TRACE_PARENT, VALID), (TRACE_PARENT, VALID)]);
        assert!(parent(&twice).is_none());
    }

    #[test]
    fn state_is_kept_unless_it_is_long_or_invalid() {
        let state_with = |state: &str| {
            let headers = headers(&[(TRACE_PARENT, VALID), (TRACE_STATE, state)]);
            parent(&headers).unwrap().trace_state().header()
        };
        assert_eq!(state_with("vendor=1,other=2"), "vendor=1,other=2");
        assert_eq!(state_with("no pair"), "");
        assert_eq!(state_with(&format!("vendor={}", "x".repeat(MAX_STATE))), "");
    }
}
