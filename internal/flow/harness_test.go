package flow_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/faulty"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/authserver/users/userstest"
	"jwt/internal/config"
	"jwt/internal/flow"
	"jwt/internal/httpclient"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

const password = "correct horse battery staple"

// serve starts a local server with the faults, and the user alice.
func serve(t *testing.T, o authserver.Options, faults ...string) string {
	t.Helper()
	listener := listen()
	parsed, err := faulty.ParseAll(faults)
	if err != nil {
		t.Fatal(err)
	}
	o.Issuer, o.Store, o.Now = "http://"+listener.Addr().String(), store.NewMemory(), time.Now
	o.Users = &users.Set{}
	if err := o.Users.Add("alice:" + userstest.CheapHash(password)); err != nil {
		t.Fatal(err)
	}
	if o.AccessTTL == 0 {
		o.AccessTTL = 3 * time.Second
	}
	server, err := faulty.New(t.Context(), o, parsed, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serving: %v", err)
		}
		server.Close()
	})
	return o.Issuer
}

// handle starts a server with another handler.
func handle(t *testing.T, h http.Handler) string {
	t.Helper()
	s := &httptest.Server{Listener: listen(), Config: &http.Server{Handler: h}}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// options returns the options for a server, with limits that suit a test.
func options(t *testing.T, server, preset string) flow.Options {
	t.Helper()
	u, err := httpclient.ParseServer(server)
	if err != nil {
		t.Fatal(err)
	}
	p, err := presets.Find(preset, config.File{})
	if err != nil {
		t.Fatal(err)
	}
	return flow.Options{
		Server: u, Preset: p, User: "alice", Password: []byte(password), HTTP: &http.Client{Transport: transport(t)},
		MaxWait: 10 * time.Second, Leeway: 300 * time.Millisecond, MaxGrace: 700 * time.Millisecond,
		Now: time.Now, After: time.After,
	}
}

func run(t *testing.T, o flow.Options) flow.Report {
	t.Helper()
	r, err := flow.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outcomes returns the rules by their status.
func outcomes(r flow.Report) map[verdict.Status][]string {
	all := map[verdict.Status][]string{}
	for _, x := range r.Results {
		all[x.Status] = append(all[x.Status], x.ID)
	}
	return all
}
