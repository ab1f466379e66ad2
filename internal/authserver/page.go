package authserver

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"jwt/internal/oauth"
)

// pageStyle is the style of every page. Colors follow the system (dark or light).
const pageStyle = `:root{color-scheme:light dark;--fg:#1b1b1f;--bg:#f6f6f9;--card:#fff;--line:#85858f;--go:#0b57d0;--go-fg:#fff;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--fg:#e6e6ec;--bg:#121215;--card:#1e1e23;--line:#8a8a94;--go:#a8c7fa;--go-fg:#062e6f;--bad:#f2b8b5}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg)}
main{width:100%;max-width:26rem;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.25}p,ul{margin:.5rem 0}label{display:block;margin:.9rem 0 .25rem;font-weight:600}
input{width:100%;padding:.6rem;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:.4rem}
.code{font:1.4rem ui-monospace,monospace;letter-spacing:.12em;text-transform:uppercase}
.buttons{display:flex;gap:.75rem;margin-top:1.25rem}button{flex:1;padding:.65rem;font:inherit;font-weight:600;border:1px solid var(--go);border-radius:.4rem;color:var(--go);background:none;cursor:pointer}
button.go{color:var(--go-fg);background:var(--go)}:focus-visible{outline:3px solid var(--go);outline-offset:2px}.bad{color:var(--bad);font-weight:600}`

// page sets the answer to a page. Body is HTML. allowed are the addresses that its forms may
// lead to, beside this server; an empty one allows nothing.
func (x *exchange) page(status int, title, body string, allowed ...string) error {
	style := sha256.Sum256([]byte(pageStyle))
	x.Answer.Header.Set("Content-Type", "text/html; charset=utf-8")
	x.Answer.Header.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(style[:])+"'; base-uri 'none'; frame-ancestors 'none'; form-action "+strings.TrimSpace("'self' "+strings.Join(allowed, " ")))
	x.Answer.Header.Set("X-Frame-Options", "DENY")        // for browsers without frame-ancestors
	x.Answer.Header.Set("Referrer-Policy", "same-origin") // with no-referrer the origin of a form is null
	x.Answer.Status = status
	x.Answer.Body = []byte(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="jwt session serve">
<title>` + html.EscapeString(title) + `</title>
<style>` + pageStyle + `</style>
</head>
<body>
<main>
<h1>` + html.EscapeString(title) + `</h1>
` + body + `</main>
</body>
</html>
`)
	return nil
}

// failPage shows an error to a person.
func (s *Server) failPage(x *exchange, err error) error {
	var e *oauth.Error
	if !errors.As(err, &e) {
		return err
	}
	x.Note = strings.TrimSpace(x.Note + " " + e.Code)
	return x.page(e.Status, "This did not work", warning(e.Description)+"<p>Go back to the program that brought you here.</p>\n")
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

// loginPage asks for user name and password.
func (s *Server) loginPage(r *authorizeRequest, user, problem string) error {
	return r.page(http.StatusOK, "Log in", warning(problem)+`<p>to continue to <strong>`+html.EscapeString(r.client.Title())+`</strong></p>
<form method="post" action="`+r.formAction("login")+`">
`+loginFields(user)+`<div class="buttons">
<button class="go" type="submit" name="action" value="login">Log in</button>
<button type="submit" name="action" value="cancel" formnovalidate>Cancel</button>
</div>
</form>
`, r.formTarget())
}

// consentPage asks whether the client may have what it asks for.
func (s *Server) consentPage(r *authorizeRequest, b browserLogin) error {
	r.query = maps.Clone(r.query)
	r.query.Set("account", b.User) // which the page shows
	return r.page(http.StatusOK, "Allow access?", `<p><strong>`+html.EscapeString(r.client.Title())+`</strong> asks for access to the account <strong>`+html.EscapeString(b.User)+`</strong>.</p>
`+scopeList(r.scope)+`<p>You return to <strong>`+html.EscapeString(r.target())+`</strong>.</p>
<form method="post" action="`+r.formAction("consent")+`">
<div class="buttons">
<button class="go" type="submit" name="action" value="allow">Allow</button>
<button type="submit" name="action" value="deny">Deny</button>
</div>
</form>
`, r.formTarget())
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

// formAction returns the address of a form, which carries the authorization request.
func (r *authorizeRequest) formAction(name string) string {
	return html.EscapeString(authorizePath + "/" + name + "?" + r.query.Encode())
}

// formTarget returns where the form may lead to: browsers apply form-action to redirects, too.
func (r *authorizeRequest) formTarget() string {
	u, err := url.Parse(r.redirect)
	if err != nil || u.Scheme == "" {
		return ""
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Contains(u.Hostname(), ":") {
		return u.Scheme + ":" // a policy cannot name an IPv6 address
	}
	return u.Scheme + "://" + u.Host
}

// target names the place of the redirect URI for people.
func (r *authorizeRequest) target() string {
	u, err := url.Parse(r.redirect)
	if err != nil || u.Host == "" {
		return r.redirect
	}
	return u.Host
}
