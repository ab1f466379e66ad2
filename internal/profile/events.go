package profile

import (
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// securityEvent returns the profile of RFC 8417.
func securityEvent() Profile {
	return Profile{
		Name:  "secevent+jwt",
		About: "Security Event Token, RFC 8417",
		rules: rules(
			[]rule{hasType("secevent+jwt", "RFC 8417 §2.3", true)},
			has("RFC 8417 §2.2", "iss", "iat", "jti", "events"),
			oneRule("events", "RFC 8417 §2.2", eventPayloads),
			is(aNumber, "RFC 8417 §2.2", "toe"),
			is(aText, "RFC 8417 §2.2", "txn"),
		),
	}
}

// eventPayloads requires at least one event. Each is a URI with an object, which may be
// empty.
func eventPayloads(q *inquiry) finding {
	v, ok := q.claims.Get("events")
	if !ok {
		return finding{}
	}
	events, ok := v.Object()
	switch {
	case !ok:
		return wrongKind(v, "an object")
	case len(events.Members()) == 0:
		return failed(verdict.MissingClaim, "is empty, must name an event", nil, v.Any())
	}
	for _, m := range events.Members() {
		switch {
		case !isURI(m.Name):
			return failed(verdict.ClaimsMalformed, "has "+phrase.Quote(m.Name)+", must be a URI", "a URI", m.Name)
		case m.Value.Kind() != '{':
			return failed(verdict.ClaimsMalformed, phrase.Short(m.Name)+" is "+m.Value.Noun()+", must be an object", "an object", m.Value.Any())
		}
	}
	names := memberNames(events)
	return passed("has "+phrase.List(names), names)
}

// isURI reports whether s is a scheme of RFC 3986 §3.1, a colon and more text.
func isURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" || scheme == "" || strings.ContainsAny(s, " \t\r\n<>\"") {
		return false
	}
	for i, c := range []byte(scheme) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(c))) {
			return false
		}
	}
	return true
}

const serviceAccounts = "Kubernetes service account tokens"

// serviceAccount returns the profile of Kubernetes service account tokens: the claims
// that the API server writes and checks.
func serviceAccount() Profile {
	return Profile{
		Name:  "kubernetes",
		About: serviceAccounts,
		rules: rules(
			has(serviceAccounts, "iss", "sub", "aud", "exp", "iat", "nbf"),
			oneRule("sub", serviceAccounts, serviceAccountSubject),
			oneRule("kubernetes.io", serviceAccounts, boundObjects),
		),
	}
}

const serviceAccountPrefix = "system:serviceaccount:"

// splitServiceAccount reads system:serviceaccount:NAMESPACE:NAME.
func splitServiceAccount(sub string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(sub, serviceAccountPrefix)
	namespace, name, both := strings.Cut(rest, ":")
	ok = ok && both && namespace != "" && name != "" && !strings.Contains(name, ":")
	return namespace, name, ok
}

func serviceAccountSubject(q *inquiry) finding {
	const want = serviceAccountPrefix + "NAMESPACE:NAME"
	sub, ok := q.text("sub")
	if !ok {
		return finding{}
	}
	if _, _, ok := splitServiceAccount(sub); !ok {
		return failed(verdict.SubMismatch, "is "+phrase.Quote(sub)+", want "+want, want, sub)
	}
	return passed("is "+phrase.Quote(sub), sub)
}

// boundObjects checks the objects that the token is bound to: the service account, which
// must be the subject, and pod, node and secret if present.
func boundObjects(q *inquiry) finding {
	v, ok := q.claims.Get("kubernetes.io")
	if !ok {
		if _, old := q.claims.Get("kubernetes.io/serviceaccount/namespace"); old {
			return failed(verdict.MissingClaim, "missing: this is a legacy token out of a Secret, bound to nothing", nil, nil).
				hinted("kubectl create token NAME makes a bound one")
		}
		return failed(verdict.MissingClaim, "missing, but required", nil, nil)
	}
	bound, ok := v.Object()
	if !ok {
		return wrongKind(v, "an object")
	}
	for _, path := range []string{"namespace", "serviceaccount.name", "serviceaccount.uid"} {
		if f := boundText(bound, path); f.status != "" {
			return f
		}
	}
	for _, what := range []string{"pod", "node", "secret"} {
		if _, ok := bound.Get(what); !ok {
			continue
		}
		if f := boundText(bound, what+".name"); f.status != "" {
			return f
		}
		if f := boundText(bound, what+".uid"); f.status != "" {
			return f
		}
	}
	return sameServiceAccount(q, bound)
}

// boundText requires a string at the path.
func boundText(bound jsonobject.Object, path string) finding {
	v, ok := bound.Lookup(path)
	switch text, isText := v.Text(); {
	case !ok:
		return failed(verdict.MissingClaim, path+" is missing", nil, nil)
	case !isText || text == "":
		return failed(verdict.ClaimsMalformed, path+" is "+phrase.JSON(v)+", must be a string that is not empty", "a string", v.Any())
	}
	return finding{}
}

func sameServiceAccount(q *inquiry, bound jsonobject.Object) finding {
	v, _ := bound.Lookup("namespace")
	namespace, _ := v.Text()
	v, _ = bound.Lookup("serviceaccount.name")
	name, _ := v.Text()
	account := serviceAccountPrefix + namespace + ":" + name
	if sub, ok := q.text("sub"); ok && sub != account {
		return failed(verdict.ClaimMismatch, "names "+phrase.Quote(account)+", but sub is "+phrase.Quote(sub), sub, account)
	}
	return passed("names "+phrase.Quote(account), account)
}
