//! Every manifest against the schemas of all Kubernetes versions that the project supports, strictly: a field that a
//! version does not know is an error.

use std::fs;
use std::path::Path;

use imageswap_tests_support::tools::Tools;
use serde_json::Value;

use super::copy::Deploy;

/// Values of the chart: each source of the certificate, and every object that the chart can have.
pub(crate) const VALUES: [(&str, &str); 10] = [
    ("default", ""),
    (
        "own",
        "--set certificate.source=secret,apiAccess=false,certificate.ca=LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==",
    ),
    (
        "csr",
        "--set certificate.source=csr,certificate.csr.signerName=example.com/serving,certificate.csr.ca.configMap=imageswap-ca",
    ),
    (
        "csr-secret",
        "--set certificate.source=csr,certificate.csr.signerName=example.com/serving,certificate.csr.ca.secret=ca \
         --set fullnameOverride=swap,networkPolicy.apiServerPorts={443}",
    ),
    ("cert-manager", "--set certificate.source=cert-manager"),
    (
        "all",
        "--set certificate.source=cert-manager,namespace.create=true,hostNetwork=true \
         --set serviceMonitor.enabled=true,prometheusRule.enabled=true,dashboard.enabled=true \
         --set priorityClassName=system-cluster-critical,service.ipFamilyPolicy=PreferDualStack",
    ),
    (
        "secret",
        "--set certificate.source=secret,certificate.create=true,certificate.ca=LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==,certificate.chain=x,certificate.key=y \
         --set autoscaling.enabled=false,replicas=1,podDisruptionBudget.enabled=false,networkPolicy.enabled=false",
    ),
    (
        "maps",
        "--set rules.files=null \
         --set 'rules.existingConfigMaps={imageswap-maps,team-a}' --set serviceAccount.create=false",
    ),
    (
        "entries",
        "--set webhook.scope=opt-in,fullnameOverride=swap,namespaceOverride=platform \
         --set webhook.entries[0].name=strict,webhook.entries[0].failurePolicy=Ignore \
         --set-string 'webhook.matchConditions[0].name=all,webhook.matchConditions[0].expression=true'",
    ),
    (
        "more",
        "--set certificate.source=cert-manager,certificate.certManager.issuerRef.name=corporate \
         --set dryRun=true,ports.webhook=10443,hostNetwork=true,image.registry=,dnsPolicy=Default \
         --set 'imagePullSecrets[0].name=login,extraArgs={--max-connections=4000},nodeSelector.pool=system' \
         --set commonLabels.team=platform,commonAnnotations.owner=platform,podLabels.a=b,podAnnotations.c=d",
    ),
];

const MINOR_VERSIONS: [&str; 5] = ["1.33", "1.34", "1.35", "1.36", "1.37"];

/// Returns the versions whose schemas the tools have, without the `v`.
fn versions(tools: &Tools) -> Vec<String> {
    let mut versions: Vec<String> = fs::read_dir(tools.schemas())
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_prefix('v')?.to_owned()))
        .collect();
    versions.sort();
    let minors = versions.iter().map(|version| version.rsplit_once('.').unwrap().0);
    assert!(minors.eq(MINOR_VERSIONS), "{versions:?}");
    versions
}

/// The result of one object.
#[derive(Debug)]
struct Validated {
    file: String,
    kind: String,
    name: String,
    /// `None` if the object is valid.
    fault: Option<String>,
}

/// Validates all files of a directory.
fn validate(tools: &Tools, version: &str, directory: &Path) -> Vec<Validated> {
    let schemas = tools.schemas();
    let schemas = schemas.to_str().unwrap();
    let name = "{{.ResourceKind}}{{.KindSuffix}}.json";
    let line = format!(
        "kubeconform -strict -verbose -output json -kubernetes-version {version} \
         -schema-location '{schemas}/{{{{.NormalizedKubernetesVersion}}}}/{name}' \
         -schema-location '{schemas}/crds/{name}' {}",
        directory.to_str().unwrap()
    );
    // Its exit status is 1 as well if an object is invalid.
    let ran = tools.run(&line);
    let report: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{line}\n{}", ran.stderr));
    let text = |object: &Value, field: &str| object[field].as_str().unwrap().to_owned();
    let objects = report["resources"].as_array().unwrap().iter();
    objects
        // A document with comments only.
        .filter(|object| object["status"] != "")
        .map(|object| Validated {
            file: text(object, "filename").rsplit('/').next().unwrap().to_owned(),
            kind: text(object, "kind"),
            name: text(object, "name"),
            fault: (object["status"] != "statusValid").then(|| text(object, "msg")),
        })
        .collect()
}

/// Returns the manifests of each form of the installation, by its name.
fn forms(deploy: &Deploy<'_>, version: &str) -> Vec<(String, String)> {
    let install = fs::read_to_string(deploy.directory.join("install.yaml")).unwrap();
    let mut forms = vec![("install".to_owned(), install)];
    let overlays = fs::read_dir(deploy.directory.join("overlays")).unwrap();
    let overlays = overlays.map(|entry| format!("overlays/{}", entry.unwrap().file_name().display()));
    for directory in overlays.chain(["base".to_owned()]) {
        forms.push((directory.replace('/', "-"), deploy.kustomize(&directory)));
    }
    for helm in ["helm", "helm3"] {
        for (name, values) in VALUES {
            forms.push((format!("{helm}-{name}"), deploy.template(helm, version, values)));
        }
    }
    forms
}

#[test]
fn manifests_are_valid_for_all_kubernetes_versions() {
    let names = ["helm", "helm3", "kubeconform", "kubectl", "schemas"];
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &names) else {
        return;
    };
    let deploy = Deploy::copy(&tools);
    for version in versions(&tools) {
        let directory = tools.path(&version);
        fs::create_dir(&directory).unwrap();
        let forms = forms(&deploy, &version);
        for (form, manifests) in &forms {
            fs::write(directory.join(format!("{form}.yaml")), manifests).unwrap();
        }
        let validated = validate(&tools, &version, &directory);
        for (form, _) in &forms {
            let file = format!("{form}.yaml");
            let of_form: Vec<_> = validated.iter().filter(|object| object.file == file).collect();
            let has = |kind: &str| of_form.iter().any(|object| object.kind == kind);
            assert!(
                has("Deployment") && has("MutatingWebhookConfiguration"),
                "{form} has {of_form:?}"
            );
        }
        let invalid: Vec<_> = validated.iter().filter(|object| object.fault.is_some()).collect();
        assert!(invalid.is_empty(), "Kubernetes {version}: {invalid:#?}");
        println!(
            "Kubernetes {version}: {} objects of {} forms",
            validated.len(),
            forms.len()
        );
    }
}

const VALID: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 25%}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx
        ports: [{containerPort: 80}]
        resources: {requests: {cpu: 1, memory: 64Mi}}
";

const CERTIFICATE: &str = "\
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web}
spec: {secretName: web, dnsNames: [web.default.svc], issuerRef: {name: own}}
";

/// Replaces a part of an object, which has to be there.
fn changed(object: &str, part: &str, by: &str) -> String {
    assert!(object.contains(part), "{part}");
    object.replace(part, by)
}

#[test]
fn validator_finds_faults_for_all_kubernetes_versions() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["kubeconform", "schemas"]) else {
        return;
    };
    let of_deployment = |part: &str, by: &str| changed(VALID, part, by);
    let cases = [
        ("valid", VALID.to_owned(), None),
        ("valid-certificate", CERTIFICATE.to_owned(), None),
        (
            "misspelled",
            of_deployment("resources:", "resource:"),
            Some("additional properties 'resource' not allowed"),
        ),
        (
            "misspelled-metadata",
            of_deployment("labels:", "label:"),
            Some("additional properties 'label' not allowed"),
        ),
        (
            "type",
            of_deployment("containerPort: 80", "containerPort: '80'"),
            Some("got string, want integer"),
        ),
        (
            "required",
            of_deployment("  selector: {matchLabels: {app: web}}\n", ""),
            Some("missing property 'selector'"),
        ),
        (
            "repeated",
            of_deployment(
                "        image: nginx\n",
                "        image: nginx\n        image: httpd\n",
            ),
            Some("key \"image\" already set in map"),
        ),
        (
            "kind",
            of_deployment("kind: Deployment", "kind: Workload"),
            Some("could not find schema for Workload"),
        ),
        (
            "group",
            of_deployment("apps/v1", "apps/v1beta1"),
            Some("could not find schema for Deployment"),
        ),
        (
            "misspelled-certificate",
            changed(CERTIFICATE, "dnsNames", "dnsName"),
            Some("additional properties 'dnsName' not allowed"),
        ),
        (
            "required-certificate",
            changed(CERTIFICATE, "secretName: web, ", ""),
            Some("missing property 'secretName'"),
        ),
    ];
    let directory = tools.path("cases");
    fs::create_dir(&directory).unwrap();
    for (name, object, _) in &cases {
        fs::write(directory.join(format!("{name}.yaml")), object).unwrap();
    }
    for version in versions(&tools) {
        let validated = validate(&tools, &version, &directory);
        assert_eq!(validated.len(), cases.len());
        for (name, _, fault) in &cases {
            let file = format!("{name}.yaml");
            let found = validated.iter().find(|object| object.file == file).unwrap();
            let is_found = match (fault, &found.fault) {
                (None, None) => {
                    ["Deployment", "Certificate"].contains(&found.kind.as_str()) && found.name == "web"
                }
                (Some(fault), Some(found)) => found.contains(fault),
                _ => false,
            };
            assert!(is_found, "Kubernetes {version}: {found:?}");
        }
    }
}
