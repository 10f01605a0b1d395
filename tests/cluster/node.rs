//! The node of the tests, as the tests of Pods with access to the API server need it.

use imageswap_tests_support::webhook::Node;

use super::install::cluster_for;

const NAMESPACE: &str = "of-the-node";

/// A Pod that reads who it is from the API server, by address and by name, and one that waits for its end.
const PODS: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: asks, namespace: of-the-node}
spec:
  restartPolicy: Never
  securityContext: {runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000}
  containers:
  - name: asks
    image: any
    command:
    - /usr/bin/sh
    - -ec
    - |
      exec 1>&2
      PATH=/usr/bin
      cd /var/run/secrets/kubernetes.io/serviceaccount
      stat --dereference --format '%n %a %u:%g' token ca.crt namespace
      review='{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}'
      for host in "$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT" kubernetes.default.svc; do
          curl --silent --show-error --fail --cacert ca.crt --header "Authorization: Bearer $(cat token)" \
              --header 'Content-Type: application/json' --data "$review" \
              "https://$host/apis/authentication.k8s.io/v1/selfsubjectreviews"
          echo
      done
      until getent hosts later.of-the-node.svc.cluster.local; do sleep 0.1; done
      echo "links: $LATER_SERVICE_HOST, namespace: $(cat namespace)"
---
apiVersion: v1
kind: Pod
metadata: {name: waits, namespace: of-the-node}
spec:
  terminationGracePeriodSeconds: 20
  automountServiceAccountToken: false
  containers:
  - name: waits
    image: any
    command: [/usr/bin/sh, -c, 'PATH=/usr/bin; trap "echo terminated >&2; exit 0" TERM; while :; do sleep 0.1; done']
"#;

fn log(node: &Node, pod: &str) -> String {
    node.logs()
        .remove(&format!("{NAMESPACE}/{pod}"))
        .unwrap_or_default()
}

#[test]
fn pod_reaches_the_api_server_as_its_service_account() {
    let Some((plane, node)) = cluster_for(&[NAMESPACE]) else {
        return;
    };
    plane.namespace(NAMESPACE, "");
    plane.apply(PODS);
    plane.wait("both answers", |_| {
        log(&node, "asks").matches("SelfSubjectReview").count() == 2
    });
    plane.succeed(&format!(
        "kubectl create service clusterip later --tcp=80 -n {NAMESPACE}"
    ));
    let line = format!("kubectl get pod asks -n {NAMESPACE} -o jsonpath='{{.status.phase}}'");
    plane.wait("the end of the Pod", |plane| plane.succeed(&line) == "Succeeded");
    let text = log(&node, "asks");
    for part in [
        "token 640 0:3000\nca.crt 644 0:3000\nnamespace 644 0:3000\n",
        "\"username\": \"system:serviceaccount:of-the-node:default\"",
        "\"authentication.kubernetes.io/pod-name\": [\n          \"asks\"",
        " later.of-the-node.svc later.of-the-node.svc.cluster.local\n",
        // A Service that is newer than the Pod has no variables.
        "links: , namespace: of-the-node\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }

    plane.wait("a ready Pod", |_| node.ready() == 1);
    plane.succeed(&format!("kubectl delete namespace {NAMESPACE} --timeout=60s"));
    assert_eq!(log(&node, "waits"), "terminated\n");
    assert_eq!(node.ready(), 0);
}
