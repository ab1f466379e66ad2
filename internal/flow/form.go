package flow

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"jwt/internal/httpclient"
)

// localMark is in every page of the local server.
const localMark = `<meta name="generator" content="jwt session serve">`

// A form is a form of a page, filled in.
type form struct {
	name    string // of the step
	request func(context.Context) (*http.Request, error)
}

// localForm fills in the form of a page of the local server, which marks its pages. It
// reports false for any other page: the password is for the server that is judged, and a page
// that looks like its login may be anybody's.
func (p *provider) localForm(a answer) (form, bool) {
	text := string(a.body)
	if !a.ok() || a.at == nil || httpclient.Origin(a.at) != httpclient.Origin(p.Server) || len(p.Password) == 0 || !strings.Contains(text, localMark) {
		return form{}, false
	}
	tag, inside, ok := cutForm(text)
	if !ok {
		return form{}, false
	}
	to, err := a.at.Parse(attributes(tag)["action"])
	if err != nil || httpclient.Origin(to) != httpclient.Origin(p.Server) {
		return form{}, false
	}
	fields, name := p.fill(inside)
	return form{name: name, request: func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(fields.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", httpclient.Origin(p.Server))
		return req, nil
	}}, true
}

// fill fills in the fields of a form: the user, the password, and the first button, which
// is the one that agrees.
func (p *provider) fill(inside string) (fields url.Values, name string) {
	fields, name = url.Values{}, "agree on the page"
	pressed := false
	for _, tag := range fieldTags(inside) {
		field := attributes(tag)
		switch kind := field["type"]; {
		case field["name"] == "" || kind == "checkbox" || kind == "radio":
		case kind == "password":
			fields.Set(field["name"], string(p.Password))
			name = "log in on the page"
		case kind == "submit" || strings.HasPrefix(tag, "button"):
			if !pressed {
				fields.Set(field["name"], field["value"])
			}
			pressed = true
		case kind == "hidden" || field["value"] != "":
			fields.Set(field["name"], field["value"])
		default:
			fields.Set(field["name"], p.User)
		}
	}
	return fields, name
}

// cutForm returns the tag of the first form, and what is inside.
func cutForm(text string) (tag, inside string, ok bool) {
	_, text, ok = strings.Cut(text, "<form")
	if !ok {
		return "", "", false
	}
	inside, _, ok = strings.Cut(text, "</form>")
	tag, inside, _ = strings.Cut(inside, ">")
	return tag, inside, ok
}

// fieldTags returns the tags of input and button elements.
func fieldTags(inside string) (tags []string) {
	for piece := range strings.SplitSeq(inside, "<") {
		tag, _, ok := strings.Cut(piece, ">")
		if ok && (strings.HasPrefix(tag, "input") || strings.HasPrefix(tag, "button")) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// attributes returns the attributes of a tag as the local server writes it: in lower case
// and double quotes.
func attributes(tag string) map[string]string {
	unescape := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&quot;", `"`, "&#39;", "'", "&amp;", "&")
	all := map[string]string{}
	for {
		before, rest, ok := strings.Cut(tag, `="`)
		value, after, closed := strings.Cut(rest, `"`)
		if !ok || !closed {
			return all
		}
		all[before[strings.LastIndexByte(before, ' ')+1:]] = unescape.Replace(value)
		tag = after
	}
}
