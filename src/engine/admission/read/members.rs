//! A JSON object of texts.

use std::collections::BTreeMap;

/// The members of a JSON object whose values are texts, sorted, so that the order in which they are added makes no difference.
#[derive(Debug, Default)]
pub(in crate::admission) struct JsonMembers(BTreeMap<String, String>);

impl JsonMembers {
    /// Reads a text. `None` if it is not a JSON object whose values are texts. The members take about twenty times as much
    /// memory as the text.
    pub(in crate::admission) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    pub(in crate::admission) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the number of bytes by which a new member makes the text longer.
    pub(in crate::admission) fn added_length(&self, name: &str, text: &str) -> usize {
        // A colon, and a comma after another member.
        let separators = 1 + usize::from(!self.0.is_empty());
        let [name, text] = [name, text].map(|text| serde_json::to_string(text).map_or(0, |json| json.len()));
        name + text + separators
    }

    pub(in crate::admission) fn add(&mut self, name: String, text: &str) {
        self.0.insert(name, text.to_owned());
    }

    /// Returns the text of the object.
    pub(in crate::admission) fn to_json(&self) -> String {
        // Such a map always has a JSON form.
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}
