{{- define "rollcall.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "rollcall.releaseLabels" -}}
app.kubernetes.io/name: rollcall
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What tells the daemon's pods from those of the report and the test. */}}
{{- define "rollcall.selectorLabels" -}}
{{ include "rollcall.releaseLabels" . }}
app.kubernetes.io/component: daemon
{{- end -}}

{{- define "rollcall.labels" -}}
{{ include "rollcall.releaseLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "rollcall.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "rollcall.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "rollcall.subjects" -}}
- {kind: ServiceAccount, name: {{ include "rollcall.serviceAccountName" . }}, namespace: {{ .Release.Namespace }}}
{{- end -}}

{{- define "rollcall.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* rollcall.yaml: what the chart knows by itself, and over it what the values say. */}}
{{- define "rollcall.config" -}}
{{- $known := dict -}}
{{- with .Values.kubernetes -}}
{{- if .enabled -}}
{{- $kubernetes := dict "selector" .selector -}}
{{- range $key := list "service" "namespace" "port" "events" -}}
{{- with index $.Values.kubernetes $key }}{{ $_ := set $kubernetes $key . }}{{ end -}}
{{- end -}}
{{- $_ := set $known "kubernetes" $kubernetes -}}
{{- end -}}
{{- end -}}
{{- if .Values.leaderElection.enabled -}}
{{- $lease := .Values.leaderElection.leaseName | default (include "rollcall.fullname" .) -}}
{{- $_ := set $known "kubernetes" (set ($known.kubernetes | default dict) "lease" $lease) -}}
{{- end -}}
{{- with .Values.content -}}
{{- if .existingClaim -}}
{{- $_ := set $known "content" (dict "path" .mountPath) -}}
{{- if .readOnly }}{{ $_ := set $known "checks" (dict "volume" (dict "write" false)) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $config := mergeOverwrite $known (deepCopy .Values.config) -}}
{{- if and ($config.kubernetes | default dict).selector (or $config.pods $config.pods_dns) -}}
{{- fail "config.pods and config.pods_dns name the pods by themselves: set kubernetes.enabled=false" -}}
{{- end -}}
{{- if not (hasSuffix ":9868" ($config.listen | default ":9868")) -}}
{{- fail "config.listen must keep the port 9868: the Service and the probes ask it" -}}
{{- end -}}
{{- if $config }}{{ toYaml $config }}{{ end -}}
{{- end -}}

{{/* "kubernetes" of the configuration as it results; an empty map without. */}}
{{- define "rollcall.kubernetes" -}}
{{- $config := include "rollcall.config" . | fromYaml -}}
{{- $config.kubernetes | default dict | toYaml -}}
{{- end -}}

{{/* "true" unless the check is switched off. */}}
{{- define "rollcall.checksDeployment" -}}
{{- $config := include "rollcall.config" . | fromYaml -}}
{{- if ne (dig "checks" "deployment" "enabled" true $config | toString) "false" }}true{{ end -}}
{{- end -}}

{{- define "rollcall.ghostNamespace" -}}
{{- $kubernetes := include "rollcall.kubernetes" . | fromYaml -}}
{{- $kubernetes.namespace | default .Release.Namespace -}}
{{- end -}}

{{/* In another namespace releases of the same name may meet. */}}
{{- define "rollcall.roleName" -}}
{{- if ne (include "rollcall.ghostNamespace" .) .Release.Namespace }}{{ .Release.Namespace }}-{{ end -}}
{{- include "rollcall.fullname" . -}}
{{- end -}}

{{/* One variable from a key of a Secret; nothing when the key has no name. (dict name secret key) */}}
{{- define "rollcall.secretVariable" -}}
{{- if and .secret .key }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: {name: {{ .secret | quote }}, key: {{ .key | quote }}}
{{- end }}
{{- end -}}

{{- define "rollcall.env" -}}
- {name: ROLLCALL_CONFIG, value: /etc/rollcall/rollcall.yaml}
{{- with .Values.database }}
{{- $secret := .existingSecret }}
{{- with .existingSecretKeys }}
{{- include "rollcall.secretVariable" (dict "name" "ROLLCALL_DB_PASSWORD" "secret" $secret "key" .password) }}
{{- include "rollcall.secretVariable" (dict "name" "database__connection__host" "secret" $secret "key" .host) }}
{{- include "rollcall.secretVariable" (dict "name" "database__connection__port" "secret" $secret "key" .port) }}
{{- include "rollcall.secretVariable" (dict "name" "database__connection__user" "secret" $secret "key" .user) }}
{{- include "rollcall.secretVariable" (dict "name" "database__connection__database" "secret" $secret "key" .name) }}
{{- end }}
{{- end }}
{{- with .Values.apiKeys }}
{{- include "rollcall.secretVariable" (dict "name" "ROLLCALL_CONTENT_API_KEY" "secret" .existingSecret "key" .contentApiKey) }}
{{- include "rollcall.secretVariable" (dict "name" "ROLLCALL_ADMIN_API_KEY" "secret" .existingSecret "key" .adminApiKey) }}
{{- include "rollcall.secretVariable" (dict "name" "ROLLCALL_PURGE_TOKEN" "secret" .existingSecret "key" .purgeToken) }}
{{- end }}
{{- with .Values.webhook }}
{{- include "rollcall.secretVariable" (dict "name" "ROLLCALL_WEBHOOK_URL" "secret" .existingSecret "key" .url) }}
{{- include "rollcall.secretVariable" (dict "name" "ROLLCALL_WEBHOOK_SECRET" "secret" .existingSecret "key" .secret) }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A claim is for one pod at a time: the old one must be gone before the new one comes. */}}
{{- define "rollcall.stateStrategy" -}}
{{- if .Values.state.existingClaim -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- fail "state.existingClaim is for one replica: leave it out, and each has a history of its own" -}}
{{- end -}}
type: Recreate
{{- end -}}
{{- end -}}

{{/* What the containers of the daemon, the report and the test have in common. */}}
{{- define "rollcall.container" -}}
name: rollcall
image: {{ include "rollcall.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  {{- include "rollcall.env" . | nindent 2 }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - {name: config, mountPath: /etc/rollcall, readOnly: true}
  {{- with .Values.content }}
  {{- if .existingClaim }}
  - name: content
    mountPath: {{ .mountPath | quote }}
    {{- with .subPath }}
    subPath: {{ . | quote }}
    {{- end }}
    readOnly: {{ .readOnly }}
  {{- end }}
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* And their pods; the token apart. */}}
{{- define "rollcall.pod" -}}
serviceAccountName: {{ include "rollcall.serviceAccountName" . }}
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: config
    configMap: {name: {{ include "rollcall.fullname" . }}}
  {{- with .Values.content.existingClaim }}
  - name: content
    persistentVolumeClaim: {claimName: {{ . | quote }}}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* An endpoint of a ServiceMonitor or PodMonitor. Prometheus' operator would call Rollcall's own pod
     "pod", and rename the label of Rollcall's metrics, which means Ghost's. */}}
{{- define "rollcall.endpoint" -}}
- port: http
  path: /metrics
  {{- with .interval }}
  interval: {{ . | quote }}
  {{- end }}
  {{- with .scrapeTimeout }}
  scrapeTimeout: {{ . | quote }}
  {{- end }}
  relabelings:
    - {action: labeldrop, regex: pod}
    {{- with .relabelings }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
