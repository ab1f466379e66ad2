package jwt

import (
	"testing"
	"time"

	"jwt/internal/jsonobject"
)

func BenchmarkCheck(b *testing.B) {
	o, err := jsonobject.Parse([]byte(`{"iss":"https://login.example","sub":"user-1","aud":"api","exp":4102444800,"iat":1700000000,"nbf":1700000000,"jti":"5124bcdc7ced4605af1e39f12cc08cbc","scope":"read write"}`))
	if err != nil {
		b.Fatal(err)
	}
	header, err := jsonobject.Parse([]byte(`{"alg":"HS256","typ":"JWT"}`))
	if err != nil {
		b.Fatal(err)
	}
	p, now := Policy{Audiences: []string{"api"}}, time.Unix(1700000100, 0)
	b.ReportAllocs()
	for b.Loop() {
		p.Check(Claims{object: o}, header, now)
	}
}
