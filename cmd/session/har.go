package session

import (
	"net/http"
	"time"

	"jwt/internal/render"
	"jwt/internal/session"
)

// har returns the requests in the HTTP Archive format 1.2. Values that the
// record does not keep are left out; sizes are -1, which means unknown.
func har(entries []session.Entry, version string) render.Object {
	list := []render.Object{}
	for _, e := range entries {
		list = append(list, render.Object{
			{Name: "startedDateTime", Value: e.At.Format(time.RFC3339Nano)},
			{Name: "time", Value: e.MS},
			{Name: "request", Value: harRequest(e)},
			{Name: "response", Value: harResponse(e)},
			{Name: "cache", Value: render.Object{}},
			{Name: "timings", Value: render.Object{{Name: "send", Value: 0}, {Name: "wait", Value: e.MS}, {Name: "receive", Value: 0}}},
			{Name: "comment", Value: e.Step},
		})
	}
	return render.Object{{Name: "log", Value: render.Object{
		{Name: "version", Value: "1.2"},
		{Name: "creator", Value: render.Object{{Name: "name", Value: "jwt"}, {Name: "version", Value: version}}},
		{Name: "entries", Value: list},
	}}}
}

const notRecorded = "(not recorded)"

func harRequest(e session.Entry) render.Object {
	headers := []render.Object{}
	for _, kind := range e.Sends {
		switch kind {
		case "cookies":
			headers = append(headers, harPair("Cookie", notRecorded))
		default:
			headers = append(headers, harPair("Authorization", kind+" "+notRecorded))
		}
	}
	query := []render.Object{}
	if e.Query {
		query = append(query, harPair(notRecorded, notRecorded))
	}
	o := render.Object{
		{Name: "method", Value: e.Method},
		{Name: "url", Value: e.Origin + e.Path},
		{Name: "httpVersion", Value: "HTTP/1.1"},
		{Name: "cookies", Value: []render.Object{}},
		{Name: "headers", Value: headers},
		{Name: "queryString", Value: query},
		{Name: "headersSize", Value: -1},
		{Name: "bodySize", Value: -1},
	}
	if len(e.Fields) == 0 {
		return o
	}
	params := []render.Object{}
	for _, name := range e.Fields {
		params = append(params, harPair(name, notRecorded))
	}
	return append(o, render.Field{Name: "postData", Value: render.Object{
		{Name: "mimeType", Value: ""},
		{Name: "params", Value: params},
		{Name: "text", Value: ""},
	}})
}

func harResponse(e session.Entry) render.Object {
	headers := []render.Object{}
	if e.Type != "" {
		headers = append(headers, harPair("Content-Type", e.Type))
	}
	if e.Error != "" {
		headers = append(headers, harPair("WWW-Authenticate", `Bearer error="`+e.Error+`"`))
	}
	for range e.Sets {
		headers = append(headers, harPair("Set-Cookie", notRecorded))
	}
	return render.Object{
		{Name: "status", Value: e.Status},
		{Name: "statusText", Value: http.StatusText(e.Status)},
		{Name: "httpVersion", Value: "HTTP/1.1"},
		{Name: "cookies", Value: []render.Object{}},
		{Name: "headers", Value: headers},
		{Name: "content", Value: render.Object{{Name: "size", Value: -1}, {Name: "mimeType", Value: e.Type}}},
		{Name: "redirectURL", Value: ""},
		{Name: "headersSize", Value: -1},
		{Name: "bodySize", Value: -1},
	}
}

func harPair(name, value string) render.Object {
	return render.Object{{Name: "name", Value: name}, {Name: "value", Value: value}}
}
