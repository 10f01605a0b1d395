//! Certificates of a signer of the cluster, by the overlay `csr`: approval, denial, and renewal, with several replicas.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use imageswap_tests_support::webhook::{ControlPlane, Node};

use super::forms::{RULES, commands, prepare, replaced, run, set_rules};
use super::install::{cluster, is_uninstalled};
use super::key_material::KeyMaterial;
use super::load::Load;
use super::objects::secret;
use super::waits::wait_until_it_swaps;

/// The signer of the control plane that signs without a look at the requester.
const SIGNER: &str = "kubernetes.io/kubelet-serving";

/// Installs the overlay with the CA of the signer.
fn install(plane: &ControlPlane) {
    prepare(plane, None);
    plane.succeed(&format!(
        "set -e\n\
         sed -i s/--log-level=info/--log-level=trace/ deploy/base/deployment.yaml\n\
         kubectl create namespace imageswap-system\n\
         kubectl create configmap imageswap-ca -n imageswap-system --from-file=ca.crt=cluster-signing.crt\n\
         kubectl kustomize deploy/overlays/csr | sed 's|SIGNER_NAME|{SIGNER}|' | kubectl apply -f -"
    ));
    set_rules(plane, RULES);
}

/// Returns the names of all requests.
fn requests(plane: &ControlPlane) -> BTreeSet<String> {
    let names = plane.succeed("kubectl get csr -o jsonpath='{.items[*].metadata.name}'");
    names.split_whitespace().map(str::to_owned).collect()
}

/// Waits for one request more than `before`, whose command the replicas log, and returns it.
fn next_request(plane: &ControlPlane, node: &Node, before: &BTreeSet<String>) -> String {
    plane.wait("a request", |plane| requests(plane).len() > before.len());
    // Each replica has looked again.
    thread::sleep(Duration::from_secs(4));
    let all = requests(plane);
    let new: Vec<&String> = all.difference(before).collect();
    assert_eq!(new.len(), 1, "{new:?}");
    let command = format!("kubectl certificate approve {}", new[0]);
    plane.wait(&command, |_| {
        let logs = node.logs();
        logs.values().filter(|log| log.contains(&command)).count() >= 2
    });
    new[0].clone()
}

#[test]
fn replicas_wait_for_the_approval_of_one_request_and_renew() {
    let Some((plane, node)) = cluster() else { return };
    install(&plane);
    let mut keys = KeyMaterial::default();
    let none = BTreeSet::new();

    // The first request is denied, and the next one is made once it is deleted.
    let denied = next_request(&plane, &node, &none);
    assert_eq!(node.ready(), 0);
    keys.add(&plane);
    plane.succeed(&format!("kubectl certificate deny {denied}"));
    plane.wait("the denial", |_| {
        node.log_text()
            .contains(&format!("the CertificateSigningRequest {denied} was denied"))
    });
    plane.succeed(&format!("kubectl delete csr {denied}"));
    let request = next_request(&plane, &node, &none);
    plane.succeed(&format!("kubectl certificate approve {request}"));
    wait_until_it_swaps(&plane, &node, 2);
    let first = secret(&plane);
    assert!(
        first.contains_key("cert.pem") && !first.contains_key("csr-key.pem") && !first.contains_key("ca.pem")
    );
    keys.add(&plane);

    // A renewal waits for its approval too. Meanwhile, the old pair serves.
    let load = Load::start(node.api);
    let before = requests(&plane);
    plane.succeed("kubectl patch secret imageswap-tls -n imageswap-system --type=merge -p '{\"data\":{\"cert.pem\":null}}'");
    let renewal = next_request(&plane, &node, &before);
    keys.add(&plane);
    assert_eq!(node.ready(), 2);
    plane.succeed(&format!("kubectl certificate approve {renewal}"));
    plane.wait("the renewed pair", |plane| {
        let chain = secret(plane).get("cert.pem").cloned();
        chain.is_some_and(|chain| chain != first["cert.pem"])
    });
    thread::sleep(Duration::from_secs(2));
    load.end().assert_all_swapped("renewal by a signer");
    keys.add(&plane);
    assert_eq!(node.restarts(), 0);
    keys.is_in_none_of(&node.logs());
}

/// Signs a request, as a signer does that knows no webhook. Argument: the name of the request.
const SIGN: &str = r#"set -e
kubectl get csr "$0" -o jsonpath='{.spec.request}' | base64 -d > request.pem
openssl x509 -req -in request.pem -CA ca.crt -CAkey cluster-signing.key -CAcreateserial -days 30 -copy_extensions copy -out signed.pem
certificate=$(base64 < signed.pem | tr -d '\n')
kubectl patch csr "$0" --subresource=status --type=merge -p "{\"status\":{\"certificate\":\"$certificate\"}}"
"#;

/// The commands of the page, in order.
const INSTALL: (&str, usize) = ("With a signer of your cluster", 0);
const APPROVE: (&str, usize) = ("With a signer of your cluster", 1);

#[test]
fn commands_of_the_page_install_with_a_signer() {
    let Some((plane, node)) = cluster() else { return };
    prepare(&plane, None);
    plane.succeed("cp cluster-signing.crt ca.crt");
    run(&plane, INSTALL);
    set_rules(&plane, RULES);
    let request = next_request(&plane, &node, &BTreeSet::new());
    let approve = replaced(&commands(APPROVE), "NAME", &request);
    assert!(plane.succeed(&approve).contains(&request));
    plane.write("sign", SIGN);
    plane.succeed(&format!("sh -c \"$(cat sign)\" {request}"));
    wait_until_it_swaps(&plane, &node, 2);
    for (pod, log) in node.logs() {
        assert!(!log.contains("no right to"), "{pod}: {log}");
    }

    // A second apply changes nothing.
    let pair = secret(&plane);
    let manifests = commands(INSTALL);
    let manifests = manifests.lines().last().unwrap();
    plane.succeed(manifests);
    plane.succeed(&replaced(manifests, "kubectl apply", "kubectl diff"));
    assert_eq!(secret(&plane), pair);
    run(&plane, ("Uninstall", 0));
    is_uninstalled(&plane);
}
