package scimserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
)

// bulkOperation is one of RFC 7644 section 3.7.
type bulkOperation struct {
	Method  string          `json:"method"`
	BulkID  string          `json:"bulkId"`
	Version string          `json:"version"`
	Path    string          `json:"path"`
	Data    json.RawMessage `json:"data"`
}

type bulkRequest struct {
	FailOnErrors int             `json:"failOnErrors"`
	Operations   []bulkOperation `json:"Operations"`
}

// serveBulk carries out the operations in their order. A reference "bulkId:x" in
// data or path means the resource that an earlier operation of that bulkId made;
// later ones are not looked for, which the RFC allows a provider to refuse.
func (p *provider) serveBulk(w http.ResponseWriter, r *http.Request) {
	var request bulkRequest
	raw, err := io.ReadAll(r.Body)
	if r.Method != http.MethodPost || err != nil || json.Unmarshal(raw, &request) != nil {
		refuse(w, http.StatusBadRequest, "invalidSyntax", "This is no bulk request.")
		return
	}
	if len(request.Operations) > p.quirks.Bulk {
		refuse(w, http.StatusRequestEntityTooLarge, "", "There are more than "+strconv.Itoa(p.quirks.Bulk)+" operations.")
		return
	}
	made := map[string]string{}
	results := []map[string]any{}
	failed := 0
	for _, op := range request.Operations {
		result, ok := p.bulk(r, op, made)
		results = append(results, result)
		if !ok {
			failed++
		}
		if request.FailOnErrors > 0 && failed >= request.FailOnErrors {
			break
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkResponse"}, "Operations": results,
	})
}

func (p *provider) bulk(r *http.Request, op bulkOperation, made map[string]string) (map[string]any, bool) {
	path, data := op.Path, op.Data
	for bulkID, id := range made {
		path = strings.ReplaceAll(path, "bulkId:"+bulkID, id)
		data = bytes.ReplaceAll(data, []byte(`"bulkId:`+bulkID+`"`), []byte(strconv.Quote(id)))
	}
	method := strings.ToUpper(op.Method)
	inner, err := http.NewRequestWithContext(r.Context(), method, path, bytes.NewReader(data))
	if err != nil || path == "/Bulk" {
		return map[string]any{"method": method, "bulkId": op.BulkID, "status": "400"}, false
	}
	if op.Version != "" {
		inner.Header.Set("If-Match", op.Version)
	}
	captured := httptest.NewRecorder()
	p.serve(captured, inner, inner.URL.EscapedPath())
	result := map[string]any{"method": method, "status": strconv.Itoa(captured.Code)}
	if op.BulkID != "" {
		result["bulkId"] = op.BulkID
	}
	if captured.Code >= http.StatusBadRequest {
		result["response"] = json.RawMessage(captured.Body.Bytes())
		return result, false
	}
	var resource struct {
		ID   string `json:"id"`
		Meta struct{ Location, Version string }
	}
	if json.Unmarshal(captured.Body.Bytes(), &resource) == nil && resource.ID != "" {
		result["location"], result["version"] = resource.Meta.Location, resource.Meta.Version
		if p.quirks.BulkTells {
			result["response"] = json.RawMessage(captured.Body.Bytes())
		}
		if op.BulkID != "" {
			made[op.BulkID] = resource.ID
		}
	}
	return result, true
}
