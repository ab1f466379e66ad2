package flow

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"jwt/internal/authclient"
	"jwt/internal/cookie"
	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// item is what tryCart puts into the cart.
const item = `{"sku":"tea","quantity":2}`

// tryCart puts an item into the cart of the local server, which is a signed token in a
// cookie, and checks out: with a changed cart first.
func (r *run) tryCart(ctx context.Context, f *family) error {
	if !r.judges(Cart) || !r.wants(CartWorks, TamperedCartRefused) {
		return nil
	}
	if r.failed(BearerAccepted) {
		r.skip("no access token is accepted", CartWorks, TamperedCartRefused)
		return nil
	}
	if a, stale, err := r.keepFresh(ctx, f); err != nil || stale {
		r.skipFor(a, "the access token expires, and another login was refused: "+a.describe(), CartWorks, TamperedCartRefused)
		return err
	}
	a, err := r.shop(ctx, "add to the cart", "/cart/items", f, "", "")
	if err != nil {
		return err
	}
	cart := cookieNamed(a, oauth.CartCookie)
	if !a.ok() || cart == "" {
		r.record(CartWorks, asFailure(a), strings.TrimSuffix(a.describe()+", without the cookie "+oauth.CartCookie, ", without the cookie "+cart))
		r.skipFor(a, "there is no cart: "+a.describe(), TamperedCartRefused)
		return nil
	}
	r.tokens.secrets.Add(cart)
	if err := r.tamperCart(ctx, f, cart); err != nil {
		return err
	}
	out, err := r.shop(ctx, "check out", "/checkout", f, cart, "")
	if err != nil {
		return err
	}
	if !out.ok() {
		r.recordAnswer(out, CartWorks, asFailure(out), out.describe())
		return nil
	}
	r.pass(CartWorks, a.describe()+", then "+out.describe())
	return nil
}

// tamperCart checks out with carts that the server did not sign.
func (r *run) tamperCart(ctx context.Context, f *family, cart string) error {
	if !r.wants(TamperedCartRefused) {
		return nil
	}
	worst, said, step := verdict.Pass, "", 0
	for _, t := range append(tampered(cart), unsigned(cart)...) {
		a, err := r.shop(ctx, "check out, changed cart", "/checkout", f, t.text, t.how)
		if err != nil {
			return err
		}
		status := a.refused()
		if status == verdict.Pass && a.status != http.StatusUnauthorized {
			status = verdict.Warn
		}
		if said == "" || worse(status, worst) {
			worst, said, step = status, t.how+": "+a.describe(), len(r.report.Steps)
		}
	}
	r.recordAt(step, TamperedCartRefused, worst, said)
	return nil
}

// shop makes a request with the access token and a cart.
func (r *run) shop(ctx context.Context, name, path string, f *family, cart, note string) (answer, error) {
	a, err := r.patiently(ctx, name, func() answer {
		return r.exchange(ctx, func(ctx context.Context, s *authclient.Client) (authclient.Grant, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL.String()+path, strings.NewReader(item))
			if err != nil {
				return authclient.Grant{}, err
			}
			req.Header.Set("Content-Type", "application/json")
			if cart != "" {
				cookie.Add(req.Header, oauth.CartCookie, cart)
			}
			return authclient.Grant{}, r.send(s, req, f.access)
		})
	})
	if err != nil {
		return a, err
	}
	if note != "" {
		note = strings.TrimSuffix(note+": "+a.reason(), ": ")
	}
	return a, r.step(name, a, note)
}

// cookieNamed returns the value of a cookie that an answer sets, or "".
func cookieNamed(a answer, name string) string {
	i := slices.IndexFunc(a.cookies, func(c *http.Cookie) bool { return c.Name == name })
	if i < 0 {
		return ""
	}
	return a.cookies[i].Value
}
