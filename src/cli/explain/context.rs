//! The object and the request that an image is supposed to come with.

use std::borrow::Cow;

use clap::{Args, ValueEnum};
use imageswap_engine::context::{Context, Operation, Owner, Place};
use serde_json::{Value, json};

/// The options about what an object itself says.
pub(super) const OF_AN_OBJECT: [&str; 6] = ["labels", "annotations", "owner", "container", "place", "kind"];

#[derive(Args, Debug)]
#[command(next_help_heading = "Context")]
pub(super) struct ContextOptions {
    /// The object's namespace [default: default]
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// A label of the Pod; again for more
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = pair)]
    labels: Vec<(String, String)>,
    /// An annotation of the Pod; again for more
    #[arg(long = "annotation", value_name = "KEY=VALUE", value_parser = pair)]
    annotations: Vec<(String, String)>,
    /// The controller that owns the object
    #[arg(long, value_name = "KIND.GROUP")]
    owner: Option<String>,
    /// The name of the container
    #[arg(long, value_name = "NAME", default_value = "main")]
    container: String,
    /// Where in the Pod the image stands
    #[arg(long, value_enum, value_name = "PLACE", default_value = "main")]
    place: PlaceOption,
    /// The kind of the object
    #[arg(long, value_name = "KIND", default_value = "Pod")]
    kind: String,
    /// What is being done to the object
    #[arg(long, value_enum, value_name = "OPERATION", default_value = "create")]
    operation: OperationOption,
    /// Who does it
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The entry of the webhook configuration that called
    #[arg(long, value_name = "NAME")]
    hook: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PlaceOption {
    Main,
    Init,
    Sidecar,
    Ephemeral,
    Volume,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OperationOption {
    Create,
    Update,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("KEY=VALUE is expected".to_owned()),
    }
}

/// Labels and annotations, as the engine has them.
type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

fn pairs(given: &[(String, String)]) -> Pairs<'_> {
    given
        .iter()
        .map(|(key, value)| (Cow::Borrowed(key.as_str()), Cow::Borrowed(value.as_str())))
        .collect()
}

impl ContextOptions {
    /// What the options say, with the defaults of a test for what they don't.
    pub(super) fn context(&self) -> Context<'_> {
        Context {
            namespace: Some(self.namespace.as_deref().unwrap_or("default")),
            // Once for a run of the command.
            labels: pairs(&self.labels).leak(),
            annotations: pairs(&self.annotations).leak(),
            owner: self.owner.as_deref().map(|owner| {
                let (kind, group) = owner.split_once('.').unwrap_or((owner, ""));
                Owner { kind, group }
            }),
            container: Some(&self.container),
            place: match self.place {
                PlaceOption::Main => Place::Main,
                PlaceOption::Init => Place::Init,
                PlaceOption::Sidecar => Place::Sidecar,
                PlaceOption::Ephemeral => Place::Ephemeral,
                PlaceOption::Volume => Place::Volume,
            },
            kind: Some(&self.kind),
            operation: Some(match self.operation {
                OperationOption::Create => Operation::Create,
                OperationOption::Update => Operation::Update,
            }),
            user: self.user.as_deref(),
            hook: self.hook.as_deref(),
        }
    }

    pub(super) fn hook(&self) -> Option<&str> {
        self.hook.as_deref()
    }

    /// What the options say of the request that an object comes with.
    pub(super) fn as_request(&self) -> AsRequest<'_> {
        AsRequest {
            namespace: self.namespace.as_deref().unwrap_or("default"),
            operation: match self.operation {
                OperationOption::Create => "CREATE",
                OperationOption::Update => "UPDATE",
            },
            user: self.user.as_deref(),
        }
    }
}

/// What the request is supposed to say that an object comes with.
pub(in crate::cli) struct AsRequest<'a> {
    /// Of objects that name none.
    namespace: &'a str,
    operation: &'static str,
    user: Option<&'a str>,
}

impl Default for AsRequest<'_> {
    fn default() -> Self {
        Self {
            namespace: "default",
            operation: "CREATE",
            user: None,
        }
    }
}

/// The review that an API server would send of an object.
pub(in crate::cli) fn review_of(object: &Value, request: &AsRequest<'_>) -> Value {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let metadata = &object["metadata"];
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "explain",
            "kind": {"group": group, "version": version, "kind": object["kind"]},
            "name": metadata["name"],
            "namespace": metadata["namespace"].as_str().unwrap_or(request.namespace),
            "operation": request.operation,
            "userInfo": {"username": request.user},
            "object": object,
        }
    })
}

/// What an object is called: `Deployment shop/web`.
pub(in crate::cli) fn name_of(object: &Value) -> String {
    let kind = object["kind"].as_str().unwrap_or("object");
    let metadata = &object["metadata"];
    let name = metadata["name"]
        .as_str()
        .or(metadata["generateName"].as_str())
        .unwrap_or("without a name");
    match metadata["namespace"].as_str() {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}
