package authserver

import (
	"cmp"
	"net/http"

	"jwt/internal/authserver/clients"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// register answers POST /register (RFC 7591). Clients are kept in memory until the server
// ends. The server chooses the ID, and a secret for a client that needs one.
func (s *Server) register(x *exchange) error {
	body, err := x.readJSON()
	if err != nil {
		return err
	}
	o, err := jsonobject.Parse(body)
	if err != nil {
		return clients.MetadataError("the body is not a JSON object")
	}
	if _, ok := o.Get("software_statement"); ok {
		return &oauth.Error{Status: http.StatusBadRequest, Code: "unapproved_software_statement", Description: "software_statement: no issuer of statements is trusted"}
	}
	secret := ""
	method, _ := o.Text("token_endpoint_auth_method")
	if _, hasKeys := o.Get("jwks"); method == clients.AuthBasic || method == clients.AuthPost || method == "" && !hasKeys {
		secret = secretText()
		o.Set("client_secret", jsonobject.Quote(secret))
	} else {
		o.Delete("client_secret")
	}
	o.Set("client_id", jsonobject.Quote(randomID()))
	c, err := clients.Parse(o)
	if c.Registered = true; err == nil {
		err = s.Clients.Add(c)
	}
	if err != nil {
		return err
	}
	o.Set("client_id_issued_at", jsonobject.Int(x.now.Unix()))
	if secret != "" {
		o.Set("client_secret_expires_at", jsonobject.Int(0))
	}
	o.Set("token_endpoint_auth_method", jsonobject.Quote(cmp.Or(c.Auth, clients.AuthBasic))) // the default of RFC 7591 §2; such a client may use the form, too
	var grants []jsonobject.Value
	for _, g := range c.Grants {
		grants = append(grants, jsonobject.Quote(g))
	}
	o.Set("grant_types", array(grants))
	x.Note = "client " + c.ID
	return x.json(http.StatusCreated, o.Bytes())
}
