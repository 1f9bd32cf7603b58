{{/* Files that jobs read: on a volume at /data, or fetched from a bucket to /work, where file 0 of users is in the folder users-0. */}}

{{/* Takes {section, kinds}: a flag for each file. */}}
{{- define "repli.inputs.flags" -}}
{{- range $kind := .kinds }}
{{- range $i, $file := index $.section $kind }}
- {{ printf "--%s=%s" $kind (include "repli.inputs.local" (list $kind $i $file)) | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Takes [kind, number, file]: where it is in the pod. */}}
{{- define "repli.inputs.local" -}}
{{- if hasPrefix "s3://" (index . 2) -}}
/work/{{ index . 0 }}-{{ index . 1 }}/{{ index . 2 | splitList "?" | first | base }}
{{- else -}}
{{ index . 2 }}
{{- end -}}
{{- end }}

{{/* Takes {root, section, kinds}: a container for each file in a bucket, one after the other. */}}
{{- define "repli.inputs.fetch" -}}
{{- range $kind := .kinds }}
{{- range $i, $file := index $.section $kind }}
{{- if hasPrefix "s3://" $file }}
- name: fetch-{{ $kind }}-{{ $i }}
  {{- include "repli.container" $.root | nindent 2 }}
  args: [copy, {{ $file | quote }}, {{ include "repli.inputs.local" (list $kind $i $file) | quote }}]
  {{- include "repli.small" $.root | nindent 2 }}
  volumeMounts:
    - {name: work, mountPath: /work}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Takes {section}: what is mounted for them. */}}
{{- define "repli.inputs.mounts" -}}
- {name: work, mountPath: /work}
{{- if .section.claim }}
- {name: data, mountPath: /data, readOnly: true}
{{- end }}
{{- end }}

{{- define "repli.inputs.volumes" -}}
- name: work
  emptyDir: {sizeLimit: {{ .section.diskSize }}}
{{- with .section.claim }}
- name: data
  persistentVolumeClaim: {claimName: {{ . }}, readOnly: true}
{{- end }}
{{- end }}

{{/* Takes {key, section, kinds}: refuses files that no pod would find. */}}
{{- define "repli.checkFiles" -}}
{{- range $kind := .kinds -}}
{{- range $i, $file := index $.section $kind -}}
{{- if not (or (regexMatch "^s3://[^/@]+/[^@]*[^/@]$" $file) (and $.section.claim (hasPrefix "/data/" $file))) -}}
{{- fail (printf "%s.%s[%d]: is no such file, expected s3://BUCKET/KEY without credentials, or /data/FILE with %s.claim" $.key $kind $i $.key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Takes {root, name, annotations}: the service account of a job. */}}
{{- define "repli.jobAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "repli.metadata" . | nindent 2 }}
  {{- with .annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}
