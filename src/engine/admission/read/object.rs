//! What is wanted of an object: its metadata, and the images of its Pod or Pod template.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::lenient::{Fields, Flag, List, Pairs, Present, Text, fill, fill_option, skip};

/// An object of any kind that may hold a Pod or a Pod template.
#[derive(Debug, Default)]
pub(in crate::admission) struct Object<'a> {
    pub(in crate::admission) metadata: Metadata<'a>,
    pub(in crate::admission) spec: Spec<'a>,
    /// `template`, of a PodTemplate.
    pub(in crate::admission) template: Option<Box<PodTemplate<'a>>>,
}

/// `spec` of an object, as whatever it may be.
#[derive(Debug, Default)]
pub(in crate::admission) struct Spec<'a> {
    /// `spec` itself, where the object is a Pod.
    pub(in crate::admission) pod: PodSpec<'a>,
    /// `spec.template`, of most kinds that make Pods. (A template is large, and of the three places for one, two
    /// are empty at the least.)
    pub(in crate::admission) template: Option<Box<PodTemplate<'a>>>,
    /// `spec.jobTemplate.spec.template`, of a CronJob.
    pub(in crate::admission) job_template: Option<Box<PodTemplate<'a>>>,
}

/// The metadata of an object or of a Pod template.
#[derive(Debug, Default)]
pub(in crate::admission) struct Metadata<'a> {
    pub(in crate::admission) name: Option<Cow<'a, str>>,
    pub(in crate::admission) generate_name: Option<Cow<'a, str>>,
    pub(in crate::admission) labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(in crate::admission) annotations: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(in crate::admission) owners: Vec<OwnerReference<'a>>,
    pub(in crate::admission) is_being_deleted: bool,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct OwnerReference<'a> {
    pub(in crate::admission) api_version: Option<Cow<'a, str>>,
    pub(in crate::admission) kind: Option<Cow<'a, str>>,
    pub(in crate::admission) is_controller: bool,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct PodTemplate<'a> {
    pub(in crate::admission) metadata: Metadata<'a>,
    pub(in crate::admission) spec: PodSpec<'a>,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct PodSpec<'a> {
    pub(in crate::admission) containers: Vec<Container<'a>>,
    pub(in crate::admission) init_containers: Vec<Container<'a>>,
    pub(in crate::admission) ephemeral_containers: Vec<Container<'a>>,
    pub(in crate::admission) volumes: Vec<Volume<'a>>,
    /// The names of the pull secrets; `None` where there is no list of them.
    pub(in crate::admission) image_pull_secrets: Option<Vec<PullSecret<'a>>>,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct Container<'a> {
    pub(in crate::admission) name: Option<Cow<'a, str>>,
    pub(in crate::admission) image: Option<Cow<'a, str>>,
    pub(in crate::admission) restarts_always: bool,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct Volume<'a> {
    pub(in crate::admission) name: Option<Cow<'a, str>>,
    /// `image`, where it is an image volume.
    pub(in crate::admission) image: Option<ImageSource<'a>>,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct ImageSource<'a> {
    pub(in crate::admission) reference: Option<Cow<'a, str>>,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct PullSecret<'a> {
    pub(in crate::admission) name: Option<Cow<'a, str>>,
}

impl<'de> Fields<'de> for Object<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "metadata" => fill(&mut self.metadata, map)?,
            "spec" => fill(&mut self.spec, map)?,
            "template" => fill_option(&mut self.template, map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Spec<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "template" => fill_option(&mut self.template, map)?,
            "jobTemplate" => {
                let mut job = JobTemplate::default();
                fill(&mut job, map)?;
                self.job_template = job.spec.template;
            }
            _ => self.pod.field(key, map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct JobTemplate<'a> {
    spec: JobSpec<'a>,
}

impl<'de> Fields<'de> for JobTemplate<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "spec" => fill(&mut self.spec, map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct JobSpec<'a> {
    template: Option<Box<PodTemplate<'a>>>,
}

impl<'de> Fields<'de> for JobSpec<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "template" => fill_option(&mut self.template, map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for PodTemplate<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "metadata" => fill(&mut self.metadata, map)?,
            "spec" => fill(&mut self.spec, map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Metadata<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = map.next_value::<Text<'_>>()?.0,
            "generateName" => self.generate_name = map.next_value::<Text<'_>>()?.0,
            "labels" => self.labels = map.next_value::<Pairs<'_>>()?.0,
            "annotations" => self.annotations = map.next_value::<Pairs<'_>>()?.0,
            "ownerReferences" => self.owners = map.next_value::<List<_>>()?.0,
            "deletionTimestamp" => self.is_being_deleted = map.next_value::<Present>()?.0,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for OwnerReference<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "apiVersion" => self.api_version = map.next_value::<Text<'_>>()?.0,
            "kind" => self.kind = map.next_value::<Text<'_>>()?.0,
            "controller" => self.is_controller = map.next_value::<Flag>()?.0,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for PodSpec<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "containers" => self.containers = map.next_value::<List<_>>()?.0,
            "initContainers" => self.init_containers = map.next_value::<List<_>>()?.0,
            "ephemeralContainers" => self.ephemeral_containers = map.next_value::<List<_>>()?.0,
            "volumes" => self.volumes = map.next_value::<List<_>>()?.0,
            "imagePullSecrets" => {
                self.image_pull_secrets = map.next_value::<Option<List<_>>>()?.map(|secrets| secrets.0);
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Container<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = map.next_value::<Text<'_>>()?.0,
            "image" => self.image = map.next_value::<Text<'_>>()?.0,
            "restartPolicy" => {
                self.restarts_always = map
                    .next_value::<Text<'_>>()?
                    .0
                    .is_some_and(|policy| policy == "Always");
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Volume<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = map.next_value::<Text<'_>>()?.0,
            "image" => fill_option(&mut self.image, map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for ImageSource<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "reference" => self.reference = map.next_value::<Text<'_>>()?.0,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for PullSecret<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = map.next_value::<Text<'_>>()?.0,
            _ => skip(map)?,
        }
        Ok(())
    }
}
