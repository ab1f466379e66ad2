package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
)

// oidcProvider is the npm package that the local server is compared with.
const oidcProvider = "oidc-provider@9.13.3"

//go:embed oidc-provider.mjs
var oidcProviderScript []byte

// installOIDCProvider installs the package in the user's cache, if it is not there yet, and
// returns the folder.
func installOIDCProvider(ctx context.Context) (string, error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", err
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	packages := filepath.Join(cache, "jwt-bench", oidcProvider)
	if _, err := os.Stat(filepath.Join(packages, "node_modules", "oidc-provider")); err == nil {
		return packages, nil
	}
	if err := os.MkdirAll(packages, 0o700); err != nil {
		return "", err
	}
	install := exec.CommandContext(ctx, "npm", "install", "--silent", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", packages, oidcProvider)
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install: %w: %s", err, out)
	}
	return packages, nil
}

// startOIDCProvider starts the server.
func startOIDCProvider(ctx context.Context, dir string) (*exec.Cmd, target, error) {
	packages, err := installOIDCProvider(ctx)
	if err != nil {
		return nil, target{}, err
	}
	script := filepath.Join(dir, "oidc-provider.mjs")
	if err := os.WriteFile(script, oidcProviderScript, 0o600); err != nil {
		return nil, target{}, err
	}
	c := exec.Command("node", script, fmt.Sprint(clients))
	c.Dir = packages
	c.Env = append(os.Environ(), "NODE_ENV=production")
	line, err := firstLine(c)
	if err != nil {
		return c, target{}, err
	}
	var said struct {
		URL    string
		Tokens []string
	}
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		return c, target{}, err
	}
	return c, target{
		url:    said.URL,
		tokens: said.Tokens,
		body: func(token string) (string, []byte) {
			form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"bench"}, "refresh_token": {token}}
			return "application/x-www-form-urlencoded", []byte(form.Encode())
		},
	}, nil
}
