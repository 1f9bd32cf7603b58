{{/* Names and labels. */}}

{{/* What the objects' names begin with. */}}
{{- define "repli.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* Takes {root, name}: the name of a component's objects. */}}
{{- define "repli.name" -}}
{{ include "repli.fullname" .root }}-{{ .name }}
{{- end }}

{{/* Takes {root, name}: what a component's pods are found by. */}}
{{- define "repli.selector" -}}
app.kubernetes.io/name: repli
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{/* Takes {root, name}: the labels of a component's pods; none that a new version of the chart changes, since that would replace them. */}}
{{- define "repli.podLabels" -}}
{{ include "repli.selector" . }}
app.kubernetes.io/part-of: repli
{{- with .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Takes {root, name}: all labels of a component's objects. */}}
{{- define "repli.labels" -}}
{{ include "repli.podLabels" . }}
app.kubernetes.io/version: {{ include "repli.version" .root | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* Takes {root, name}: the metadata of an object that is called as its component is. */}}
{{- define "repli.metadata" -}}
name: {{ include "repli.name" . }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "repli.labels" . | nindent 2 }}
{{- end }}

{{/* The tag of the image, as a label: that is shorter than a tag may be, and begins and ends with a letter or digit. */}}
{{- define "repli.version" -}}
{{- regexReplaceAll "^[^A-Za-z0-9]+|[^A-Za-z0-9]+$" (.Values.image.tag | default .Chart.AppVersion | trunc 63) "" -}}
{{- end }}

{{/* The image of the mesh. */}}
{{- define "repli.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/* The services, by name: their port, and the gRPC service that they serve. The admin port is the next one. */}}
{{- define "repli.services" -}}
gateway: {port: 9000, service: repli.v1.RecommendationService}
feature: {port: 9010, service: repli.feature.v1.FeatureService}
ranking: {port: 9020, service: repli.ranking.v1.RankingService}
fallback: {port: 9030, service: repli.fallback.v1.FallbackService}
{{- end }}

{{/* Takes {root, name}: where a service is dialled. The name is a headless Service's: DNS gives the addresses of all pods. */}}
{{- define "repli.target" -}}
dns:///{{ include "repli.name" . }}:{{ (index (include "repli.services" . | fromYaml) .name).port }}
{{- end }}

{{/* The address of Redis, as a list of host:port. */}}
{{- define "repli.redisAddresses" -}}
{{- if .Values.redis.trial.enabled -}}
- {{ include "repli.fullname" . }}-redis:6379
{{- else -}}
{{ regexReplaceAll "^rediss?://" .Values.redis.url "" | splitList "," | toYaml }}
{{- end -}}
{{- end }}
