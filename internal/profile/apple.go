package profile

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"

	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

const appStore = "App Store Server Notifications V2"

// appleNotification returns the profile of the signedPayload of an App Store server notification.
// Its x5c must reach Apple's root; the two markers tell the App Store's certificates from those of
// Apple's other services under the same root.
func appleNotification() Profile {
	return Profile{
		Name:  "apple-notification",
		About: "App Store server notification, version 2",
		rules: rules(
			oneRule("alg", appStore, appleAlg),
			oneRule("x5c", appStore, appleChain),
			has(appStore, "notificationType", "notificationUUID", "version", "signedDate"),
			oneRule("version", appStore, appleVersion),
			oneRule("data", appStore, appleData),
			is(aText, appStore, "notificationType", "subtype", "notificationUUID"),
			is(aNumber, appStore, "signedDate"),
			oneRule("signedTransactionInfo", appStore, appleInner("data.signedTransactionInfo")),
			oneRule("signedRenewalInfo", appStore, appleInner("data.signedRenewalInfo")),
		),
	}
}

func appleAlg(q *inquiry) finding {
	if alg, _ := q.header.Text("alg"); alg != "ES256" {
		return failed(verdict.AlgRefused, "is "+phrase.Quote(alg)+", the App Store signs with ES256", "ES256", alg)
	}
	return finding{}
}

// appleMarkers are the extensions of the leaf and of the intermediate certificate.
var appleMarkers = [...]struct{ certificate, oid string }{
	{"leaf", "1.2.840.113635.100.6.11.1"},
	{"intermediate", "1.2.840.113635.100.6.2.1"},
}

func appleChain(q *inquiry) finding {
	switch n := len(q.with.Chain); {
	case n == 0:
		return failed(verdict.ChainInvalid, "its chain was not built to a trust anchor: any key could have signed this", nil, nil).
			hinted("--trust-anchor AppleRootCA-G3.cer, from https://www.apple.com/certificateauthority/")
	case n != 3:
		return failed(verdict.ChainInvalid, "the chain has "+phrase.Count(n, "certificate")+", the App Store's has 3", 3, n)
	}
	for i, marker := range appleMarkers {
		if !hasExtension(q.with.Chain[i], marker.oid) {
			return failed(verdict.ChainInvalid, "the "+marker.certificate+" certificate is not one of the App Store: it lacks the extension "+marker.oid, marker.oid, nil)
		}
	}
	return passed("the certificates are those of the App Store", nil)
}

func hasExtension(c *x509.Certificate, oid string) bool {
	return slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.String() == oid })
}

func appleVersion(q *inquiry) finding {
	v, ok := q.claims.Get("version")
	if version, _ := v.Text(); ok && version != "2.0" {
		return failed(verdict.ClaimMismatch, "is "+phrase.JSON(v)+`, want "2.0"`, "2.0", v.Any())
	}
	return finding{}
}

// appleData requires the app that the notification is about, which the receiver must compare.
func appleData(q *inquiry) finding {
	for _, member := range []string{"data", "summary", "externalPurchaseToken", "appData"} {
		v, ok := q.claims.Get(member)
		if !ok {
			continue
		}
		o, isObject := v.Object()
		if !isObject {
			f := wrongKind(v, "an object")
			f.about = member
			return f
		}
		bundle, ok := textAt(o, "bundleId")
		if !ok {
			return finding{status: verdict.Fail, class: verdict.MissingClaim, about: member, detail: "bundleId is missing"}
		}
		f := passed("is about the app "+phrase.Quote(bundle), bundle)
		f.about, f.hint = member, "--claim "+member+".bundleId=ID checks that it is yours"
		return f
	}
	return failed(verdict.MissingClaim, "missing, and summary too: the notification is about no app", nil, nil)
}

// appleInner returns a rule that names a token inside the claims, which nothing has verified yet.
func appleInner(path string) func(*inquiry) finding {
	return func(q *inquiry) finding {
		if _, ok := textAt(q.claims, path); !ok {
			return finding{}
		}
		return skipped("is a token of its own, not verified here").hinted("jwt verify -c " + path + " prints it, once this token is verified")
	}
}
