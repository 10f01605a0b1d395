//! The webhook behind a real API server. Not beside the other tests of the webhook, which a control plane would
//! disturb.

mod admission;
mod arming;
mod break_glass;
mod cert_manager;
mod certificate;
mod certificates;
mod drop_in;
mod entries;
mod fights;
mod forms;
mod install;
mod key_material;
mod last_good;
mod legacy;
mod load;
mod migration;
mod node;
mod objects;
mod operations;
mod originals;
mod rights;
mod sessions;
mod several;
mod signer;
mod sources;
mod updates;
mod validate;
mod waits;

use std::path::Path;

use imageswap_tests_support::webhook::{ControlPlane, Pair, Server, Start, Volume};

use self::waits::wait_for_image;

/// Program under test.
const IMAGESWAP: &str = env!("CARGO_BIN_EXE_imageswap");

/// The entry of the webhook configuration, as it stands in an existing cluster, but for where it leads.
fn webhook_configuration(server: &Server, authority: &str) -> String {
    let authority = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, authority);
    format!(
        "apiVersion: admissionregistration.k8s.io/v1\n\
         kind: MutatingWebhookConfiguration\n\
         metadata: {{name: imageswap-webhook}}\n\
         webhooks:\n\
         - name: imageswap.webhook.k8s.twr.io\n  \
           clientConfig: {{url: 'https://localhost:{}/', caBundle: {authority}}}\n  \
           rules: [{{operations: [CREATE, UPDATE], apiGroups: ['*'], apiVersions: ['*'], \
           resources: [pods, pods/ephemeralcontainers]}}]\n  \
           failurePolicy: Fail\n  \
           sideEffects: None\n  \
           reinvocationPolicy: IfNeeded\n  \
           admissionReviewVersions: [v1, v1beta1]\n  \
           namespaceSelector: {{matchLabels: {{k8s.twr.io/imageswap: enabled}}}}\n",
        server.address.port()
    )
}

/// A webhook that the API server calls for namespaces with the label `k8s.twr.io/imageswap=enabled`.
struct Armed {
    server: Server,
    _tls: Volume,
}

impl Armed {
    /// Starts it, and waits until its answer reaches who makes a Pod of nginx:1.25 in the namespace.
    fn start(
        plane: &ControlPlane,
        namespace: &str,
        start: impl FnOnce(&Path) -> Start,
        expected: &str,
    ) -> Self {
        let pair = Pair::generate();
        let tls = Volume::mount(&pair.files());
        let server = start(tls.path()).serve();
        plane.apply(&webhook_configuration(&server, &pair.certificate));
        wait_for_image(plane, namespace, "nginx:1.25", expected);
        Self { server, _tls: tls }
    }
}

/// Returns the image that a Pod would get. `None` if the Pod is denied. Creates no Pod.
fn asked(plane: &ControlPlane, namespace: &str, image: &str) -> Option<String> {
    let ran = plane.run(&format!(
        "kubectl run asked -n {namespace} --image='{image}' --dry-run=server -o jsonpath='{{.spec.containers[0].image}}'"
    ));
    ran.is_success.then_some(ran.stdout)
}

/// Asserts that each request had an answer.
#[track_caller]
fn assert_no_errors(server: &Server) {
    for outcome in [
        "malformed",
        "too-large",
        "too-slow",
        "no-memory",
        "broken",
        "timed-out",
    ] {
        let label = format!("outcome=\"{outcome}\"");
        assert_eq!(
            server.metric("imageswap_requests_total", &label),
            0.0,
            "{outcome}"
        );
    }
}
