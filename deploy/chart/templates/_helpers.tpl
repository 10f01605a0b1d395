{{- define "imageswap.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "imageswap.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "imageswap.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "imageswap.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "imageswap.secretName" -}}
{{- default (printf "%s-tls" (include "imageswap.fullname" .)) .Values.certificate.secretName -}}
{{- end -}}

{{- define "imageswap.image" -}}
{{- with .Values.image -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{ if .digest }}@{{ .digest }}{{ end }}
{{- end -}}
{{- end -}}

{{/* The Deployment of imageswap-webhook v1.5.3 has the selector `app: imageswap`, and a selector cannot change. */}}
{{- define "imageswap.selector" -}}
app: {{ include "imageswap.fullname" . }}
{{- end -}}

{{- define "imageswap.labels" -}}
{{ include "imageswap.selector" . }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The metadata of an object. Arguments: the root, the suffix of the name, further labels and annotations. */}}
{{- define "imageswap.metadata" -}}
{{- $root := .root -}}
name: {{ default (printf "%s%s" (include "imageswap.fullname" $root) (default "" .suffix)) .name }}
{{- if not .clusterScope }}
namespace: {{ include "imageswap.namespace" $root }}
{{- end }}
labels:
  {{- include "imageswap.labels" $root | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default (dict) .annotations) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Not empty if the webhook keeps the entries of the webhook configurations, so that the manifests have none. */}}
{{- define "imageswap.isArmed" -}}
{{- if has .Values.certificate.source (list "self-managed" "csr") }}true{{ end -}}
{{- end -}}

{{/* The names of the objects that the webhook reads and writes through the API server. */}}
{{- define "imageswap.configurationName" -}}
{{- include "imageswap.fullname" . }}-webhook
{{- end -}}

{{- define "imageswap.webhooksName" -}}
{{- include "imageswap.fullname" . }}-webhooks
{{- end -}}

{{- define "imageswap.lastGoodName" -}}
{{- include "imageswap.fullname" . }}-last-good
{{- end -}}

{{/* Options with the names of objects that differ from the defaults of the program. */}}
{{- define "imageswap.names" -}}
{{- $names := dict -}}
{{- if .Values.apiAccess -}}
{{- $_ := set $names "last-good-configmap" (list (include "imageswap.lastGoodName" .) "imageswap-last-good") -}}
{{- end -}}
{{- if include "imageswap.isArmed" . -}}
{{- $_ := set $names "tls-secret" (list (include "imageswap.secretName" .) "imageswap-tls") -}}
{{- $_ := set $names "service-name" (list (include "imageswap.fullname" .) "imageswap") -}}
{{- $_ := set $names "webhook-configuration" (list (include "imageswap.configurationName" .) "imageswap-webhook") -}}
{{- $_ := set $names "webhooks-configmap" (list (include "imageswap.webhooksName" .) "imageswap-webhooks") -}}
{{- end -}}
{{- range $option, $name := $names -}}
{{- if ne (first $name) (last $name) }}
{{ $option }}: {{ first $name }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "imageswap.podSecurityLevel" -}}
{{- if .Values.hostNetwork }}privileged{{ else }}restricted{{ end -}}
{{- end -}}

{{/* `caBundle` of the source `secret`, in base64. */}}
{{- define "imageswap.caBundle" -}}
{{- $ca := trim (default "" .Values.certificate.ca) -}}
{{- if not $ca -}}
{{- fail "certificate.ca is missing. Set it to the certificate of the CA that signed the certificate of the webhook: --set-file certificate.ca=ca.crt. Or let the webhook keep a certificate of its own: --set certificate.source=self-managed" -}}
{{- end -}}
{{- $isPem := contains "-----BEGIN" $ca -}}
{{- $pem := ternary $ca (b64dec $ca) $isPem -}}
{{- if contains "PRIVATE KEY" $pem -}}
{{- fail "certificate.ca has a private key. Set it to the certificate of the CA: --set-file certificate.ca=ca.crt" -}}
{{- end -}}
{{- if not (contains "-----BEGIN CERTIFICATE-----" $pem) -}}
{{- fail "certificate.ca has no certificate, neither in PEM nor in base64. Set it to that of the CA: --set-file certificate.ca=ca.crt" -}}
{{- end -}}
{{- if $isPem }}{{ printf "%s\n" $ca | b64enc }}{{ else }}{{ $ca }}{{ end -}}
{{- end -}}

{{/* Not empty if the Pods mount the ConfigMap with rules: `rules.files` is not `null`. */}}
{{- define "imageswap.mountsRules" -}}
{{- if ne nil .Values.rules.files }}true{{ end -}}
{{- end -}}
