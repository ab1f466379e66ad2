package jwks

import (
	"net/http"
	"strings"
	"time"

	"jwt/internal/httpclient"
)

// Lifetimes of an answer: the default without a header, and the maximum. The maximum
// limits how long a revoked key is accepted because of one wrong header.
const (
	defaultLifetime = 5 * time.Minute
	maxLifetime     = 24 * time.Hour
)

// A freshness is the caching information in the headers of an answer (RFC 9111).
type freshness struct {
	lifetime time.Duration // from the request on, less the Age
	stated   bool          // the headers give a lifetime, it is not the default
	noStore  bool          // it must not be stored on disk
}

// freshnessOf reads Cache-Control, Expires, Age and Vary as a private cache does (RFC
// 9111 §4.2). A contradictory or invalid header means stale. Expires is compared with the
// answer's Date, so that a local clock that is ahead does not disable the cache.
func freshnessOf(h http.Header, now time.Time) freshness {
	f := freshness{lifetime: defaultLifetime}
	directives := cacheControl(h)
	_, f.noStore = directives["no-store"]
	_, noCache := directives["no-cache"]
	maxAge, hasMaxAge := directives["max-age"]

	switch {
	case noCache, f.noStore, strings.Contains(strings.Join(h.Values("Vary"), ","), "*"):
		f.lifetime, f.stated = 0, true
	case hasMaxAge:
		f.lifetime, f.stated = httpclient.DeltaSeconds(maxAge), true
	case h.Get("Expires") != "":
		f.lifetime, f.stated = untilExpires(h, now), true
	}
	f.lifetime = min(max(f.lifetime, 0), maxLifetime) // an Expires of long ago is near the smallest Duration
	f.lifetime = max(f.lifetime-httpclient.DeltaSeconds(h.Get("Age")), 0)
	return f
}

// cacheControl returns the directives of the response (RFC 9111 §5.2), in lower case. Of
// two max-age it uses the shorter.
func cacheControl(h http.Header) map[string]string {
	directives := map[string]string{}
	for part := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		name, value = strings.ToLower(name), strings.Trim(value, `" `)
		if earlier, ok := directives[name]; ok && httpclient.DeltaSeconds(earlier) < httpclient.DeltaSeconds(value) {
			continue
		}
		directives[name] = value
	}
	return directives
}

func untilExpires(h http.Header, now time.Time) time.Duration {
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil {
		return 0 // "0" is a common way to say stale (RFC 9111 §5.3)
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return expires.Sub(now)
}
