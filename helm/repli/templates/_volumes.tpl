{{/* What is mounted into which pods. Each gives {volumes, mounts}. */}}

{{- define "repli.volumes.gateway" -}}
volumes: []
mounts: []
{{- end }}

{{- define "repli.volumes.feature" -}}
volumes:
  {{- if not .Values.demo.enabled }}
  - name: views
    configMap: {name: {{ include "repli.viewsConfigMap" . }}}
  {{- end }}
  {{- if and .Values.redis.existingSecret (not .Values.redis.trial.enabled) }}
  - name: redis-password
    secret:
      secretName: {{ .Values.redis.existingSecret }}
      items: [{key: {{ .Values.redis.passwordKey }}, path: password}]
  {{- end }}
  {{- if and .Values.redis.tls.caSecret (not .Values.redis.trial.enabled) }}
  - name: redis-ca
    secret:
      secretName: {{ .Values.redis.tls.caSecret }}
      items: [{key: {{ .Values.redis.tls.caKey }}, path: ca.crt}]
  {{- end }}
mounts:
  {{- if not .Values.demo.enabled }}
  - {name: views, mountPath: /etc/repli/views, readOnly: true}
  {{- end }}
  {{- if and .Values.redis.existingSecret (not .Values.redis.trial.enabled) }}
  - {name: redis-password, mountPath: /etc/repli/redis, readOnly: true}
  {{- end }}
  {{- if and .Values.redis.tls.caSecret (not .Values.redis.trial.enabled) }}
  - {name: redis-ca, mountPath: /etc/repli/redis-ca, readOnly: true}
  {{- end }}
{{- end }}

{{- define "repli.volumes.ranking" -}}
{{- if .Values.demo.enabled -}}
volumes: []
mounts: []
{{- else if .Values.models.s3 -}}
volumes:
  - name: models
    emptyDir: {sizeLimit: {{ .Values.models.cacheSize }}}
mounts:
  - {name: models, mountPath: /var/lib/repli/models}
{{- else -}}
volumes:
  - name: models
    persistentVolumeClaim: {claimName: {{ .Values.models.volume.claim }}, readOnly: true}
mounts:
  - {name: models, mountPath: /models, readOnly: true}
{{- end -}}
{{- end }}

{{- define "repli.volumes.fallback" -}}
{{- if .Values.snapshot.volume.claim -}}
volumes:
  - name: snapshot
    persistentVolumeClaim: {claimName: {{ .Values.snapshot.volume.claim }}, readOnly: true}
mounts:
  - {name: snapshot, mountPath: /snapshot, readOnly: true}
{{- else -}}
volumes:
  - name: snapshot
    emptyDir: {sizeLimit: {{ .Values.snapshot.diskSize }}}
mounts:
  - {name: snapshot, mountPath: /var/lib/repli, readOnly: true}
{{- end -}}
{{- end }}

{{/* What has to run before the service does. */}}
{{- define "repli.init.gateway" }}{{ end }}
{{- define "repli.init.feature" }}{{ end }}
{{- define "repli.init.ranking" }}{{ end }}
{{- define "repli.init.fallback" -}}
{{- if .Values.snapshot.volume.claim }}
{{- else if .Values.snapshot.s3 }}
{{- /* Once before the service starts, so that a rollout while the bucket is away replaces no pod that answers by one that cannot; then
beside it. */}}
- name: fetch
  {{- include "repli.container" . | nindent 2 }}
  args: [copy, {{ .Values.snapshot.s3 | quote }}, /var/lib/repli/snapshot.repli]
  {{- include "repli.small" . | nindent 2 }}
  volumeMounts:
    - {name: snapshot, mountPath: /var/lib/repli}
- name: follow
  restartPolicy: Always
  {{- include "repli.container" . | nindent 2 }}
  args: [copy, {{ .Values.snapshot.s3 | quote }}, /var/lib/repli/snapshot.repli, --every={{ .Values.snapshot.every }}]
  {{- include "repli.small" . | nindent 2 }}
  volumeMounts:
    - {name: snapshot, mountPath: /var/lib/repli}
{{- else }}
- name: snapshot
  {{- include "repli.container" . | nindent 2 }}
  args:
    - snapshot
    - build
    - --views=/demo/views.yaml
    - --users=/demo/users.csv.gz
    - --events=/demo/events.csv.gz
    - --out=/var/lib/repli/snapshot.repli
  env:
    {{- include "repli.runtime" .Values.fallback.resources.limits | nindent 4 }}
  resources: {{- toYaml .Values.fallback.resources | nindent 4 }}
  volumeMounts:
    - {name: snapshot, mountPath: /var/lib/repli}
{{- end }}
{{- end }}
