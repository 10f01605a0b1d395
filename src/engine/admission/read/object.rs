//! What is wanted of an object: its metadata, and the images of its Pod or Pod template.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::lenient::{self, Fields, Flag, List, Pairs, Present, Text, skip};

/// An object of any kind that may hold a Pod or a Pod template.
#[derive(Debug, Default)]
pub(in crate::admission) struct Object<'a> {
    pub(in crate::admission) metadata: Metadata<'a>,
    /// `spec` itself, where the object is a Pod.
    pub(in crate::admission) pod: PodSpec<'a>,
    /// `spec.template`, of most kinds that make Pods.
    pub(in crate::admission) template: Option<PodTemplate<'a>>,
    /// `spec.jobTemplate.spec.template`, of a CronJob.
    pub(in crate::admission) job_template: Option<PodTemplate<'a>>,
    /// `template`, of a PodTemplate.
    pub(in crate::admission) bare_template: Option<PodTemplate<'a>>,
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

/// `spec` of an object, as what it may be.
#[derive(Default)]
struct Spec<'a> {
    pod: PodSpec<'a>,
    template: Option<PodTemplate<'a>>,
    job_template: Option<PodTemplate<'a>>,
}

impl<'de> Fields<'de> for Object<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "metadata" => self.metadata = map.next_value::<lenient::Object<_>>()?.0.unwrap_or_default(),
            "spec" => {
                let spec: Spec<'_> = map.next_value::<lenient::Object<_>>()?.0.unwrap_or_default();
                (self.pod, self.template, self.job_template) = (spec.pod, spec.template, spec.job_template);
            }
            "template" => self.bare_template = map.next_value::<lenient::Object<_>>()?.0,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Spec<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "template" => self.template = map.next_value::<lenient::Object<_>>()?.0,
            "jobTemplate" => {
                let job: Option<JobTemplate<'_>> = map.next_value::<lenient::Object<_>>()?.0;
                self.job_template = job.and_then(|job| job.spec).and_then(|spec| spec.template);
            }
            _ => self.pod.field(key, map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct JobTemplate<'a> {
    spec: Option<JobSpec<'a>>,
}

impl<'de> Fields<'de> for JobTemplate<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "spec" => self.spec = map.next_value::<lenient::Object<_>>()?.0,
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct JobSpec<'a> {
    template: Option<PodTemplate<'a>>,
}

impl<'de> Fields<'de> for JobSpec<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "template" => self.template = map.next_value::<lenient::Object<_>>()?.0,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for PodTemplate<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "metadata" => self.metadata = map.next_value::<lenient::Object<_>>()?.0.unwrap_or_default(),
            "spec" => self.spec = map.next_value::<lenient::Object<_>>()?.0.unwrap_or_default(),
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
            "image" => self.image = map.next_value::<lenient::Object<_>>()?.0,
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
