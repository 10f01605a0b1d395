{{/*
An entry of the webhook configuration. Arguments: the root, the name, the path, and an entry of `webhook.entries` whose
members replace those of `webhook`.
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
  clientConfig:
    service:
      name: {{ include "imageswap.fullname" $root }}
      namespace: {{ include "imageswap.namespace" $root }}
      path: {{ .path }}
      port: 443
    {{- if ne $root.Values.certificate.source "cert-manager" }}
    caBundle: {{ include "imageswap.caBundle" $root }}
    {{- end }}
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
  namespaceSelector:
    {{- with $value.namespaceSelector.matchLabels }}
    matchLabels:
      {{- toYaml . | nindent 6 }}
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
        {{- $excluded := list (include "imageswap.namespace" $root) "kube-system" "kube-node-lease" }}
        {{- if eq $root.Values.certificate.source "cert-manager" }}
        {{- $excluded = append $excluded $root.Values.certificate.certManager.namespace }}
        {{- end }}
        {{- concat $excluded (default list $webhook.excludedNamespaces) | uniq | toYaml | nindent 6 }}
    {{- with $value.namespaceSelector.matchExpressions }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
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
