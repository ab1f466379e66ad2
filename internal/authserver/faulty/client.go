package faulty

import (
	"context"

	"jwt/internal/authserver"
	"jwt/internal/authserver/clients"
	"jwt/internal/oauth"
)

// onClient accepts clients that do not authenticate, if accepts does.
func onClient(accepts func(c clients.Client, known bool, a authserver.ClientAuth) bool) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.AuthenticateClient
		r.AuthenticateClient = func(ctx context.Context, a authserver.ClientAuth) (clients.Client, error) {
			c, err := next(ctx, a)
			if err == nil {
				return c, nil
			}
			registered, known := t.server.Clients.Find(a.ID)
			if !accepts(registered, known, a) || !t.on(ctx) {
				return c, err
			}
			if !known {
				registered = clients.Client{ID: a.ID, Grants: []string{oauth.GrantCode, oauth.GrantRefreshToken, oauth.GrantClientCredentials, oauth.GrantDeviceCode, oauth.GrantTokenExchange}}
			}
			return registered, nil
		}
	}
}

func unknownClient(_ clients.Client, known bool, _ authserver.ClientAuth) bool { return !known }

func noSecret(_ clients.Client, known bool, a authserver.ClientAuth) bool {
	return known && a.Method == "none"
}

func wrongSecret(c clients.Client, known bool, a authserver.ClientAuth) bool {
	return known && !c.IsPublic() && a.Method != "none"
}

// forgetClient redeems codes for any client.
func forgetClient(t toggle, r *authserver.Rules) {
	next := r.CheckCodeClient
	r.CheckCodeClient = func(ctx context.Context, owner, client string) error {
		err := next(ctx, owner, client)
		if err != nil && t.on(ctx) {
			return nil
		}
		return err
	}
}

// forgetRedirect redeems codes with any redirect URI.
func forgetRedirect(t toggle, r *authserver.Rules) {
	next := r.CheckCodeRedirect
	r.CheckCodeRedirect = func(ctx context.Context, redirect, sent string, explicit bool) error {
		err := next(ctx, redirect, sent, explicit)
		if err != nil && t.on(ctx) {
			return nil
		}
		return err
	}
}
