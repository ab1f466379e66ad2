package authclient

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/cookie"
	"jwt/internal/httpclient"
	"jwt/internal/oauth"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// request builds the request of a step, with values for the variables in it.
func (s *Client) request(ctx context.Context, step presets.Step, values map[string]string) (*http.Request, error) {
	if err := s.Preset.Ready(); err != nil {
		return nil, err
	}
	u, err := s.urlOf(step)
	if err != nil {
		return nil, err
	}
	v := s.variables(u, values)
	if len(step.Query) > 0 {
		u.RawQuery = v.form(step.Query).Encode()
	}
	body, contentType, err := content(step, v)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, step.Method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, verdict.Errorf(verdict.Usage, "%s: %w", httpclient.Show(u), err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", s.UserAgent)
	if token := values["$access_token"]; step.Bearer && token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	v.setHeaders(req.Header, step.Headers)
	if token := values["$refresh_token"]; step.RefreshCookie && token != "" {
		cookie.Add(req.Header, cmp.Or(values["$refresh_cookie"], s.Preset.Tokens.RefreshCookie()), token)
	}
	s.addJar(req)
	return req, nil
}

// addJar adds the cookies of the jar, but none whose name the request has already.
func (s *Client) addJar(req *http.Request) {
	if s.Jar == nil {
		return
	}
	own := cookie.Read(req.Header)
	for _, c := range s.Jar.Cookies(req.URL) {
		if !slices.ContainsFunc(own, func(o *http.Cookie) bool { return o.Name == c.Name }) {
			cookie.Add(req.Header, c.Name, c.Value)
		}
	}
}

// urlOf returns the URL of a step.
func (s *Client) urlOf(step presets.Step) (*url.URL, error) {
	base := s.URL
	if step.Server != "" {
		var err error
		if base, err = httpclient.ParseServer(step.Server); err != nil {
			return nil, err
		}
	}
	u := *base
	u.Path += step.Path
	u.RawPath = ""
	return &u, nil
}

// content returns the body of a step and its media type.
func content(step presets.Step, v variables) (body, contentType string, err error) {
	switch step.Body {
	case presets.BodyJSON:
		object := map[string]any{}
		for _, field := range step.Fields {
			name, value, isJSON := presets.CutField(field)
			switch {
			case isJSON:
				presets.Set(object, name, json.RawMessage(value))
			default:
				presets.Set(object, name, v.expand(value))
			}
		}
		text, err := json.Marshal(object)
		if err != nil {
			return "", "", verdict.Errorf(verdict.Internal, "%s: its body: %w", step.Path, err)
		}
		return string(text), "application/json", nil
	case presets.BodyForm:
		return v.form(step.Fields).Encode(), "application/x-www-form-urlencoded", nil
	}
	return "", "", nil
}

// variables are the values of the variables in a request.
type variables struct {
	known   map[string]string // with the $
	cookies []*http.Cookie    // that go to the URL
}

// variables returns the variables of a request to u, some with the given values.
func (s *Client) variables(u *url.URL, given map[string]string) variables {
	v := variables{known: map[string]string{"$origin": oauth.WebOrigin(s.URL)}}
	for name, value := range s.Preset.Values {
		v.known["$"+name] = value
	}
	for name, value := range given {
		v.known[name] = value
	}
	if s.Jar != nil {
		v.cookies = s.Jar.Cookies(u)
	}
	return v
}

// expand returns the value of a variable, or the text itself. That of a cookie which the
// server has not set is "". Frameworks escape the cookie of a CSRF token and compare the
// header with the text before that.
func (v variables) expand(text string) string {
	if name, ok := strings.CutPrefix(text, presets.CookieVariable); ok {
		for _, c := range v.cookies {
			if c.Name == name {
				return unescaped(c.Value)
			}
		}
		return ""
	}
	if known, ok := v.known[text]; ok {
		return known
	}
	return text
}

func unescaped(value string) string {
	if text, err := url.PathUnescape(value); err == nil {
		return text
	}
	return value
}

// form returns NAME=VALUE pairs as a form or a query.
func (v variables) form(pairs []string) url.Values {
	form := url.Values{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		form.Add(name, v.expand(value))
	}
	return form
}

// setHeaders sets NAME: VALUE headers. It leaves out one whose variable is empty or has
// characters that a header cannot carry: the server says better what is missing.
func (v variables) setHeaders(h http.Header, headers []string) {
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		words := strings.Fields(value)
		for i, word := range words {
			words[i] = v.expand(word)
		}
		if !slices.Contains(words, "") && printable(strings.Join(words, " ")) {
			h.Set(name, strings.Join(words, " "))
		}
	}
}

// CallHeaders adds the headers that a call needs besides the access token, unless the caller
// has set them.
func CallHeaders(p presets.Preset, h http.Header, server *url.URL, cookies []*http.Cookie) {
	v := (&Client{URL: server, Preset: p}).variables(server, nil)
	v.cookies = cookies
	own := http.Header{}
	v.setHeaders(own, p.Call.Headers)
	for name, values := range own {
		if len(h.Values(name)) == 0 {
			h[name] = values
		}
	}
}
