package web

import (
	_ "embed"
	"strconv"
	"strings"

	"jwt/internal/markup"
	"jwt/internal/phrase"
	"jwt/internal/profile"
	"jwt/internal/render"
)

//go:embed page.html
var body string

//go:embed page.css
var style string

//go:embed page.js
var script string

// textField keeps the text of a field on this machine: some browsers send what they check or
// complete to a service.
const textField = `autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false" translate="no"`

// page returns the page, and the policy under which it loads nothing and runs only its own script.
func page(o Options) (text []byte, policy string) {
	css := render.PageStyle + style
	policy = strings.Join([]string{
		"default-src 'none'", "script-src " + render.SourceHash(script), "style-src " + render.SourceHash(css), "connect-src 'self'",
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
	fill := strings.NewReplacer(
		"TEXT", textField,
		"VERIFY_KEYS", options(o.verifyKeys()),
		"SIGN_KEYS", options(o.signKeys()),
		"PROFILES", options(profiles(o.Expected.Profile)),
		"ISSUER", escaped(o.Expected.Issuer),
		"AUDIENCE", escaped(o.Expected.Audience),
	)
	return []byte("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>jwt web</title>\n<style>" + css + "</style>\n</head>\n<body>\n" +
		fill.Replace(body) + "<script>" + script + "</script>\n</body>\n</html>\n"), policy
}

func escaped(text string) string {
	var m markup.Builder
	return m.Text(text).String()
}

// An option is one choice of a list.
type option struct {
	value, text      string
	pasted, selected bool // it needs a pasted text; it is chosen at the start
}

func options(list []option) string {
	var m markup.Builder
	for _, o := range list {
		n := markup.Element("option", "", markup.Text(o.text)).With("value", o.value)
		if o.pasted {
			n = n.With("data-pasted", "")
		}
		if o.selected {
			n = n.With("selected", "")
		}
		m.Node(n)
	}
	return m.String()
}

// verifyKeys returns the choices of keys that verify.
func (o Options) verifyKeys() []option {
	var list []option
	if len(o.Given) > 0 {
		var names []string
		for _, g := range o.Given {
			names = append(names, g.Name)
		}
		list = append(list, option{value: string(UnderGiven), text: "Given at the start: " + phrase.List(names)})
	}
	if len(o.Trusted) > 0 {
		list = append(list, option{value: string(UnderTrusted), text: "Issuers that you trust: " + phrase.List(o.Trusted)})
	}
	return append(list, pastedOptions("A key or key set, pasted")...)
}

// signKeys returns the choices of keys that sign.
func (o Options) signKeys() []option {
	var list []option
	for i, g := range o.signers() {
		list = append(list, option{value: strconv.Itoa(i), text: g.Name})
	}
	return append(list, pastedOptions("A private key, pasted")...)
}

func pastedOptions(key string) []option {
	return []option{
		{value: "key", text: key, pasted: true},
		{value: "secret", text: "A secret, pasted as text", pasted: true},
		{value: "b64url", text: "A secret, pasted in Base64", pasted: true},
		{value: "hex", text: "A secret, pasted in hexadecimal", pasted: true},
	}
}

// Profiles returns the names of the profiles that verify under keys of the caller. The tokens of load
// balancers are no compact tokens.
func Profiles() []string {
	var names []string
	for _, p := range profile.All() {
		if p.OwnKey == "" && p.Name != profile.LoadBalancer {
			names = append(names, p.Name)
		}
	}
	return names
}

// profiles returns the choices of profiles.
func profiles(selected string) []option {
	list := []option{{text: "None"}}
	for _, name := range Profiles() {
		list = append(list, option{value: name, text: name, selected: name == selected})
	}
	return list
}
