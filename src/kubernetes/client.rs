//! The client of the API server.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use kube::api::{Patch, PatchParams, PostParams};
use kube::client::ClientBuilder;
use kube::core::DynamicObject;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, watch_object};
use kube::{Api, Client, Config};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::timeout;
use tower::util::MapResponseLayer;

use super::clock::ServerClock;
use super::error::{ApiError, ApiProblem, causes};
use super::object::Object;
use super::settings::Names;

/// The name by which the API server records what the webhook has written.
pub(super) const FIELD_MANAGER: &str = "imageswap";
/// Maximum time for a request. Without one, a hanging API server would stop a task for ever.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time without a byte on a connection. A watch ends after 290 s.
const READ_TIMEOUT: Duration = Duration::from_secs(300);
/// The token of the ServiceAccount, in the directory in which every cluster mounts it.
const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Returns true if the process runs in a Pod that has access to the API server.
pub(crate) fn is_in_cluster() -> bool {
    std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() && Path::new(TOKEN).exists()
}

/// A client for the objects of the installation.
pub(super) struct ObjectClient {
    names: Names,
    config: Config,
    clock: Arc<ServerClock>,
    /// Made at the first request, because it needs a runtime.
    client: OnceLock<Client>,
}

impl ObjectClient {
    /// Returns a client that uses the ServiceAccount of the Pod. It makes no request yet.
    ///
    /// # Errors
    ///
    /// Returns the causes if the address of the API server, the token or the CA is missing or cannot be read.
    pub(super) fn in_cluster(names: Names) -> Result<Self, String> {
        // It never uses a proxy, so `HTTPS_PROXY` cannot lead requests for the API server out of the cluster.
        let mut config = Config::incluster().map_err(|error| causes(&error))?;
        // Each task has a pace of its own, and hidden retries would use up the time of its requests.
        config.default_retry = false;
        // Requests have a timeout of their own, but not the list and the first answer of a watch. The API server ends a
        // watch before that.
        config.read_timeout = Some(READ_TIMEOUT);
        config.reset_reader_on_write = true;
        Ok(Self {
            names,
            config,
            clock: Arc::default(),
            client: OnceLock::new(),
        })
    }

    /// Returns the names of the objects.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Returns the time of the API server.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Returns the clock of the API server.
    pub(super) fn clock(&self) -> &ServerClock {
        &self.clock
    }

    /// Returns an object, or `None` if it does not exist.
    pub(super) async fn get(&self, object: Object) -> Result<Option<DynamicObject>, ApiError> {
        self.get_named(object, object.name(&self.names)).await
    }

    /// Returns an object of a name that the settings do not have, or `None` if it does not exist.
    pub(super) async fn get_named(
        &self,
        object: Object,
        name: &str,
    ) -> Result<Option<DynamicObject>, ApiError> {
        self.request("get", object, name, async |api| api.get_opt(name).await)
            .await
    }

    /// Creates an object. One that exists is a conflict. `fields` has neither `apiVersion` nor `kind`.
    pub(super) async fn create(&self, object: Object, fields: Value) -> Result<(), ApiError> {
        self.create_named(object, object.name(&self.names), fields).await
    }

    /// Creates an object of a name that the settings do not have. One that exists is a conflict. `fields` has neither
    /// `apiVersion` nor `kind`.
    pub(super) async fn create_named(
        &self,
        object: Object,
        name: &str,
        fields: Value,
    ) -> Result<(), ApiError> {
        let new: DynamicObject = serde_json::from_value(complete(object, name, fields)).map_err(|error| {
            let reason = ApiProblem::Rejected(error.to_string());
            ApiError::about("create", object, name, &self.names, reason)
        })?;
        let parameters = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        self.request("create", object, name, async |api| {
            api.create(&parameters, &new).await
        })
        .await
        .map(drop)
    }

    /// Approves a CertificateSigningRequest.
    pub(super) async fn approve_request(&self, name: &str, status: &Value) -> Result<(), ApiError> {
        let patch = Patch::Merge(json!({"status": status}));
        self.request("patch", Object::SigningRequest, name, async |api| {
            api.patch_subresource("approval", name, &PatchParams::default(), &patch)
                .await
        })
        .await
        .map(drop)
    }

    /// Changes an object by a JSON merge patch. If the patch has `metadata.resourceVersion`, an object that has changed
    /// since is a conflict.
    pub(super) async fn merge(&self, object: Object, patch: &Value) -> Result<DynamicObject, ApiError> {
        let name = object.name(&self.names);
        let parameters = PatchParams::apply(FIELD_MANAGER);
        self.request("patch", object, name, async |api| {
            api.patch(name, &parameters, &Patch::Merge(patch)).await
        })
        .await
    }

    /// Changes an object by server-side apply, and takes over what others own of it. `fields` has neither `apiVersion`
    /// nor `kind`.
    pub(super) async fn apply(&self, object: Object, fields: Value) -> Result<DynamicObject, ApiError> {
        let name = object.name(&self.names);
        let fields = complete(object, name, fields);
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        self.request("patch", object, name, async |api| {
            api.patch(name, &parameters, &Patch::Apply(&fields)).await
        })
        .await
    }

    /// Returns an object each time it changes, and `None` each time it does not exist. An error is followed by a new
    /// attempt, after a delay that grows.
    pub(super) fn watch(
        &self,
        object: Object,
    ) -> impl Stream<Item = Result<Option<DynamicObject>, ApiError>> + Send + use<'_> {
        let found = match self.api(object) {
            Ok(api) => watch_object(api, object.name(&self.names))
                .default_backoff()
                .map(move |found| found.map_err(|error| self.watch_error(object, error)))
                .boxed(),
            Err(error) => {
                let error = ApiError::new("watch", object, &self.names, error.into());
                stream::iter([Err(error)]).boxed()
            }
        };
        // A stream that ends would be polled without a pause.
        found.chain(stream::pending())
    }

    fn watch_error(&self, object: Object, error: watcher::Error) -> ApiError {
        let (verb, reason) = match error {
            watcher::Error::InitialListFailed(error) => ("list", error.into()),
            watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => {
                ("watch", error.into())
            }
            watcher::Error::WatchError(status) => ("watch", kube::Error::Api(status).into()),
            error => ("watch", ApiProblem::Unreachable(causes(&error))),
        };
        ApiError::new(verb, object, &self.names, reason)
    }

    async fn request<T>(
        &self,
        verb: &'static str,
        object: Object,
        name: &str,
        send: impl AsyncFnOnce(&Api<DynamicObject>) -> kube::Result<T>,
    ) -> Result<T, ApiError> {
        let answer = async { send(&self.api(object)?).await };
        let reason = match timeout(REQUEST_TIMEOUT, answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.into(),
            Err(_) => ApiProblem::TimedOut,
        };
        Err(ApiError::about(verb, object, name, &self.names, reason))
    }

    fn api(&self, object: Object) -> kube::Result<Api<DynamicObject>> {
        let client = self.client()?;
        let resource = object.api_resource();
        Ok(if object.is_of_cluster() {
            Api::all_with(client, &resource)
        } else {
            Api::namespaced_with(client, &self.names.namespace, &resource)
        })
    }

    fn client(&self) -> kube::Result<Client> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let clock = Arc::clone(&self.clock);
        let read_clock = MapResponseLayer::new(move |response: http::Response<_>| {
            clock.read(response.headers());
            response
        });
        let client = ClientBuilder::try_from(self.config.clone())?
            .with_layer(&read_clock)
            .build();
        Ok(self.client.get_or_init(|| client).clone())
    }
}

/// Returns the fields of an object with its type and name.
fn complete(object: Object, name: &str, mut fields: Value) -> Value {
    let resource = object.api_resource();
    fields["apiVersion"] = resource.api_version.into();
    fields["kind"] = resource.kind.into();
    fields["metadata"]["name"] = name.into();
    fields
}

/// Omits the configuration, which has the token.
impl fmt::Debug for ObjectClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectClient")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
