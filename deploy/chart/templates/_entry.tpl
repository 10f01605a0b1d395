{{/*
An entry for Pods. Arguments: the root, the name, the path, and an entry of `webhook.entries` whose members replace those
of `webhook`.
*/}}
{{- define "imageswap.entry" -}}
{{- $root := .root -}}
{{- $webhook := $root.Values.webhook -}}
{{- $entry := .entry -}}
{{- $value := dict -}}
{{- range list "failurePolicy" "timeoutSeconds" "reinvocationPolicy" "namespaceSelector" "objectSelector" "matchConditions" -}}
{{- $_ := set $value . (ternary (get $entry .) (get $webhook .) (hasKey $entry .)) -}}
{{- end -}}
{{- $rules := $entry.rules -}}
- name: {{ .name }}
  {{- include "imageswap.clientConfig" . | nindent 2 }}
  rules:
  {{- if $rules }}
  {{- toYaml $rules | nindent 2 }}
  {{- else }}
  - operations: [CREATE, UPDATE]
    apiGroups: [""]
    apiVersions: [v1]
    resources: [pods]
    scope: Namespaced
  - operations: [UPDATE]
    apiGroups: [""]
    apiVersions: [v1]
    resources: [pods/ephemeralcontainers]
    scope: Namespaced
  {{- end }}
  matchPolicy: Equivalent
  failurePolicy: {{ $value.failurePolicy }}
  timeoutSeconds: {{ $value.timeoutSeconds }}
  reinvocationPolicy: {{ $value.reinvocationPolicy }}
  sideEffects: None
  admissionReviewVersions: [v1]
  {{- include "imageswap.namespaceSelector" (dict "root" $root "value" $value.namespaceSelector) | nindent 2 }}
  {{- with $value.objectSelector }}
  objectSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  matchConditions:
  {{- $deletes := false -}}
  {{- $subresources := false -}}
  {{- range $rules -}}
  {{- if or (has "DELETE" .operations) (has "*" .operations) (has "CONNECT" .operations) }}{{ $deletes = true }}{{ end -}}
  {{- range .resources -}}
  {{- if and (or (contains "/" .) (eq . "*")) (ne . "pods/ephemeralcontainers") }}{{ $subresources = true }}{{ end -}}
  {{- end -}}
  {{- end }}
  {{- if $deletes }}
  - name: creates-or-updates
    expression: request.operation in ['CREATE', 'UPDATE']
  {{- end }}
  {{- if $subresources }}
  - name: has-images
    expression: "!has(request.subResource) || request.subResource in ['', 'ephemeralcontainers']"
  {{- end }}
  - name: is-not-deleted
    expression: "!has(object.metadata.deletionTimestamp)"
  # The kubelet runs the Pod of its own file, whatever the API server has.
  - name: is-not-a-mirror-pod
    expression: "!has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)"
  {{- with $value.matchConditions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* The namespaces of an entry. Arguments: the root, and further requirements. */}}
{{- define "imageswap.namespaceSelector" -}}
{{- $webhook := .root.Values.webhook -}}
namespaceSelector:
  {{- with .value.matchLabels }}
  matchLabels:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  matchExpressions:
  - key: {{ $webhook.disableLabel }}
    {{- if eq $webhook.scope "opt-in" }}
    operator: In
    values: [enabled]
    {{- else }}
    operator: NotIn
    values: [disabled]
    {{- end }}
  # The webhook's own Pods must start while no replica answers.
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values:
      {{- $excluded := list (include "imageswap.namespace" .root) "kube-system" "kube-node-lease" }}
      {{- if eq .root.Values.certificate.source "cert-manager" }}
      {{- $excluded = append $excluded .root.Values.certificate.certManager.namespace }}
      {{- end }}
      {{- concat $excluded (default list $webhook.excludedNamespaces) | uniq | toYaml | nindent 4 }}
  {{- with .value.matchExpressions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/*
The entry for workloads with the break-glass label. Conditions and selectors of `webhook` for objects are about Pods, so they
are not here.
*/}}
{{- define "imageswap.breakGlassEntry" -}}
{{- $webhook := .Values.webhook -}}
- name: break-glass.imageswap.k8s.twr.io
  {{- include "imageswap.clientConfig" (dict "root" . "path" "/break-glass") | nindent 2 }}
  rules:
  - operations: [CREATE, UPDATE]
    apiGroups: [apps]
    apiVersions: [v1]
    resources: [deployments, statefulsets, daemonsets]
    scope: Namespaced
  - operations: [CREATE, UPDATE]
    apiGroups: [batch]
    apiVersions: [v1]
    resources: [cronjobs]
    scope: Namespaced
  # The pod template of a Job cannot change.
  - operations: [CREATE]
    apiGroups: [batch]
    apiVersions: [v1]
    resources: [jobs]
    scope: Namespaced
  matchPolicy: Equivalent
  # A webhook that does not answer must not block a workload.
  failurePolicy: Ignore
  timeoutSeconds: {{ $webhook.timeoutSeconds }}
  reinvocationPolicy: {{ $webhook.reinvocationPolicy }}
  sideEffects: None
  admissionReviewVersions: [v1]
  {{- include "imageswap.namespaceSelector" (dict "root" . "value" $webhook.namespaceSelector) | nindent 2 }}
  # The API server calls also if only the old object has the label, so that its removal is carried too.
  objectSelector:
    matchExpressions:
    - key: {{ $webhook.disableLabel }}
      operator: Exists
  matchConditions:
  - name: is-not-deleted
    expression: "!has(object.metadata.deletionTimestamp)"
{{- end -}}

{{/* The address of an entry. Arguments: the root, the path. `caBundle` is here only if nothing writes it at runtime. */}}
{{- define "imageswap.clientConfig" -}}
clientConfig:
  service:
    name: {{ include "imageswap.fullname" .root }}
    namespace: {{ include "imageswap.namespace" .root }}
    path: {{ .path }}
    port: 443
  {{- if eq .root.Values.certificate.source "secret" }}
  caBundle: {{ include "imageswap.caBundle" .root }}
  {{- end }}
{{- end -}}

{{/* All entries of the MutatingWebhookConfiguration. */}}
{{- define "imageswap.mutatingEntries" -}}
{{ include "imageswap.entry" (dict "root" . "name" "imageswap.webhook.k8s.twr.io" "path" "/" "entry" (dict)) }}
{{- range .Values.webhook.entries }}
{{ include "imageswap.entry" (dict "root" $ "name" (printf "%s.hook.imageswap.k8s.twr.io" .name) "path" (printf "/hook/%s" .name) "entry" .) }}
{{- end }}
{{ include "imageswap.breakGlassEntry" . }}
{{- end -}}

{{/* All entries of the ValidatingWebhookConfiguration. */}}
{{- define "imageswap.validatingEntries" -}}
- name: validate.imageswap.k8s.twr.io
  {{- include "imageswap.clientConfig" (dict "root" . "path" "/validate") | nindent 2 }}
  rules:
  - operations: [CREATE, UPDATE]
    apiGroups: [""]
    apiVersions: [v1]
    resources: [configmaps]
    scope: Namespaced
  matchPolicy: Equivalent
  # A webhook that does not answer must not block the repair of its own rules.
  failurePolicy: Ignore
  timeoutSeconds: 5
  sideEffects: None
  admissionReviewVersions: [v1]
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ include "imageswap.namespace" . }}
  objectSelector:
    matchLabels:
      imageswap.k8s.twr.io/rules: "true"
{{- end -}}

{{/* The metadata of a webhook configuration. */}}
{{- define "imageswap.configurationMetadata" -}}
{{- $annotations := dict "admissions.enforcer/disabled" "true" }}
{{- if eq .Values.certificate.source "cert-manager" }}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from" (printf "%s/%s-tls" (include "imageswap.namespace" .) (include "imageswap.fullname" .)) }}
{{- end }}
{{- include "imageswap.metadata" (dict "root" . "name" (include "imageswap.configurationName" .) "clusterScope" true "annotations" (merge (dict) .Values.webhook.annotations $annotations)) }}
{{- end -}}
