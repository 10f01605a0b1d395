//! The installation, from each form of the manifests: a Pod is swapped, and nothing that happens to the installation
//! blocks a Pod.

use imageswap_tests_support::webhook::ControlPlane;

use crate::IMAGESWAP;

#[test]
fn try_node() {
    let Some((plane, node)) =
        ControlPlane::start_with_node(IMAGESWAP, env!("CARGO_TARGET_TMPDIR"), "imageswap-system")
    else {
        return;
    };
    let root = imageswap_tests_support::repository::path("deploy");
    plane.succeed(&format!("cp -r {} deploy && rm -f deploy/components/own-certificate/*.crt deploy/components/own-certificate/tls.key && deploy/components/own-certificate/generate", root.display()));
    let applied = plane.run("kubectl apply -k deploy/overlays/own-certificate");
    eprintln!("{}{}", applied.stdout, applied.stderr);
    assert!(applied.is_success);
    plane.wait("two ready replicas", |_| node.ready() == 2);
    eprintln!("{}", node.logs());
    eprintln!(
        "{}",
        plane.succeed("kubectl get pods,deployment,hpa,endpointslices -n imageswap-system")
    );
    eprintln!(
        "{}",
        plane
            .run("kubectl rollout status deployment/imageswap -n imageswap-system --timeout=60s")
            .stdout
    );
    eprintln!(
        "{:?}",
        plane.run("kubectl run nginx --image=nginx -o jsonpath='{.spec.containers[0].image}'")
    );
}
