{{/* What must not leak, and what must be there. */}}

{{/* Takes [key, value, pattern, expected]: refuses an address without repeating it. */}}
{{- define "repli.checkAddress" -}}
{{- if and (index . 1) (not (regexMatch (index . 2) (index . 1))) -}}
{{- fail (printf "%s: is no such address, expected %s" (index . 0) (index . 3)) -}}
{{- end -}}
{{- end }}

{{/* Takes {root, key, secret, field}: refuses a Secret that is not there or lacks its key, where the cluster can be asked. `helm
template` asks no cluster; there each namespace seems to have no service account. */}}
{{- define "repli.checkSecret" -}}
{{- $namespace := .root.Release.Namespace -}}
{{- if and .secret (lookup "v1" "ServiceAccount" $namespace "default") -}}
{{- $found := lookup "v1" "Secret" $namespace .secret -}}
{{- if not $found -}}
{{- fail (printf "%s: is %q, expected the name of a Secret in the namespace %q: there is none" .key .secret $namespace) -}}
{{- else if not (hasKey ($found.data | default dict) .field) -}}
{{- fail (printf "%s: the Secret %q has no key %q, expected one with the value" .key .secret .field) -}}
{{- end -}}
{{- end -}}
{{- end }}
