//! `jobTemplate` of a CronJob, whose `spec` has the Pod template.

use super::json::{Fields, Json, Malformed};

/// A Job template, of which only the Pod template matters.
#[derive(Debug, Default)]
pub(super) struct JobTemplate<T> {
    spec: JobSpec<T>,
}

#[derive(Debug, Default)]
struct JobSpec<T> {
    template: Option<T>,
}

impl<T> JobTemplate<T> {
    /// Reads the Pod template of a Job template. `None` if it has none.
    pub(super) fn read<'a>(json: &mut Json<'a>) -> Result<Option<T>, Malformed>
    where
        T: Fields<'a>,
    {
        let mut job = Self::default();
        json.fill(&mut job)?;
        Ok(job.spec.template)
    }
}

impl<'a, T: Fields<'a>> Fields<'a> for JobTemplate<T> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "spec" => json.fill(&mut self.spec)?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a, T: Fields<'a>> Fields<'a> for JobSpec<T> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "template" => json.optional(&mut self.template)?,
            _ => json.skip()?,
        }
        Ok(())
    }
}
