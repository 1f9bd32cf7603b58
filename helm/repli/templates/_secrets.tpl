{{/* What must not leak, and what must be there. */}}

{{/* Takes [key, value, pattern, expected]: refuses an address without repeating it. */}}
{{- define "repli.checkAddress" -}}
{{- if and (index . 1) (not (regexMatch (index . 2) (index . 1))) -}}
{{- fail (printf "%s: is no such address, expected %s" (index . 0) (index . 3)) -}}
{{- end -}}
{{- end }}

{{/* Says something where the cluster can be asked. `helm template` asks none: there nothing seems to be there. Each namespace has a
service account; one that is only about to be made has none, and whoever may make namespaces may look at kube-system, too. That is
asked second, since most who install may look at their own namespace only, and what is forbidden fails the install. */}}
{{- define "repli.asked" -}}
{{- if or (lookup "v1" "ServiceAccount" .Release.Namespace "default") (lookup "v1" "Namespace" "" "kube-system") }}yes{{ end -}}
{{- end }}

{{/* Takes {root, key, secret, fields}: refuses a Secret that is not there or has none of the keys, where the cluster can be asked. */}}
{{- define "repli.checkSecret" -}}
{{- $namespace := .root.Release.Namespace -}}
{{- if and .secret (include "repli.asked" .root) -}}
{{- $found := lookup "v1" "Secret" $namespace .secret -}}
{{- if not $found -}}
{{- fail (printf "%s: is %q, expected the name of a Secret in the namespace %q: there is none" .key .secret $namespace) -}}
{{- else if not (pick ($found.data | default dict) (index .fields 0) (last .fields)) -}}
{{- fail (printf "%s: the Secret %q has no key %q, expected one with the value" .key .secret (join " or " .fields)) -}}
{{- end -}}
{{- end -}}
{{- end }}
