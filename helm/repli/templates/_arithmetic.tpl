{{/* Durations, amounts of memory, and sums that must fit. */}}

{{/* A duration as Go writes it, such as 1m30s or 2.5ms, in nanoseconds. */}}
{{- define "repli.nanoseconds" -}}
{{- $units := dict "ns" 1.0 "us" 1e3 "µs" 1e3 "ms" 1e6 "s" 1e9 "m" 6e10 "h" 36e11 -}}
{{- $sum := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ns|us|µs|ms|s|m|h)" (toString .) -1 -}}
{{- $unit := regexFind "[a-zµ]+$" . -}}
{{- $sum = addf $sum (mulf (float64 (trimSuffix $unit .)) (get $units $unit)) -}}
{{- end -}}
{{- printf "%.0f" $sum -}}
{{- end }}

{{/* Nanoseconds as people read them. */}}
{{- define "repli.duration" -}}
{{- $n := float64 . -}}
{{- if or (eq $n 0.0) (ge $n 1e9) -}}{{ printf "%gs" (divf $n 1e9) }}{{ else if ge $n 1e6 -}}{{ printf "%gms" (divf $n 1e6) }}{{ else -}}{{ printf "%gµs" (divf $n 1e3) }}{{ end -}}
{{- end }}

{{/* An amount of memory as Kubernetes writes it, such as 1.5Gi, in bytes. */}}
{{- define "repli.bytes" -}}
{{- $units := dict "" 1.0 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- $unit := regexFind "[a-zA-Z]*$" (toString .) -}}
{{- if not (hasKey $units $unit) }}{{ fail (printf "%q is no amount of memory that the chart can read, expected one such as 512Mi" (toString .)) }}{{ end -}}
{{- printf "%.0f" (mulf (float64 (trimSuffix $unit (toString .))) (get $units $unit)) -}}
{{- end }}

{{/* Takes {root, name}: a service's settings: the defaults of the code, the chart's, and those of the values. */}}
{{- define "repli.effective" -}}
{{- $all := .root.Files.Get "files/defaults.yaml" | fromYaml -}}
{{- mergeOverwrite (deepCopy (index $all .name)) (include "repli.config" . | fromYaml) | toYaml -}}
{{- end }}

{{/* Takes {root, name}: refuses settings of a service that contradict each other or its pods. */}}
{{- define "repli.check" -}}
{{- $effective := include "repli.effective" . | fromYaml -}}
{{- $pod := include "repli.pod" . | fromYaml -}}
{{- $server := $effective.process.server -}}
{{- $name := .name -}}
{{- $stop := float64 $pod.preStopSeconds | mulf 1e9 -}}
{{- $ready := include "repli.nanoseconds" $server.ready_delay | float64 -}}
{{- $drain := include "repli.nanoseconds" $server.drain_timeout | float64 -}}
{{- $need := addf $stop $ready $drain 5e9 -}}
{{- if gt $need (mulf 1e9 (float64 $pod.terminationGracePeriodSeconds)) -}}
{{- fail (printf "pod.terminationGracePeriodSeconds: is %v for %s, expected at least %s = preStopSeconds %s + %s.config.process.server.ready_delay %s + drain_timeout %s + 5s for the last spans"
  $pod.terminationGracePeriodSeconds $name (include "repli.duration" $need | trimSuffix "s") (include "repli.duration" $stop) $name (include "repli.duration" $ready) (include "repli.duration" $drain)) -}}
{{- end -}}
{{- $warm := include "repli.nanoseconds" $effective.process.warm_up | float64 -}}
{{- if le (mulf 1e9 (float64 $pod.startupSeconds)) $warm -}}
{{- fail (printf "pod.startupSeconds: is %v for %s, expected more than %s.config.process.warm_up, %s" $pod.startupSeconds $name $name (include "repli.duration" $warm)) -}}
{{- end -}}
{{- if has (toString $pod.maxSurge) (list "0" "0%") -}}
{{- fail (printf "pod.maxSurge: is %v for %s, expected more than 0: a rollout takes no pod away before there is another" $pod.maxSurge $name) -}}
{{- end -}}
{{- if eq $name "gateway" }}{{ include "repli.checkBudget" (dict "config" $effective) }}{{ end -}}
{{- include "repli.checkCalls" (dict "root" .root "name" $name "server" $server) -}}
{{- if eq $name "feature" }}{{ include "repli.checkCache" (dict "root" .root "config" $effective) }}{{ end -}}
{{- $limits := (index .root.Values $name).autoscaling -}}
{{- if and $limits.enabled (lt (int $limits.maxReplicas) (int $limits.minReplicas)) -}}
{{- fail (printf "%s.autoscaling.maxReplicas: is %v, expected at least minReplicas, %v" $name $limits.maxReplicas $limits.minReplicas) -}}
{{- end -}}
{{- end }}

{{/* Takes {config}: refuses a division of time that does not keep the promise, as the gateway does at its start. */}}
{{- define "repli.checkBudget" -}}
{{- $budget := .config.gateway.budget -}}
{{- range $key := list "reserve" "fallback" "feature" "ranking" -}}
{{- include "repli.checkShare" (dict "key" (printf "gateway.config.gateway.budget.%s" $key) "share" (index $budget $key)) -}}
{{- end -}}
{{- $promise := include "repli.nanoseconds" $budget.promise | float64 -}}
{{- $default := include "repli.nanoseconds" $budget.default | float64 -}}
{{- $max := include "repli.nanoseconds" $budget.max | float64 -}}
{{- if le $promise 0.0 -}}
{{- fail (printf "gateway.config.gateway.budget.promise: is %s, expected more than 0s" (include "repli.duration" $promise)) -}}
{{- end -}}
{{- if lt $default $promise -}}
{{- fail (printf "gateway.config.gateway.budget.default: is %s, expected at least the promise of %s" (include "repli.duration" $default) (include "repli.duration" $promise)) -}}
{{- end -}}
{{- if lt $max $default -}}
{{- fail (printf "gateway.config.gateway.budget.max: is %s, expected at least the default of %s" (include "repli.duration" $max) (include "repli.duration" $default)) -}}
{{- end -}}
{{- $reserve := maxf (mulf $promise (float64 $budget.reserve.share)) (include "repli.nanoseconds" $budget.reserve.floor | float64) -}}
{{- $ceiling := include "repli.nanoseconds" $budget.reserve.ceiling | float64 -}}
{{- if gt $ceiling 0.0 }}{{ $reserve = minf $reserve $ceiling }}{{ end -}}
{{- $first := maxf (include "repli.nanoseconds" $budget.fallback.floor | float64) (include "repli.nanoseconds" $budget.feature.floor | float64) -}}
{{- $ranking := include "repli.nanoseconds" $budget.ranking.floor | float64 -}}
{{- $need := addf $reserve $first $ranking -}}
{{- if gt $need $promise -}}
{{- fail (printf "gateway.config.gateway.budget.promise: is %s, expected at least %s = reserve %s + the longer floor of fallback and feature %s + ranking floor %s"
  (include "repli.duration" $promise) (include "repli.duration" $need) (include "repli.duration" $reserve) (include "repli.duration" $first) (include "repli.duration" $ranking)) -}}
{{- end -}}
{{- end }}

{{/* Takes {key, share}: refuses a part of the time that is none. */}}
{{- define "repli.checkShare" -}}
{{- $part := float64 .share.share -}}
{{- if or (le $part 0.0) (gt $part 1.0) -}}
{{- fail (printf "%s.share: is %v, expected more than 0 and at most 1" .key $part) -}}
{{- end -}}
{{- $floor := include "repli.nanoseconds" .share.floor | float64 -}}
{{- if le $floor 0.0 -}}
{{- fail (printf "%s.floor: is %s, expected more than 0s" .key (include "repli.duration" $floor)) -}}
{{- end -}}
{{- $ceiling := include "repli.nanoseconds" .share.ceiling | float64 -}}
{{- if and (gt $ceiling 0.0) (lt $ceiling $floor) -}}
{{- fail (printf "%s.ceiling: is %s, expected 0s (none) or at least the floor of %s" .key (include "repli.duration" $ceiling) (include "repli.duration" $floor)) -}}
{{- end -}}
{{- end }}

{{/* Takes {root, name, server}: refuses a server that ends calls which the gateway still waits for. */}}
{{- define "repli.checkCalls" -}}
{{- $budget := (include "repli.effective" (dict "root" .root "name" "gateway") | fromYaml).gateway.budget -}}
{{- $max := include "repli.nanoseconds" $budget.max | float64 -}}
{{- range $key := list "drain_timeout" "max_connection_age_grace" -}}
{{- $value := include "repli.nanoseconds" (index $.server $key) | float64 -}}
{{- if lt $value $max -}}
{{- fail (printf "%s.config.process.server.%s: is %s, expected at least the longest call, gateway.config.gateway.budget.max, %s" $.name $key (include "repli.duration" $value) (include "repli.duration" $max)) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Takes {root, config}: refuses rows in memory for which a pod has not the memory. */}}
{{- define "repli.checkCache" -}}
{{- $cache := .config.feature.cache -}}
{{- $limit := include "repli.bytes" .root.Values.feature.resources.limits.memory | float64 -}}
{{- $need := divf (mulf (float64 $cache.bytes) 4.0) 3.0 -}}
{{- if and $cache.enabled (gt $need $limit) -}}
{{- fail (printf "feature.resources.limits.memory: is %v, expected at least %.0f bytes = feature.config.feature.cache.bytes %.0f + a third" .root.Values.feature.resources.limits.memory $need (float64 $cache.bytes)) -}}
{{- end -}}
{{- end }}
