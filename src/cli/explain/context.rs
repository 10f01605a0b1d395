//! The object and the request that an image is supposed to come with.

use std::borrow::Cow;

use clap::{Args, ValueEnum};
use imageswap_engine::context::{Context, Operation, Owner, Place};

use crate::cli::input::AsRequest;

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
