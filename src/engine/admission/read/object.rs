//! The parts of an object that the webhook needs: its metadata, and the images of its Pod or Pod template.

use std::borrow::Cow;

use super::elements::{Element, ElementKind, Elements};
use super::job_template::JobTemplate;
use super::json::{Fields, Json, Malformed, Presence};

/// An object of any kind that may hold a Pod or a Pod template.
#[derive(Debug, Default)]
pub(in crate::admission) struct Object<'a> {
    pub(in crate::admission) has_metadata: Presence,
    pub(in crate::admission) metadata: Metadata<'a>,
    pub(in crate::admission) spec: Spec<'a>,
    /// `template`, of a PodTemplate.
    pub(in crate::admission) template: Option<Box<PodTemplate<'a>>>,
}

/// `spec` of an object of any kind.
#[derive(Debug, Default)]
pub(in crate::admission) struct Spec<'a> {
    /// `spec` itself, if the object is a Pod.
    pub(in crate::admission) pod: PodSpec<'a>,
    /// `spec.template`, of most kinds that create Pods. (A template is large, and at least two of its three places
    /// are empty, so each is boxed.)
    pub(in crate::admission) template: Option<Box<PodTemplate<'a>>>,
    /// `spec.jobTemplate.spec.template`, of a CronJob.
    pub(in crate::admission) job_template: Option<Box<PodTemplate<'a>>>,
}

/// The metadata of an object or of a Pod template.
#[derive(Debug, Default)]
pub(in crate::admission) struct Metadata<'a> {
    pub(in crate::admission) name: Option<Cow<'a, str>>,
    pub(in crate::admission) generate_name: Option<Cow<'a, str>>,
    pub(in crate::admission) has_labels: Presence,
    pub(in crate::admission) labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(in crate::admission) has_annotations: Presence,
    pub(in crate::admission) annotations: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The owner that controls the object. Kubernetes allows several owners, but at most one of them does.
    pub(in crate::admission) controller: Option<OwnerReference<'a>>,
    pub(in crate::admission) is_being_deleted: bool,
}

impl Metadata<'_> {
    /// Returns the value of a label.
    pub(in crate::admission) fn label(&self, key: &str) -> Option<&str> {
        value_of(&self.labels, key)
    }

    /// Returns the value of an annotation.
    pub(in crate::admission) fn annotation(&self, key: &str) -> Option<&str> {
        value_of(&self.annotations, key)
    }
}

/// Returns the value of a key. If the object repeats it, the last one counts, as for the API server.
fn value_of<'p>(pairs: &'p [(Cow<'_, str>, Cow<'_, str>)], key: &str) -> Option<&'p str> {
    let mut pairs = pairs.iter().rev();
    pairs
        .find(|(known, _)| known == key)
        .map(|(_, value)| value.as_ref())
}

#[derive(Debug, Default)]
pub(in crate::admission) struct OwnerReference<'a> {
    pub(in crate::admission) api_version: Option<Cow<'a, str>>,
    pub(in crate::admission) kind: Option<Cow<'a, str>>,
    pub(in crate::admission) name: Option<Cow<'a, str>>,
    pub(in crate::admission) uid: Option<Cow<'a, str>>,
    is_controller: bool,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct PodTemplate<'a> {
    pub(in crate::admission) metadata: Metadata<'a>,
    pub(in crate::admission) spec: PodSpec<'a>,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct PodSpec<'a> {
    pub(in crate::admission) containers: Elements<Container<'a>>,
    pub(in crate::admission) init_containers: Elements<Container<'a>>,
    pub(in crate::admission) ephemeral_containers: Elements<Container<'a>>,
    pub(in crate::admission) volumes: Elements<Volume<'a>>,
    /// Names of the pull secrets, up to [`MAX_PULL_SECRETS`]; `None` if there is no list of them.
    pub(in crate::admission) image_pull_secrets: Option<Vec<Cow<'a, str>>>,
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
    /// `image`, if it is an image volume.
    pub(in crate::admission) image: Option<ImageSource<'a>>,
}

#[derive(Debug, Default)]
pub(in crate::admission) struct ImageSource<'a> {
    pub(in crate::admission) reference: Option<Cow<'a, str>>,
}

#[derive(Debug, Default)]
struct PullSecret<'a> {
    name: Option<Cow<'a, str>>,
}

/// Maximum number of pull secrets of a Pod: far more than a real one has.
const MAX_PULL_SECRETS: usize = 10_000;

impl<'a> Element<'a> for Container<'a> {
    fn kind(&self) -> ElementKind {
        kind_of(self.image.as_deref())
    }
}

impl<'a> Element<'a> for Volume<'a> {
    fn kind(&self) -> ElementKind {
        match &self.image {
            Some(source) => kind_of(source.reference.as_deref()),
            None => ElementKind::Other,
        }
    }
}

fn kind_of(image: Option<&str>) -> ElementKind {
    match image {
        None | Some("") => ElementKind::NoImage,
        Some(_) => ElementKind::Image,
    }
}

impl<'a> Fields<'a> for Object<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "metadata" => {
                self.has_metadata = json.presence();
                json.fill(&mut self.metadata)?;
            }
            "spec" => json.fill(&mut self.spec)?,
            "template" => json.optional(&mut self.template)?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for Spec<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "template" => json.optional(&mut self.template)?,
            "jobTemplate" => self.job_template = JobTemplate::read(json)?,
            _ => self.pod.field(key, json)?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for PodTemplate<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "metadata" => json.fill(&mut self.metadata)?,
            "spec" => json.fill(&mut self.spec)?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for Metadata<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "name" => self.name = json.text()?,
            "generateName" => self.generate_name = json.text()?,
            "labels" => {
                self.has_labels = json.presence();
                self.labels = json.pairs()?;
            }
            "annotations" => {
                self.has_annotations = json.presence();
                self.annotations = json.pairs()?;
            }
            "ownerReferences" => {
                self.controller = None;
                json.each(|_, owner: OwnerReference<'a>| {
                    if owner.is_controller && self.controller.is_none() {
                        self.controller = Some(owner);
                    }
                })?;
            }
            "deletionTimestamp" => self.is_being_deleted = json.is_present()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for OwnerReference<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "apiVersion" => self.api_version = json.text()?,
            "kind" => self.kind = json.text()?,
            "name" => self.name = json.text()?,
            "uid" => self.uid = json.text()?,
            "controller" => self.is_controller = json.is_true()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for PodSpec<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "containers" => self.containers = Elements::read(json)?,
            "initContainers" => self.init_containers = Elements::read(json)?,
            "ephemeralContainers" => self.ephemeral_containers = Elements::read(json)?,
            "volumes" => self.volumes = Elements::read(json)?,
            "imagePullSecrets" => {
                let mut names = Vec::new();
                let is_list = json.each(|_, secret: PullSecret<'a>| {
                    names.extend(secret.name.filter(|_| names.len() < MAX_PULL_SECRETS));
                })?;
                self.image_pull_secrets = is_list.then_some(names);
            }
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for Container<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "name" => self.name = json.text()?,
            "image" => self.image = json.text()?,
            "restartPolicy" => {
                self.restarts_always = json.text()?.is_some_and(|policy| policy == "Always");
            }
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for Volume<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "name" => self.name = json.text()?,
            "image" => json.optional(&mut self.image)?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for ImageSource<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "reference" => self.reference = json.text()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for PullSecret<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "name" => self.name = json.text()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}
