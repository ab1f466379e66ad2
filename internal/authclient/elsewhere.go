package authclient

import (
	"net/http"
	"slices"
	"strings"

	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/redact"
)

// accessNames are the members in which servers write an access token, the surest first.
var accessNames = []string{"access_token", "accessToken", "AccessToken", "access", "token", "jwt", "authToken", "auth_token", "bearerToken"}

// elsewhere returns the place of what looks like the access token of an answer that has none where the
// preset looks, or "".
func (r *reply) elsewhere(body jsonobject.Value) string {
	if token := r.header.Get("Authorization"); compact.Looks(bare(token)) {
		return "header:Authorization"
	}
	if pointer, _ := bestToken(body, "", 0); pointer != "" {
		return "json:" + pointer
	}
	i := slices.IndexFunc(r.cookies, func(c *http.Cookie) bool { return compact.Looks(c.Value) })
	if i < 0 {
		return ""
	}
	return "cookie:" + r.cookies[i].Name
}

// bestToken returns the pointer of the member of v that has the surest name, and the rank of the name:
// a JWT under any name but that of another kind of token ranks last.
func bestToken(v jsonobject.Value, path string, depth int) (pointer string, rank int) {
	const deepest = 3
	rank = len(accessNames) + 1
	o, _ := v.Object()
	for _, m := range o.Members() {
		at, found := path+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(m.Name), len(accessNames)+1
		switch text, _ := m.Value.Text(); {
		case usable(bare(text)) && slices.Contains(accessNames, m.Name):
			found = slices.Index(accessNames, m.Name)
		case compact.Looks(text) && !isOtherToken(m.Name):
			found = len(accessNames)
		case depth < deepest:
			at, found = bestToken(m.Value, at, depth+1)
		}
		if found < rank {
			pointer, rank = at, found
		}
	}
	return pointer, rank
}

// isOtherToken reports whether a member is named like a refresh token or an ID token.
func isOtherToken(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "refresh") || strings.HasPrefix(name, "id")
}

// memberNames returns the names of the members of an answer, which say what it is instead.
func (r *reply) memberNames(body jsonobject.Value) []string {
	o, _ := body.Object()
	var names []string
	for _, m := range o.Members() {
		names = append(names, r.shown(m.Name))
	}
	return names
}

// shown returns a text of the answer without secrets.
func (r *reply) shown(text string) string { return redact.Tokens(r.secrets.Hide(text)) }
