package profile

import (
	"time"

	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

const albTokens = "AWS: Authenticate users using an Application Load Balancer"

// LoadBalancer is the name of the profile whose tokens are padded (jws.ParsePadded).
const LoadBalancer = "aws-alb"

// loadBalancer returns the profile of the token in x-amzn-oidc-data. Its header has what a JWT has as
// claims, and the load balancer that signed.
func loadBalancer() Profile {
	return Profile{
		Name:  LoadBalancer,
		About: "AWS Application Load Balancer, x-amzn-oidc-data",
		rules: rules(
			oneRule("alg", albTokens, albAlg),
			oneRule("signer", albTokens, albSigner),
			oneRule("iss", albTokens, albText("iss")),
			oneRule("client", albTokens, albText("client")),
			oneRule("exp", albTokens, albExpiry),
			has(albTokens, "sub"),
		),
	}
}

func albAlg(q *inquiry) finding {
	if alg, _ := q.header.Text("alg"); alg != "ES256" {
		return failed(verdict.AlgRefused, "is "+phrase.Quote(alg)+", a load balancer signs with ES256", "ES256", alg)
	}
	return finding{}
}

// albSigner compares the load balancer. The load balancers of every AWS account in a region have their
// keys at the same address, so the signature alone lets anyone with an account sign.
func albSigner(q *inquiry) finding {
	v, ok := q.header.Get("signer")
	signer, isText := v.Text()
	want := q.with.Signer
	switch {
	case !ok:
		return failed(verdict.MissingClaim, "the header has none, but it is required", nil, nil)
	case !isText:
		return wrongKind(v, "a string")
	case want == "":
		return finding{
			status: verdict.Warn, class: verdict.AudUnchecked, actual: signer,
			detail: "is " + phrase.Quote(signer) + ", not compared: anyone with an AWS account can have a load balancer sign",
			hint:   "--key alb:ARN accepts the load balancer with this ARN alone",
		}
	case signer != want:
		return failed(verdict.IssMismatch, "is "+phrase.Quote(signer)+", want "+phrase.Quote(want), want, signer)
	}
	return passed("is "+phrase.Quote(signer), signer)
}

// albText requires a string in the header.
func albText(name string) func(*inquiry) finding {
	return func(q *inquiry) finding {
		v, ok := q.header.Get(name)
		text, isText := v.Text()
		switch {
		case !ok:
			return failed(verdict.MissingClaim, "the header has none, but it is required", nil, nil)
		case !isText:
			return wrongKind(v, "a string")
		}
		return passed("the header has "+phrase.Quote(text), text)
	}
}

func albExpiry(q *inquiry) finding {
	v, ok := q.header.Get("exp")
	if !ok {
		return failed(verdict.MissingClaim, "the header has none, but it is required", nil, nil)
	}
	d, isNumber := jwt.ParseNumericDate(v)
	end, isDate := d.Time()
	if !isNumber || !isDate {
		return wrongKind(v, "a date, as a number")
	}
	if q.now.Add(-q.with.Leeway).Before(end) {
		return passed("expires "+q.when(end), end.UTC().Format(time.RFC3339))
	}
	return failed(verdict.Expired, "expired "+q.when(end), nil, end.UTC().Format(time.RFC3339)).
		hinted("the load balancer signs a new token for each request: take that of the failing one")
}
