package profile

import (
	"net/url"
	"slices"
	"strings"

	"jwt/internal/phrase"
	"jwt/internal/uuid"
	"jwt/internal/verdict"
)

const (
	entraTokens = "Microsoft Entra access tokens"
	entraV2Hint = "v1 and v2 tokens differ in iss and aud: api.requestedAccessTokenVersion in the manifest of the API's app registration says which it gets"
)

// entra returns the profile of the access and ID tokens of Microsoft Entra ID, versions 1.0 and
// 2.0, as Microsoft documents their claims.
func entra() Profile {
	return Profile{
		Name:  "entra",
		About: "Microsoft Entra ID token, v1.0 and v2.0",
		rules: rules(
			oneRule("alg", entraTokens, entraAlg),
			has(entraTokens, "iss", "aud", "sub", "tid", "ver", "iat", "nbf", "exp"),
			oneRule("tid", entraTokens, entraTenant),
			oneRule("ver", entraTokens, entraVersion),
			oneRule("iss", entraTokens, entraIssuer),
			oneRule("aud", entraTokens, entraAudience),
			is(aText, entraTokens, "oid", "azp", "appid", "scp", "idtyp"),
			is(texts, entraTokens, "roles", "wids"),
		),
	}
}

func entraAlg(q *inquiry) finding {
	if alg, _ := q.header.Text("alg"); alg != "RS256" {
		return failed(verdict.AlgRefused, "is "+phrase.Quote(alg)+", Entra ID signs with RS256", "RS256", alg)
	}
	return finding{}
}

func entraTenant(q *inquiry) finding {
	if tid, ok := q.text("tid"); ok && !uuid.Is(tid) {
		return failed(verdict.ClaimsMalformed, "is "+phrase.Quote(tid)+", must be a GUID", "a GUID", tid)
	}
	return finding{}
}

func entraVersion(q *inquiry) finding {
	v, ok := q.claims.Get("ver")
	if ver, isText := v.Text(); ok && (!isText || ver != "1.0" && ver != "2.0") {
		return failed(verdict.ClaimMismatch, "is "+phrase.JSON(v)+`, must be "1.0" or "2.0"`, []string{"1.0", "2.0"}, v.Any())
	}
	return finding{}
}

// entraHosts are the issuers of each version in the clouds of Microsoft. Tenants of Azure AD B2C and
// of External ID have hosts of their own.
var entraHosts = map[string][]string{
	"1.0": {"sts.windows.net", "sts.chinacloudapi.cn"},
	"2.0": {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"},
}

// entraIssuer requires the issuer of the version, for the tenant in tid: the keys are the same for
// every tenant, so the signature does not tell one from another.
func entraIssuer(q *inquiry) finding {
	iss, hasIss := q.text("iss")
	tid, hasTenant := q.text("tid")
	ver, _ := q.text("ver")
	hosts, known := entraHosts[ver]
	if !hasIss || !hasTenant || !known {
		return finding{} // reported by other rules
	}
	path := "/" + tid + "/"
	if ver == "2.0" {
		path += "v2.0"
	}
	want := "https://" + hosts[0] + path
	u, err := url.Parse(iss)
	switch {
	case slices.ContainsFunc(hosts, func(host string) bool { return iss == "https://"+host+path }),
		err == nil && ver == "2.0" && isTenantHost(u) && strings.TrimSuffix(u.Path, "/") == path:
		return passed("is the v"+ver+" issuer of the tenant "+tid, iss)
	case err == nil && !strings.Contains(u.Path, tid):
		return failed(verdict.IssMismatch, "is "+phrase.Quote(iss)+", but tid is "+phrase.Quote(tid), want, iss)
	}
	return failed(verdict.IssMismatch, "is "+phrase.Quote(iss)+", want that of version "+ver+": "+phrase.Quote(want), want, iss).hinted(entraV2Hint)
}

// isTenantHost reports whether the host is one that a tenant of B2C or External ID has to itself.
func isTenantHost(u *url.URL) bool {
	isTenant := strings.HasSuffix(u.Host, ".b2clogin.com") || strings.HasSuffix(u.Host, ".ciamlogin.com")
	return isTenant && u.Scheme == "https" && u.User == nil && u.RawQuery == ""
}

// entraAudience requires the client ID of the API in a v2.0 token. A v1.0 token may have a URI.
func entraAudience(q *inquiry) finding {
	ver, _ := q.text("ver")
	v, ok := q.claims.Get("aud")
	if ver != "2.0" || !ok {
		return finding{}
	}
	if aud, isText := v.Text(); isText && uuid.Is(aud) {
		return passed("is the application (client) ID "+aud, aud)
	}
	return failed(verdict.AudMismatch, "is "+phrase.JSON(v)+", in a v2.0 token it is the application (client) ID of the API, a GUID", "a GUID", v.Any()).hinted(entraV2Hint)
}
