// Package page has the pages of the local server for a person: plain HTML without scripts.
package page

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"strings"
)

// A Page is a page for a person.
type Page struct{ title, body string }

// style is the style of every page. Colors follow the system (dark or light).
const style = `:root{color-scheme:light dark;--fg:#1b1b1f;--bg:#f6f6f9;--card:#fff;--line:#85858f;--go:#0b57d0;--go-fg:#fff;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--fg:#e6e6ec;--bg:#121215;--card:#1e1e23;--line:#8a8a94;--go:#a8c7fa;--go-fg:#062e6f;--bad:#f2b8b5}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg)}
main{width:100%;max-width:26rem;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.25}p,ul{margin:.5rem 0}label{display:block;margin:.9rem 0 .25rem;font-weight:600}
input{width:100%;padding:.6rem;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:.4rem}
.code{font:1.4rem ui-monospace,monospace;letter-spacing:.12em;text-transform:uppercase}
.buttons{display:flex;gap:.75rem;margin-top:1.25rem}button{flex:1;padding:.65rem;font:inherit;font-weight:600;border:1px solid var(--go);border-radius:.4rem;color:var(--go);background:none;cursor:pointer}
button.go{color:var(--go-fg);background:var(--go)}:focus-visible{outline:3px solid var(--go);outline-offset:2px}.bad{color:var(--bad);font-weight:600}`

// Document returns the page as HTML, and sets the headers that belong to it. allowed are the
// addresses that its forms may lead to, beside this server; an empty one allows nothing.
func (p Page) Document(h http.Header, allowed ...string) []byte {
	sum := sha256.Sum256([]byte(style))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; base-uri 'none'; frame-ancestors 'none'; form-action "+strings.TrimSpace("'self' "+strings.Join(allowed, " ")))
	h.Set("X-Frame-Options", "DENY")        // for browsers without frame-ancestors
	h.Set("Referrer-Policy", "same-origin") // with no-referrer the origin of a form is null
	return []byte(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="jwt session serve">
<title>` + html.EscapeString(p.title) + `</title>
<style>` + style + `</style>
</head>
<body>
<main>
<h1>` + html.EscapeString(p.title) + `</h1>
` + p.body + `</main>
</body>
</html>
`)
}

// Note says how something ended.
func Note(title, text string) Page {
	return Page{title, `<p role="status">` + html.EscapeString(text) + "</p>\n"}
}

// Failure shows an error.
func Failure(problem string) Page {
	return Page{"This did not work", warning(problem) + "<p>Go back to the program that brought you here.</p>\n"}
}

// warning returns the paragraph of an error, which screen readers read out first.
func warning(text string) string {
	if text == "" {
		return ""
	}
	return `<p class="bad" role="alert" id="error">` + html.EscapeString(sentence(text)) + "</p>\n"
}

// sentence writes the text of an error as a sentence. A name at its start, like redirect_uri:,
// stays as it is.
func sentence(text string) string {
	word, _, _ := strings.Cut(text, " ")
	if !strings.ContainsAny(word, "_:") {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return strings.TrimSuffix(text, ".") + "."
}

// loginFields returns the fields of a login form.
func loginFields(user string) string {
	focusUser, focusPassword := " autofocus", ""
	if user != "" {
		focusUser, focusPassword = "", " autofocus"
	}
	return `<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required value="` + html.EscapeString(user) + `"` + focusUser + `>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required` + focusPassword + `>
`
}

// scopeMeanings says what a scope gives.
var scopeMeanings = map[string]string{
	"openid": "know who you are", "profile": "read your name", "email": "read your email address", "address": "read your address",
	"phone": "read your phone number", "offline_access": "keep access while you are away",
}

// scopeList returns the list of what a scope gives.
func scopeList(scope string) string {
	if scope == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("<p>It may:</p>\n<ul>\n")
	for _, s := range strings.Fields(scope) {
		b.WriteString("<li>")
		if meaning, ok := scopeMeanings[s]; ok {
			b.WriteString(meaning)
		} else {
			b.WriteString("use <code>" + html.EscapeString(s) + "</code>")
		}
		b.WriteString("</li>\n")
	}
	b.WriteString("</ul>\n")
	return b.String()
}
