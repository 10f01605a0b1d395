//! The parts of a workload that break glass needs: labels, and which members on the way to them exist.

use std::borrow::Cow;

use super::job_template::JobTemplate;
use super::json::{Fields, Json, Malformed, Presence};
use super::object::Metadata;

/// A workload.
#[derive(Debug, Default)]
pub(in crate::admission) struct WorkloadObject<'a> {
    pub(in crate::admission) metadata: Metadata<'a>,
    pub(in crate::admission) spec: WorkloadSpec<'a>,
}

/// `spec` of a workload.
#[derive(Debug, Default)]
pub(in crate::admission) struct WorkloadSpec<'a> {
    /// Keys of the labels in `selector`.
    pub(in crate::admission) selected: Vec<Cow<'a, str>>,
    /// `template`, if it is an object.
    pub(in crate::admission) template: Option<LabeledTemplate<'a>>,
    /// `jobTemplate.spec.template` of a CronJob, if it is an object.
    pub(in crate::admission) job_template: Option<LabeledTemplate<'a>>,
}

/// A Pod template.
#[derive(Debug, Default)]
pub(in crate::admission) struct LabeledTemplate<'a> {
    pub(in crate::admission) has_metadata: Presence,
    pub(in crate::admission) metadata: Metadata<'a>,
}

impl<'a> Fields<'a> for WorkloadObject<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "metadata" => json.fill(&mut self.metadata)?,
            "spec" => json.fill(&mut self.spec)?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for WorkloadSpec<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "selector" => {
                let mut selector = Selector::default();
                json.fill(&mut selector)?;
                let labels = selector.match_labels.into_iter().map(|(key, _)| key);
                self.selected = labels.chain(selector.match_expressions).collect();
            }
            "template" => json.optional(&mut self.template)?,
            "jobTemplate" => self.job_template = JobTemplate::read(json)?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for LabeledTemplate<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "metadata" => {
                self.has_metadata = json.presence();
                json.fill(&mut self.metadata)?;
            }
            _ => json.skip()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Selector<'a> {
    match_labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    match_expressions: Vec<Cow<'a, str>>,
}

/// Maximum number of expressions of a selector: far more than a real one has.
const MAX_EXPRESSIONS: usize = 10_000;

impl<'a> Fields<'a> for Selector<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "matchLabels" => self.match_labels = json.pairs()?,
            "matchExpressions" => {
                let mut keys = Vec::new();
                json.each(|_, expression: SelectorExpression<'a>| {
                    keys.extend(expression.key.filter(|_| keys.len() < MAX_EXPRESSIONS));
                })?;
                self.match_expressions = keys;
            }
            _ => json.skip()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct SelectorExpression<'a> {
    key: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> for SelectorExpression<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "key" => self.key = json.text()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}
