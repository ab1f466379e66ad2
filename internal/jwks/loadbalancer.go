package jwks

import (
	"strings"

	"jwt/internal/phrase"
	"jwt/internal/uuid"
	"jwt/internal/verdict"
)

// A LoadBalancer is the place of the keys of the AWS Application Load Balancers of a region. Each
// key has a URL of its own, with its kid.
type LoadBalancer struct {
	Region string
	ARN    string // of the only load balancer whose tokens are expected; "" for any, of any account
}

// ParseLoadBalancer reads the source alb:REGION or alb:ARN, and returns false for other text.
func ParseLoadBalancer(source string) (LoadBalancer, bool, error) {
	text, ok := strings.CutPrefix(source, "alb:")
	if !ok {
		return LoadBalancer{}, false, nil
	}
	b := LoadBalancer{Region: text}
	if strings.HasPrefix(text, "arn:") {
		parts := strings.SplitN(text, ":", 6)
		if len(parts) < 6 || parts[2] != "elasticloadbalancing" || !strings.HasPrefix(parts[5], "loadbalancer/") {
			return LoadBalancer{}, true, verdict.Errorf(verdict.Usage, "%s is not the ARN of a load balancer", phrase.Quote(text)).
				Hintf("it looks like arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID")
		}
		b = LoadBalancer{Region: parts[3], ARN: text}
	}
	if !isRegion(b.Region) {
		return LoadBalancer{}, true, verdict.Errorf(verdict.Usage, "%s is not an AWS region", phrase.Quote(b.Region)).
			Hintf("alb:eu-central-1, or alb: and the ARN of the load balancer")
	}
	return b, true, nil
}

// isRegion reports whether text has the form of a region, of which a host name is made.
func isRegion(text string) bool {
	allowed := func(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' }
	return strings.Count(text, "-") >= 2 && len(text) <= 32 && !strings.HasPrefix(text, "-") && strings.IndexFunc(text, func(r rune) bool { return !allowed(r) }) < 0
}

// KeyURL returns the URL of the key with a kid. The kid comes from a token that anyone may have
// written: it must be a UUID, so that it cannot name another path.
func (b LoadBalancer) KeyURL(kid string) (string, error) {
	if !uuid.Is(kid) {
		return "", verdict.Errorf(verdict.KeyNotFound, "kid: is %s, a load balancer's is a UUID", phrase.Quote(kid))
	}
	if strings.HasPrefix(b.Region, "us-gov-") {
		return "https://s3-" + b.Region + ".amazonaws.com/aws-elb-public-keys-prod-" + b.Region + "/" + kid, nil
	}
	return "https://public-keys.auth.elb." + b.Region + ".amazonaws.com/" + kid, nil
}
