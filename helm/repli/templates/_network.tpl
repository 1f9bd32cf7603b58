{{/* NetworkPolicies: the mesh's own arrows, and nothing else. */}}

{{/* Takes {root, name}: the pods of a component, as a peer. */}}
{{- define "repli.peer" -}}
podSelector:
  matchLabels:
    {{- include "repli.selector" . | nindent 4 }}
{{- end }}

{{/* Takes {root, to}: egress to a service of the mesh, on the port that it serves on. */}}
{{- define "repli.egress.mesh" -}}
- to:
    - {{- include "repli.peer" (dict "root" .root "name" .to) | nindent 6 }}
  ports:
    - {port: {{ (index (include "repli.services" . | fromYaml) .to).port }}, protocol: TCP}
{{- end }}

{{/* Takes {peers, ports}: egress to what is outside of the mesh; no peers means anywhere. */}}
{{- define "repli.egress.outside" -}}
-
  {{- with .peers }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}

{{- define "repli.egress.dns" -}}
-
  {{- with .Values.networkPolicy.dns }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{- define "repli.egress.redis" -}}
{{- if .Values.redis.trial.enabled -}}
- to:
    - {{- include "repli.peer" (dict "root" . "name" "redis") | nindent 6 }}
  ports:
    - {port: 6379, protocol: TCP}
{{- else -}}
{{- $ports := list -}}
{{- range include "repli.redisAddresses" . | fromYamlArray -}}
{{- $ports = append $ports (splitList ":" . | last) -}}
{{- end -}}
{{- range .Values.networkPolicy.redisPorts }}{{ $ports = append $ports (toString .) }}{{ end -}}
{{ include "repli.egress.outside" (dict "peers" .Values.networkPolicy.redis "ports" (uniq $ports)) }}
{{- end -}}
{{- end }}

{{/* S3, and the service that gives tokens for roles; the agent of EKS pod identity is on a link-local address. */}}
{{- define "repli.egress.s3" -}}
{{ include "repli.egress.outside" (dict "peers" .Values.networkPolicy.s3 "ports" .Values.networkPolicy.s3Ports) }}
- to:
    - ipBlock: {cidr: 169.254.170.23/32}
  ports:
    - {port: 80, protocol: TCP}
{{- end }}

{{- define "repli.egress.otlp" -}}
{{- with .Values.telemetry.otlpEndpoint -}}
{{ include "repli.egress.outside" (dict "peers" $.Values.networkPolicy.otlp "ports" (list (regexFind "[0-9]+/?$" . | trimSuffix "/"))) }}
{{- end -}}
{{- end }}

{{/* Takes {root, to}: whom components call, besides DNS. */}}
{{- define "repli.arrows.gateway" -}}
{{- range $to := list "feature" "ranking" "fallback" }}
{{ include "repli.egress.mesh" (dict "root" $ "to" $to) }}
{{- end }}
{{ include "repli.egress.otlp" . }}
{{- end }}

{{- define "repli.arrows.feature" -}}
{{ include "repli.egress.redis" . }}
{{ include "repli.egress.otlp" . }}
{{- end }}

{{- define "repli.arrows.ranking" -}}
{{ include "repli.egress.mesh" (dict "root" . "to" "feature") }}
{{ if .Values.models.s3 }}{{ include "repli.egress.s3" . }}{{ end }}
{{ include "repli.egress.otlp" . }}
{{- end }}

{{- define "repli.arrows.fallback" -}}
{{ if and .Values.snapshot.s3 (not .Values.snapshot.volume.claim) }}{{ include "repli.egress.s3" . }}{{ end }}
{{ include "repli.egress.otlp" . }}
{{- end }}

{{- define "repli.arrows.load" -}}
{{ include "repli.egress.redis" . }}
{{ if contains "s3://" (toYaml .Values.load) }}{{ include "repli.egress.s3" . }}{{ end }}
{{- end }}

{{- define "repli.arrows.snapshot" -}}
{{ if or .Values.snapshot.s3 (contains "s3://" (toYaml .Values.snapshot.build)) }}{{ include "repli.egress.s3" . }}{{ end }}
{{- end }}

{{- define "repli.arrows.test" -}}
{{ include "repli.egress.mesh" (dict "root" . "to" "gateway") }}
{{- end }}

{{- define "repli.arrows.redis" }}{{ end }}

{{/* Takes {root, name}: who may call a component. */}}
{{- define "repli.callers.gateway" -}}
{{- include "repli.ingress.mesh" (dict "root" . "from" (list "test") "port" 9000) }}
- from:
    {{- .Values.networkPolicy.callers | default (list (dict "podSelector" dict)) | toYaml | nindent 4 }}
  ports:
    - {port: 9000, protocol: TCP}
{{- end }}

{{- define "repli.callers.feature" -}}
{{- include "repli.ingress.mesh" (dict "root" . "from" (list "gateway" "ranking") "port" 9010) }}
{{- with .Values.networkPolicy.writers }}
- from: {{- toYaml . | nindent 4 }}
  ports:
    - {port: 9010, protocol: TCP}
{{- end }}
{{- end }}

{{- define "repli.callers.ranking" -}}
{{- include "repli.ingress.mesh" (dict "root" . "from" (list "gateway") "port" 9020) }}
{{- end }}

{{- define "repli.callers.fallback" -}}
{{- include "repli.ingress.mesh" (dict "root" . "from" (list "gateway") "port" 9030) }}
{{- end }}

{{- define "repli.callers.redis" -}}
{{- include "repli.ingress.mesh" (dict "root" . "from" (list "feature" "load") "port" 6379) }}
{{- end }}

{{- define "repli.callers.load" }}{{ end }}
{{- define "repli.callers.snapshot" }}{{ end }}
{{- define "repli.callers.test" }}{{ end }}

{{/* Takes {root, from, port}. */}}
{{- define "repli.ingress.mesh" -}}
- from:
    {{- range .from }}
    - {{- include "repli.peer" (dict "root" $.root "name" .) | nindent 6 }}
    {{- end }}
  ports:
    - {port: {{ .port }}, protocol: TCP}
{{- end }}

{{/* Takes {root, name}: the policy of a component. A direction in which nothing is named is closed. */}}
{{- define "repli.networkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "repli.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "repli.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with include "repli.ingress" . | trim }}
  ingress:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with include "repli.egress" . | trim }}
  egress:
    {{- . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "repli.ingress" -}}
{{- $service := index (include "repli.services" . | fromYaml) .name -}}
{{ include (printf "repli.callers.%s" .name) .root }}
{{- if and $service .root.Values.networkPolicy.monitoring }}
- from: {{- toYaml .root.Values.networkPolicy.monitoring | nindent 4 }}
  ports:
    - {port: {{ add $service.port 1 }}, protocol: TCP}
{{- end }}
{{- end }}

{{- define "repli.egress" -}}
{{- if ne .name "redis" }}
{{ include "repli.egress.dns" .root }}
{{- end }}
{{ include (printf "repli.arrows.%s" .name) .root }}
{{- end }}
