{{- /* The layout of docs/api. crd-ref-docs starts with the template gvList. */ -}}
{{- define "gvList" -}}
{{- range $gv := . -}}
# {{ .GroupVersionString }}

{{ template "prose" .Doc }}

The documents in [docs/spec/{{ .Version }}](../spec/{{ .Version }}) tell how to use each kind; this is the list of all
fields, made from the comments in `api/{{ .Version }}` by `make docs`.

## Kinds

{{ range .SortedKinds -}}
- {{ $gv.TypeForKind . | markdownRenderTypeLink }}
{{ end -}}
{{- range .SortedKinds }}{{ template "type" $gv.TypeForKind . }}{{ end }}
## Parts
{{ range .SortedTypes }}{{ if and (not .GVK) .References }}{{ template "type" . }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "type" }}
### {{ .Name }}

{{ template "prose" .Doc }}
{{ if and .Validation (not .EnumValues) }}
Limits: {{ template "limits" .Validation }}
{{ end -}}
{{ with .SortedReferences }}
Part of {{ range $i, $t := . }}{{ if $i }}, {{ end }}{{ markdownRenderTypeLink $t }}{{ end }}.
{{ end -}}
{{ with .Members }}
| field | type | what it is | limits |
|---|---|---|---|
{{ range . -}}
| `{{ .Name }}` | {{ markdownRenderType .Type }} | {{ template "cell" .Doc }}{{ with .Default }} Default: `{{ . | replace "{  }" "{}" }}`.{{ end }} | {{ template "limits" .Validation }} |
{{ end -}}
{{ end -}}
{{ with .EnumValues }}
| value | what it means |
|---|---|
{{ range . -}}
| `{{ .Name }}` | {{ template "cell" .Doc }} |
{{ end -}}
{{ end -}}
{{ end -}}

{{- /* A placeholder such as <user> would be taken for HTML. */ -}}
{{- define "prose" }}{{ . | trim | replace "<" "&lt;" }}{{ end -}}

{{- /* A table's cell is one line without bars. */ -}}
{{- define "cell" }}{{ . | replace "<" "&lt;" | replace "|" "\\|" | replace "\n" " " | trim }}{{ end -}}

{{- /* Fields are optional unless they say otherwise, so only the others are told. */ -}}
{{- define "limits" }}{{ $told := 0 }}{{ range . }}{{ if not (hasPrefix "Optional" .) -}}
{{ if $told }}, {{ end }}{{ $told = 1 }}{{ template "cell" (. | replace ": {}" "" | replace "1e+06" "1000000") }}
{{- end }}{{ end }}{{ end -}}
