package verify

import (
	"net/url"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A vendor explains failed checks by what its tokens are known to look like. aud, iss and sub
// return a hint or "".
type vendor struct {
	issued func(iss string) bool
	aud    func(claims jsonobject.Object, c verdict.Check) string
	iss    func(claims jsonobject.Object, c verdict.Check) string
	sub    func(claims jsonobject.Object, c verdict.Check) string
}

// vendors lists what issuers are known to do. The order does not matter.
var vendors = []vendor{
	{ // Amazon Cognito
		issued: func(iss string) bool {
			return strings.HasPrefix(iss, "https://cognito-idp.") && strings.Contains(iss, ".amazonaws.com")
		},
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			if _, has := claims.Get("aud"); has {
				return ""
			}
			client, _ := claims.Text("client_id")
			return "access tokens of Cognito have no aud, the client is in client_id: --claim client_id=" + orName(client, "CLIENT_ID") + " instead of --aud"
		},
		iss: func(_ jsonobject.Object, c verdict.Check) string {
			return "iss names the region and the ID of the user pool: log in to the expected pool, or --iss " + quoteArg(one(c.Actual))
		},
	},
	{ // Keycloak
		issued: func(iss string) bool { return strings.Contains(iss, "/realms/") },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			azp, has := claims.Text("azp")
			if !has {
				return ""
			}
			if one(c.Expected) == azp {
				return "Keycloak puts the client into azp: --claim azp=" + quoteArg(azp) + " instead of --aud, or add an audience mapper to the client scope"
			}
			return "add an audience mapper to the client scope in Keycloak; the client itself is in azp: --claim azp=" + quoteArg(azp)
		},
		iss: func(claims jsonobject.Object, c verdict.Check) string {
			wanted, got := one(c.Expected), one(c.Actual)
			switch _, realm, _ := strings.Cut(wanted, "/realms/"); {
			case strings.Replace(wanted, "/auth/realms/", "/realms/", 1) == strings.Replace(got, "/auth/realms/", "/realms/", 1):
				return "only /auth differs, which Keycloak had in its paths before version 17: --iss " + quoteArg(got)
			case realm != "" && strings.HasSuffix(got, "/realms/"+realm):
				return "the same realm by another host: Keycloak writes the host it was reached by, set its hostname (KC_HOSTNAME), or --iss " + quoteArg(got)
			}
			return ""
		},
	},
	{ // Microsoft Entra ID
		issued: func(iss string) bool { return entraTenant(iss) != "" },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			const graph = "00000003-0000-0000-c000-000000000000"
			got := one(c.Actual)
			switch {
			case got == graph || strings.TrimRight(got, "/") == "https://graph.microsoft.com":
				return "the token is for Microsoft Graph, which alone can check it: request a scope of your own API, like api://CLIENT_ID/.default"
			case strings.TrimPrefix(got, "api://") == strings.TrimPrefix(one(c.Expected), "api://"):
				return "version 1.0 tokens have api://CLIENT_ID in aud, version 2.0 tokens CLIENT_ID: --aud " + quoteArg(got)
			}
			return ""
		},
		iss: func(claims jsonobject.Object, c verdict.Check) string {
			wanted, got := one(c.Expected), one(c.Actual)
			switch tenant := entraTenant(got); {
			case strings.Contains(wanted, "/common/") || strings.Contains(wanted, "/organizations/") || strings.Contains(wanted, "{tenantid}"):
				return "iss names the tenant of the user: --iss " + quoteArg(got)
			case tenant == entraTenant(wanted) && strings.HasPrefix(got, "https://sts.windows.net/"):
				return "the same tenant, but a version 1.0 token: set requestedAccessTokenVersion to 2 in the manifest of the API, or --iss " + quoteArg(got)
			case tenant == entraTenant(wanted):
				return "the same tenant, but a version 2.0 token: --iss " + quoteArg(got)
			case entraTenant(wanted) != "":
				return "the token is from another tenant: log in to the expected one, or --iss " + quoteArg(got)
			}
			return ""
		},
	},
	{ // Okta
		issued: func(iss string) bool {
			host := hostOf(iss)
			return strings.HasSuffix(host, ".okta.com") || strings.HasSuffix(host, ".oktapreview.com") || strings.HasSuffix(host, ".okta-emea.com")
		},
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			if _, isAccess := claims.Get("cid"); !isAccess {
				return ""
			}
			return "aud of an access token is a setting of its authorization server in Okta: --aud " + quoteArg(one(c.Actual)) + ", or another server"
		},
		iss: func(claims jsonobject.Object, c verdict.Check) string {
			wanted, got := one(c.Expected), one(c.Actual)
			if hostOf(wanted) == hostOf(got) && !strings.Contains(got, "/oauth2/") {
				return "the token is from the org authorization server of Okta, whose access tokens only Okta can check: request one from " + orName(wanted, "a custom authorization server")
			}
			return ""
		},
	},
	{ // Auth0
		issued: func(iss string) bool { return strings.HasSuffix(hostOf(iss), ".auth0.com") },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			if otherKind(false, claims) != "" {
				return "it looks like an ID token: send the access token, which Auth0 gives to a login with audience=" + orName(one(c.Expected), "API")
			}
			return "ask Auth0 for the token with audience=" + orName(one(c.Expected), "API")
		},
	},
	{ // Firebase
		issued: func(iss string) bool { return strings.HasPrefix(iss, "https://securetoken.google.com/") },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			return "aud of Firebase is the ID of the project: --aud " + quoteArg(one(c.Actual))
		},
		iss: func(claims jsonobject.Object, c verdict.Check) string {
			return "iss of Firebase ends with the ID of the project: --iss " + quoteArg(one(c.Actual))
		},
	},
	{ // Cloudflare Access: its tokens have an email, but they are not ID tokens
		issued: func(iss string) bool { return strings.HasSuffix(hostOf(iss), ".cloudflareaccess.com") },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			return "aud of Cloudflare Access is the tag of one application: is the token from another one? else --aud " + quoteArg(one(c.Actual))
		},
	},
	{ // Google's Identity-Aware Proxy, the same
		issued: func(iss string) bool { return iss == "https://cloud.google.com/iap" },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			return "aud of Identity-Aware Proxy is the path of one service: is the token from another one? else --aud " + quoteArg(one(c.Actual))
		},
	},
	{ // Supabase
		issued: func(iss string) bool { return strings.HasSuffix(hostOf(iss), ".supabase.co") },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			return "aud of Supabase is the role of a user, not the project: --aud " + quoteArg(one(c.Actual))
		},
	},
	{ // GitHub Actions
		issued: func(iss string) bool { return iss == "https://token.actions.githubusercontent.com" },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			return "aud is what the job asked for, and else the URL of the owner: core.getIDToken('" + orName(one(c.Expected), "AUDIENCE") + "') or &audience=… in the request"
		},
		sub: func(claims jsonobject.Object, c verdict.Check) string {
			if _, has := claims.Get("environment"); has || strings.Contains(one(c.Actual), ":environment:") {
				return "a job with an environment has it in sub instead of the branch: --sub " + quoteArg(one(c.Actual))
			}
			return ""
		},
	},
	{ // Kubernetes
		issued: func(iss string) bool {
			return iss == "kubernetes/serviceaccount" || strings.HasPrefix(iss, "https://kubernetes.default.svc")
		},
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			return "aud is what the token was requested for: kubectl create token NAME --audience " + orName(one(c.Expected), "AUDIENCE") + ", or audience: of the projected volume"
		},
		iss: func(claims jsonobject.Object, c verdict.Check) string {
			if one(c.Actual) == "kubernetes/serviceaccount" {
				return "it is a legacy token from a Secret: kubectl create token NAME gives one of the cluster's issuer, or --iss kubernetes/serviceaccount"
			}
			return ""
		},
	},
	{ // GitLab
		issued: func(iss string) bool { return iss == "https://gitlab.com" },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			if _, isOfJob := claims.Get("job_id"); !isOfJob { // but of a login
				return ""
			}
			return "aud is what the job asked for: aud: " + orName(one(c.Expected), "AUDIENCE") + " under its id_tokens: in .gitlab-ci.yml"
		},
	},
	{ // A service account of Google
		issued: func(iss string) bool { return strings.HasSuffix(iss, ".iam.gserviceaccount.com") },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			if !strings.HasPrefix(one(c.Actual), "https://identitytoolkit.googleapis.com/") {
				return ""
			}
			return "this is a custom token of Firebase, with which a client logs in: send the ID token that it gets (signInWithCustomToken, getIdToken)"
		},
	},
	{ // Google
		issued: func(iss string) bool { return strings.TrimPrefix(iss, "https://") == "accounts.google.com" },
		aud: func(claims jsonobject.Object, c verdict.Check) string {
			if azp, _ := claims.Text("azp"); azp != "" && azp == one(c.Expected) {
				return "the client ID of the app that logged in is in azp; aud is that of the server it asked for: --aud " + quoteArg(one(c.Actual))
			}
			if strings.HasPrefix(one(c.Actual), "https://") {
				return "aud is what the token was requested for: gcloud auth print-identity-token --audiences=" + orName(one(c.Expected), "AUDIENCE")
			}
			return "aud of Google's ID tokens is the client ID of the app that logged in, which differs for each platform: repeat --aud for each"
		},
	},
}

// entraTenant returns the tenant of an issuer of Microsoft Entra ID, or "".
func entraTenant(iss string) string {
	for _, prefix := range []string{"https://sts.windows.net/", "https://login.microsoftonline.com/"} {
		if rest, ok := strings.CutPrefix(iss, prefix); ok {
			tenant, _, _ := strings.Cut(rest, "/")
			return tenant
		}
	}
	return ""
}

func hostOf(iss string) string {
	u, err := url.Parse(iss)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// one returns a value that is one text, or "".
func one(v any) string {
	s, _ := v.(string)
	return s
}

// quoteArg returns a value as an argument of a command line, or VALUE. It may be what an
// attacker wrote, so that only characters are shown that mean nothing to a shell between quotes.
func quoteArg(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/@+%=,"
	const quoted = plain + " |{}[]()#*"
	switch {
	case s == "" || len(s) > 200 || strings.Trim(s, quoted) != "":
		return "VALUE"
	case strings.Trim(s, plain) != "":
		return "'" + s + "'"
	}
	return s
}

// claimArg returns the argument of --claim for a claim and its value.
func claimArg(name, value string) string {
	if arg := quoteArg(name + "=" + value); arg != "VALUE" {
		return arg
	}
	return quoteArg(name) + "=VALUE"
}

func orName(s, name string) string {
	if s = quoteArg(s); s == "VALUE" {
		return name
	}
	return phrase.Short(s)
}
