package verify

import (
	"slices"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// sameValue returns the hint for a wanted value that another claim of the token has, or that is
// part of the claim.
func (v *verification) sameValue(c verdict.Check) string {
	wanted, name := one(c.Expected), strings.TrimPrefix(c.Name, "claim:")
	if len(wanted) < 2 || strings.Contains(name, ":") { // the check of a profile
		return ""
	}
	if hint := partOf(name, wanted, one(c.Actual)); hint != "" {
		return hint
	}
	for _, m := range v.token.Claims.Members() {
		text, _ := m.Value.Text()
		if text == wanted && m.Name != name && mayStandFor(m.Name, c.Name) {
			return "the claim " + phrase.Short(m.Name) + " has this value: --claim " + claimArg(m.Name, wanted) + " instead"
		}
	}
	return ""
}

// partOf returns the hint for a wanted sub or aud that is a part of the value got, or has it as a part.
func partOf(name, wanted, got string) string {
	switch {
	case name == "sub" && strings.HasSuffix(got, "|"+wanted):
		return "sub begins with the connection of the login: --sub " + quoteArg(got)
	case name == "aud" && got != "" && slices.Contains(strings.Split(wanted, ","), got):
		return "one audience a flag: --aud " + strings.ReplaceAll(quoteArg(wanted), ",", " --aud ")
	case name == "aud" && slices.Contains(strings.Split(got, ","), wanted):
		return "aud is one text with commas: the issuer must write an array of strings, or --aud " + quoteArg(got)
	}
	return ""
}

// mayStandFor reports whether a claim can be compared instead of the one of a check. Only a
// client's own ID may for an audience: a user can choose what other claims say.
func mayStandFor(claim, check string) bool {
	if check == "aud" {
		return slices.Contains(otherNames["aud"], claim)
	}
	return check == "sub" || strings.HasPrefix(check, "claim:")
}

// otherNames lists the names that other issuers give to a claim.
var otherNames = map[string][]string{
	"aud": {"client_id", "azp", "appid", "cid"}, "sub": {"user_id", "uid", "userId", "id"}, "exp": {"expires", "expires_at", "expiresAt"},
	"scope": {"scp", "scopes", "permissions"}, "scp": {"scope"}, "client_id": {"azp", "appid", "cid"}, "azp": {"client_id"},
}

// otherName returns the hint for a missing claim that the token has by another name.
func (v *verification) otherName(c verdict.Check) string {
	if c.Class != verdict.MissingClaim {
		return ""
	}
	kind, claim, ok := strings.Cut(c.Name, ":")
	switch {
	case !ok:
		kind, claim = "claim", c.Name
	case kind != "require" && kind != "claim": // the check of a profile
		return ""
	case strings.Contains(claim, ","):
		return "one claim a flag: --" + kind + " " + strings.ReplaceAll(claim, ",", " --"+kind+" ")
	}
	for _, o := range otherNames[claim] {
		if _, has := v.token.Claims.Get(o); has {
			return "the token has " + o + " instead: --claim " + o + "=VALUE or --require " + o
		}
	}
	path, found := pathTo(v.token.Claims, claim)
	switch {
	case !found:
		return ""
	case kind == "require":
		return "the token has " + phrase.Short(path) + ": --require " + quoteArg(path)
	}
	if value, _ := v.token.Claims.Lookup(path); value.Kind() == '[' {
		return "the token has " + phrase.Short(path) + ", a list: --claim " + quoteArg(path+"~=VALUE")
	}
	return "the token has " + phrase.Short(path) + ": --claim " + claimArg(path, "VALUE")
}

// namesInstead returns the hint for a missing claim that lists those of the token.
func (v *verification) namesInstead(c verdict.Check) string {
	if c.Class != verdict.MissingClaim {
		return ""
	}
	claim := strings.TrimPrefix(strings.TrimPrefix(c.Name, "require:"), "claim:")
	if strings.Contains(claim, ":") { // the check of a profile
		return "the issuer must write the claim; jwt decode shows what the token has"
	}
	var names []string
	for _, m := range v.token.Claims.Members() {
		names = append(names, m.Name)
	}
	if len(names) == 0 {
		return "the issuer must write " + phrase.Short(claim) + "; the token has no claims"
	}
	const most = 10
	more := max(0, len(names)-most)
	return "the issuer must write " + phrase.Short(claim) + "; the token has " + phrase.ListMore(names[:len(names)-more], more)
}

// pathTo returns the path of the only member whose name is like the wanted one: inside
// another, in another case, behind the namespace of a URL, or mistyped.
func pathTo(claims jsonobject.Object, wanted string) (path string, found bool) {
	paths := inside(nil, claims, wanted, "", 0)
	for _, m := range claims.Members() {
		if strings.HasSuffix(m.Name, "/"+wanted) || sameLetters(m.Name, wanted) {
			paths = append(paths, m.Name)
		}
	}
	slices.Sort(paths)
	if paths = slices.Compact(paths); len(paths) != 1 || paths[0] == wanted {
		return "", false
	}
	_, found = claims.Lookup(paths[0])
	return paths[0], found
}

// inside adds the paths of the members with a name, in any case of letters.
func inside(paths []string, o jsonobject.Object, name, above string, depth int) []string {
	const deepest, most = 3, 8
	for _, m := range o.Members() {
		if len(paths) > most {
			break
		}
		if strings.EqualFold(m.Name, name) {
			paths = append(paths, above+m.Name)
		}
		if inner, ok := m.Value.Object(); ok && depth < deepest {
			paths = inside(paths, inner, name, above+m.Name+".", depth+1)
		}
	}
	return paths
}

// sameLetters reports whether a name is a mistyped other one: its letters in another order or case.
func sameLetters(a, b string) bool {
	sorted := func(s string) []byte {
		letters := []byte(strings.ToLower(s))
		slices.Sort(letters)
		return letters
	}
	return len(a) > 2 && len(a) < 64 && a != b && slices.Equal(sorted(a), sorted(b))
}
