{{/* The one template of the four services. */}}

{{/* Takes {root, name}: all objects of a service. */}}
{{- define "repli.workload" -}}
{{- $own := index .root.Values .name -}}
{{- $service := index (include "repli.services" . | fromYaml) .name -}}
{{- $all := dict "root" .root "name" .name "own" $own "port" $service.port "service" $service.service "pod" (include "repli.pod" . | fromYaml) -}}
{{- include "repli.check" . -}}
{{- range $part := list "configmap" "serviceaccount" "service" "deployment" "autoscaler" "disruption" }}
{{- with include (printf "repli.%s" $part) $all }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "repli.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "repli.metadata" . | nindent 2 }}
data:
  {{ .name }}.yaml: |
    {{- include "repli.config" . | nindent 4 }}
{{- end }}

{{- define "repli.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "repli.metadata" . | nindent 2 }}
  {{- with .own.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}

{{/* Headless: gRPC keeps its connections, so an address that stands for all pods would pin each caller to one of them. */}}
{{- define "repli.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "repli.metadata" . | nindent 2 }}
spec:
  clusterIP: None
  selector:
    {{- include "repli.selector" . | nindent 4 }}
  ports:
    - {name: grpc, port: {{ .port }}, targetPort: grpc, appProtocol: grpc}
    - {name: admin, port: {{ add .port 1 }}, targetPort: admin, appProtocol: http}
{{- end }}

{{- define "repli.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "repli.metadata" . | nindent 2 }}
spec:
  {{- if not .own.autoscaling.enabled }}
  replicas: {{ .own.replicas }}
  {{- end }}
  minReadySeconds: {{ .pod.minReadySeconds }}
  revisionHistoryLimit: 5
  strategy:
    rollingUpdate: {maxSurge: {{ .pod.maxSurge }}, maxUnavailable: 0}
  selector:
    matchLabels:
      {{- include "repli.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "repli.podLabels" . | nindent 8 }}
        {{- with .pod.labels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ include "repli.config" . | sha256sum }}
        {{- if and (eq .name "feature") .root.Values.views.text }}
        checksum/views: {{ .root.Values.views.text | sha256sum }}
        {{- end }}
        {{- with .pod.annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "repli.podspec" . | nindent 6 }}
{{- end }}

{{- define "repli.podspec" -}}
serviceAccountName: {{ include "repli.name" . }}
{{ include "repli.podSecurity" .root }}
terminationGracePeriodSeconds: {{ .pod.terminationGracePeriodSeconds }}
{{- with .pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $.pod $key }}
{{ $key }}: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
topologySpreadConstraints:
  {{- include "repli.spread" . | nindent 2 }}
{{- $volumes := include (printf "repli.volumes.%s" .name) .root | fromYaml }}
{{- with include (printf "repli.init.%s" .name) .root }}
initContainers:
  {{- . | nindent 2 }}
{{- end }}
containers:
  - name: {{ .name }}
    {{- include "repli.container" .root | nindent 4 }}
    args: [{{ .name }}, --config=/etc/repli/config/{{ .name }}.yaml]
    env:
      {{- include "repli.env" (dict "root" .root "limits" .own.resources.limits "env" .own.env) | nindent 6 }}
    ports:
      - {name: grpc, containerPort: {{ .port }}}
      - {name: admin, containerPort: {{ add .port 1 }}}
    # The server says SERVING once it has its data or its warm-up is over, and goes on saying so whatever becomes of its
    # dependencies: so liveness restarts nobody because Redis is down, and readiness takes nobody out.
    startupProbe:
      {{- include "repli.probe" (dict "port" .port "service" "") | nindent 6 }}
      periodSeconds: 1
      failureThreshold: {{ .pod.startupSeconds }}
    readinessProbe:
      {{- include "repli.probe" . | nindent 6 }}
      periodSeconds: 5
      failureThreshold: 2
    livenessProbe:
      {{- include "repli.probe" (dict "port" .port "service" "") | nindent 6 }}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    {{- if .pod.preStopSeconds }}
    lifecycle:
      preStop:
        sleep: {seconds: {{ .pod.preStopSeconds }}}
    {{- end }}
    resources: {{- toYaml .own.resources | nindent 6 }}
    volumeMounts:
      - {name: config, mountPath: /etc/repli/config, readOnly: true}
      {{- with $volumes.mounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: config
    configMap: {name: {{ include "repli.name" . }}}
  {{- with $volumes.volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Up at once and by half; down slowly: a new pod's memory of users is cold, and an old one's is worth something. */}}
{{- define "repli.autoscaler" -}}
{{- if .own.autoscaling.enabled -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "repli.metadata" . | nindent 2 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "repli.name" . }}}
  minReplicas: {{ .own.autoscaling.minReplicas }}
  maxReplicas: {{ .own.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ .own.autoscaling.targetCPUPercent }}}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 0
      selectPolicy: Max
      policies:
        - {type: Percent, value: 50, periodSeconds: 30}
        - {type: Pods, value: 2, periodSeconds: 30}
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
        - {type: Pods, value: 1, periodSeconds: 120}
{{- end -}}
{{- end }}

{{- define "repli.disruption" -}}
{{- if .own.podDisruptionBudget.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "repli.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .own.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "repli.selector" . | nindent 6 }}
{{- end -}}
{{- end }}
