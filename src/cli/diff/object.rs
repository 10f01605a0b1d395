//! Differences as JSON objects. The names of the fields change only with a major version.

use std::borrow::Cow;
use std::collections::BTreeMap;

use imageswap_engine::context::{ContextValue, Setting, Subject};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::cli::report::Decided;

/// Image that gets another result.
#[derive(Serialize)]
pub(super) struct ImageObject<'a> {
    pub(super) kind: &'static str,
    pub(super) image: &'a str,
    pub(super) setting: SettingObject<'a>,
    pub(super) given: bool,
    pub(super) object: Option<&'a str>,
    pub(super) cause: Option<Cow<'a, str>>,
    pub(super) old: Decided<'a>,
    pub(super) new: Decided<'a>,
}

/// Context of an image: a field for each value that conditions read.
pub(super) struct SettingObject<'a>(pub(super) &'a Setting);

/// Rule that was added, removed or changed.
#[derive(Serialize)]
pub(super) struct RuleObject<'a> {
    pub(super) kind: &'static str,
    pub(super) change: &'static str,
    pub(super) moved: bool,
    pub(super) images: usize,
    pub(super) given: usize,
    pub(super) old: Option<RuleSide<'a>>,
    pub(super) new: Option<RuleSide<'a>>,
}

/// Rule of one of the sets.
#[derive(Serialize)]
pub(super) struct RuleSide<'a> {
    pub(super) rule: Cow<'a, str>,
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) text: String,
}

impl Serialize for SettingObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let context = self.0.context();
        let mut object = serializer.serialize_map(None)?;
        for subject in Subject::ALL {
            let name = subject.as_str();
            match subject.value(&context) {
                ContextValue::Text(text) => object.serialize_entry(name, &text)?,
                ContextValue::Owner(owner) => {
                    object.serialize_entry(name, &owner.map(|owner| owner.to_string()))?;
                }
                ContextValue::Pairs(pairs) => {
                    let pairs: BTreeMap<_, _> = pairs.iter().map(|(key, value)| (key, value)).collect();
                    object.serialize_entry(&format!("{name}s"), &pairs)?;
                }
                ContextValue::OfImage => {}
            }
        }
        object.end()
    }
}
