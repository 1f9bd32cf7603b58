{{/* The services' configuration files, and where their data comes from. */}}

{{/* Takes {root, name}: what the values and the chart say; the code's defaults are left out. */}}
{{- define "repli.config" -}}
{{- $port := (index (include "repli.services" . | fromYaml) .name).port -}}
{{- $telemetry := dict "log_level" .root.Values.telemetry.logLevel "trace_ratio" .root.Values.telemetry.traceRatio -}}
{{- $config := deepCopy (index .root.Values .name).config -}}
{{- $config = mergeOverwrite (dict "process" (dict "telemetry" $telemetry)) $config -}}
{{- $listen := dict "listen" (printf "0.0.0.0:%v" $port) "admin_listen" (printf "0.0.0.0:%v" (add $port 1)) -}}
{{- $config = mergeOverwrite $config (dict "process" (dict "server" $listen)) (include (printf "repli.config.%s" .name) .root | fromYaml) -}}
{{- toYaml $config -}}
{{- end }}

{{- define "repli.config.gateway" -}}
peers:
  {{- range $peer := list "feature" "ranking" "fallback" }}
  {{ $peer }}: {target: {{ include "repli.target" (dict "root" $ "name" $peer) | quote }}}
  {{- end }}
{{- end }}

{{- define "repli.config.feature" -}}
views: {{ include "repli.viewsFile" . }}
feature:
  store:
    kind: redis
    redis:
      addresses:
        {{- include "repli.redisAddresses" . | nindent 8 }}
      cluster: {{ and .Values.redis.cluster (not .Values.redis.trial.enabled) }}
      {{- if not .Values.redis.trial.enabled }}
      master: {{ .Values.redis.sentinelMaster | quote }}
      username: {{ .Values.redis.username | quote }}
      {{- if .Values.redis.existingSecret }}
      password_file: /etc/repli/redis/password
      {{- end }}
      tls:
        enabled: {{ hasPrefix "rediss://" .Values.redis.url }}
        {{- if .Values.redis.tls.caSecret }}
        ca_file: /etc/repli/redis-ca/ca.crt
        {{- end }}
        server_name: {{ .Values.redis.tls.serverName | quote }}
      {{- end }}
{{- end }}

{{- define "repli.config.ranking" -}}
feature: {target: {{ include "repli.target" (dict "root" . "name" "feature") | quote }}}
ranking:
  {{- if .Values.demo.enabled }}
  bundle: /demo/bundle
  {{- else if .Values.models.s3 }}
  bundle: ""
  registry: {path: {{ .Values.models.s3 | quote }}, cache: /var/lib/repli/models}
  {{- else if eq .Values.models.volume.holds "registry" }}
  bundle: ""
  registry: {path: {{ include "repli.under" (list "/models" .Values.models.volume.path) | quote }}}
  {{- else }}
  bundle: {{ include "repli.under" (list "/models" .Values.models.volume.path) | quote }}
  {{- end }}
{{- end }}

{{- define "repli.config.fallback" -}}
fallback:
  {{- if .Values.snapshot.volume.claim }}
  snapshot: {{ include "repli.under" (list "/snapshot" .Values.snapshot.volume.path) | quote }}
  {{- else }}
  snapshot: /var/lib/repli/snapshot.repli
  {{- end }}
{{- end }}

{{/* Takes [folder, path below it]. */}}
{{- define "repli.under" -}}
{{ index . 0 }}{{ with index . 1 }}/{{ . }}{{ end }}
{{- end }}

{{/* Where views.yaml is in a pod. */}}
{{- define "repli.viewsFile" -}}
{{ if .Values.demo.enabled }}/demo/views.yaml{{ else }}/etc/repli/views/views.yaml{{ end }}
{{- end }}

{{/* The ConfigMap with views.yaml. */}}
{{- define "repli.viewsConfigMap" -}}
{{ .Values.views.configMap | default (printf "%s-views" (include "repli.fullname" .)) }}
{{- end }}
