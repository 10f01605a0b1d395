//! The parts of a ConfigMap that the webhook needs.

use std::borrow::Cow;

use super::json::{Fields, Json, Malformed};
use super::object::Metadata;

/// A ConfigMap.
#[derive(Debug, Default)]
pub(in crate::admission) struct ConfigMapObject<'a> {
    pub(in crate::admission) metadata: Metadata<'a>,
    /// Keys of `data` with their texts.
    pub(in crate::admission) data: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Keys of `binaryData` with their bytes in base64.
    pub(in crate::admission) binary_data: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Fields<'a> for ConfigMapObject<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "metadata" => json.fill(&mut self.metadata)?,
            "data" => self.data = json.pairs()?,
            "binaryData" => self.binary_data = json.pairs()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}
