{{/* What pods are made of. */}}

{{/* Takes {root, name}: pod, overridden by the service's own. */}}
{{- define "repli.pod" -}}
{{- mergeOverwrite (deepCopy .root.Values.pod) (index .root.Values .name).pod | toYaml -}}
{{- end }}

{{/* What each container of the mesh's image has. */}}
{{- define "repli.container" -}}
image: {{ include "repli.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* What each pod of the mesh has: nobody's identity in the cluster, nobody's user on the node. */}}
{{- define "repli.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* Takes limits: how much the Go runtime may use. The processors are rounded up; a tenth of the memory is left for what is not the
heap, and for the collector to be late in. */}}
{{- define "repli.runtime" -}}
- name: GOMAXPROCS
  valueFrom:
    resourceFieldRef: {resource: limits.cpu, divisor: "1"}
- name: GOMEMLIMIT
  value: {{ printf "%.0f" (mulf 0.9 (include "repli.bytes" .memory | float64)) | quote }}
{{- end }}

{{/* What a container needs that copies a file, or asks once. */}}
{{- define "repli.small" -}}
{{- $limits := dict "cpu" "500m" "memory" "128Mi" -}}
env:
  {{- include "repli.runtime" $limits | nindent 2 }}
resources:
  requests: {cpu: 20m, memory: 128Mi}
  limits: {{- toYaml $limits | nindent 4 }}
{{- end }}

{{/* Takes {root, limits, env}: how much the Go runtime may use, where traces go, and what the values add. */}}
{{- define "repli.env" -}}
{{ include "repli.runtime" .limits }}
{{- with .root.Values.telemetry.otlpEndpoint }}
- name: POD_NAME
  valueFrom:
    fieldRef: {fieldPath: metadata.name}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.namespace.name={{ $.root.Release.Namespace }},k8s.pod.name=$(POD_NAME)
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- range $name, $value := .env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Takes {port, service}: a probe by gRPC's health protocol. */}}
{{- define "repli.probe" -}}
grpc: {port: {{ .port }}, service: {{ .service | quote }}}
{{- end }}

{{/* Takes {root, name}: spread over zones, then over nodes; each generation of pods by itself. */}}
{{- define "repli.spread" -}}
{{- $pod := include "repli.pod" . | fromYaml -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- topologyKey: {{ $key }}
  maxSkew: 1
  whenUnsatisfiable: {{ $pod.whenUnsatisfiable }}
  labelSelector:
    matchLabels:
      {{- include "repli.selector" $ | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end }}
