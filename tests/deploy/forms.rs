//! The forms of the installation mean the same: the chart, the base and the overlays that are generated from it, and
//! install.yaml.

use std::fs;

use imageswap_tests_support::pages::blocks;
use imageswap_tests_support::repository;
use imageswap_tests_support::tools::Tools;

use super::copy::Deploy;

/// Values that give the objects of the manifests.
const NAMESPACE: &str = "--set namespace.create=true";

/// An overlay, and the values of the chart that mean the same.
const OVERLAYS: [(&str, &str); 6] = [
    ("opt-in", "--set webhook.scope=opt-in"),
    ("cert-manager", "--set certificate.source=cert-manager"),
    (
        "csr",
        "--set certificate.source=csr,certificate.csr.signerName=example.com/serving \
         --set certificate.csr.ca.configMap=imageswap-ca",
    ),
    (
        "production",
        "--set autoscaling.minReplicas=3,autoscaling.maxReplicas=9 \
         --set-json 'topologySpreadConstraints=[\
         {\"maxSkew\":1,\"topologyKey\":\"kubernetes.io/hostname\",\"whenUnsatisfiable\":\"DoNotSchedule\",\
         \"labelSelector\":{\"matchLabels\":{\"app\":\"imageswap\"}},\"matchLabelKeys\":[\"pod-template-hash\"],\"nodeTaintsPolicy\":\"Honor\"},\
         {\"maxSkew\":1,\"topologyKey\":\"topology.kubernetes.io/zone\",\"whenUnsatisfiable\":\"ScheduleAnyway\",\
         \"labelSelector\":{\"matchLabels\":{\"app\":\"imageswap\"}},\"matchLabelKeys\":[\"pod-template-hash\"],\"nodeTaintsPolicy\":\"Honor\"}]'",
    ),
    (
        "monitoring",
        "--set serviceMonitor.enabled=true,prometheusRule.enabled=true,dashboard.enabled=true",
    ),
    (
        "own-certificate",
        "--set certificate.source=secret,certificate.create=true,apiAccess=false --set-file certificate.ca={own}/ca.crt \
         --set-file certificate.chain={own}/tls.crt --set-file certificate.key={own}/tls.key",
    ),
];

#[test]
fn generated_files_are_those_of_the_chart() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["helm"]) else {
        return;
    };
    let directory = tools.path("generated");
    tools.succeed(&format!("deploy/generate '{}'", directory.display()));
    let files = tools.succeed(&format!("cd '{}' && find . -type f", directory.display()));
    assert!(files.lines().count() > 20, "{files}");
    // A file of the base that the chart does not have any more would stay.
    for name in files.lines().chain(["base"]) {
        let line = format!("diff -r 'deploy/{name}' '{}/{name}'", directory.display());
        let ran = tools.run(&line);
        assert!(ran.is_success, "run `HELM=helm deploy/generate`:\n{}", ran.stdout);
    }
}

#[test]
fn overlays_are_values_of_the_chart() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["helm", "helm3", "kubectl"]) else {
        return;
    };
    let deploy = Deploy::copy(&tools);
    let own = deploy.directory.join("components/own-certificate");
    for (overlay, values) in OVERLAYS {
        let values = values.replace("{own}", own.to_str().unwrap());
        let built = deploy
            .kustomize(&format!("overlays/{overlay}"))
            .replace("SIGNER_NAME", "example.com/serving");
        for helm in ["helm", "helm3"] {
            let rendered = deploy.template(helm, "1.33.0", &format!("{NAMESPACE} --skip-tests {values}"));
            assert_eq!(
                normalized(&deploy, &rendered),
                comparable(&built),
                "{overlay} and {helm}"
            );
        }
    }
    let install = fs::read_to_string(deploy.directory.join("install.yaml")).unwrap();
    assert_eq!(
        normalized(&deploy, &install),
        comparable(&deploy.kustomize("base"))
    );
}

#[test]
fn every_overlay_has_the_page_and_the_file_of_the_log_level() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["kubectl"]) else {
        return;
    };
    let deploy = Deploy::copy(&tools);
    let overlays = fs::read_dir(deploy.directory.join("overlays")).unwrap();
    let names: Vec<String> = overlays
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() > 6, "{names:?}");
    for name in names {
        let built = deploy.kustomize(&format!("overlays/{name}"));
        for argument in [
            "--page-listen=127.0.0.1:9091",
            "--log-level-file=/etc/imageswap/settings/log-level",
        ] {
            assert!(built.contains(&format!("- {argument}\n")), "{name}: {argument}");
        }
    }
}

/// Returns the first block of YAML of a page that is a kustomization.
fn kustomization(page: &str) -> String {
    let text = repository::read(page);
    let mut blocks = blocks(&text, "yaml").into_iter();
    blocks
        .find(|block| block.contains("configMapGenerator:"))
        .unwrap()
        .to_owned()
}

#[test]
fn kustomizations_of_the_pages_build() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["kubectl"]) else {
        return;
    };
    // Its parent is the directory of the page's commands.
    let deploy = Deploy::copy(&tools);
    fs::create_dir(tools.path("rules")).unwrap();
    for file in [
        "10-mirror.rules",
        "rules/10-mirror.rules",
        "rules/20-payments.rules",
    ] {
        fs::write(tools.path(file), "rules v1\n").unwrap();
    }
    let build = |page: &str| {
        fs::write(tools.path("kustomization.yaml"), kustomization(page)).unwrap();
        deploy.kustomize("..")
    };
    let rules = [
        "10-mirror.rules: |\n    rules v1\n",
        "imageswap.k8s.twr.io/rules: \"true\"\n",
        "name: imageswap-rules\n  namespace: imageswap-system\n",
    ];
    let built = build("docs/operations.md");
    let of_page = [
        "minReplicas: 3\n",
        "image: registry.example.com/imageswap@sha256:0000",
        "values: [enabled]\n",
    ];
    for text in rules.iter().chain(&of_page) {
        assert!(built.contains(text), "{text} is not in {built}");
    }
    let built = build("docs/git.md");
    for text in rules {
        assert!(built.contains(text), "{text} is not in {built}");
    }
}

/// Returns manifests in the order and the layout of kustomize, without the labels of Helm.
fn normalized(deploy: &Deploy<'_>, manifests: &str) -> Vec<String> {
    let directory = deploy.directory.join("normalized");
    fs::create_dir_all(&directory).unwrap();
    let is_of_helm = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("helm.sh/chart: ") || line.starts_with("app.kubernetes.io/managed-by: ")
    };
    let lines: Vec<&str> = manifests.lines().filter(|line| !is_of_helm(line)).collect();
    let text = lines.join("\n") + "\n";
    fs::write(directory.join("manifests.yaml"), text).unwrap();
    fs::write(
        directory.join("kustomization.yaml"),
        "resources: [manifests.yaml]\n",
    )
    .unwrap();
    comparable(&deploy.kustomize("normalized"))
}

/// Returns the lines of manifests. Line breaks within base64 mean nothing, and are left out.
fn comparable(manifests: &str) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines: Vec<String> = Vec::new();
    let mut base64 = None;
    // Labels that no selector has.
    let is_information = |line: &&str| line.trim_start().starts_with("app.kubernetes.io/");
    for line in manifests.lines().filter(|line| !is_information(line)) {
        if base64.is_some_and(|key| indent(line) > key) {
            lines.last_mut().unwrap().push_str(line.trim());
            continue;
        }
        let key = ["caBundle:", "tls.crt:", "tls.key:"]
            .into_iter()
            .find(|key| line.trim_start().starts_with(key));
        base64 = key.map(|_| indent(line));
        lines.push(if key.is_some() {
            line.trim_end_matches([' ', '|']).replace(": ", ":")
        } else {
            line.to_owned()
        });
    }
    lines
}

#[test]
fn entries_of_the_config_map_are_those_of_complete_configurations() {
    let map = repository::read("deploy/base/webhooks.yaml");
    for kind in ["mutating", "validating"] {
        let of_map = map.split_once(&format!("\n  {kind}: |\n")).unwrap().1.lines();
        let of_map: Vec<&str> = of_map.map_while(|line| line.strip_prefix("    ")).collect();
        let path = format!("deploy/components/directory/{kind}webhookconfiguration.yaml");
        let complete = repository::read(&path);
        let complete = complete.split_once("\nwebhooks:\n").unwrap().1.lines();
        let complete: Vec<&str> = complete.filter(|line| !line.contains("caBundle:")).collect();
        assert_eq!(of_map, complete);
    }
}
