package session

import (
	"bufio"
	"context"
	"io"
	"strings"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/qr"
	"jwt/internal/reltime"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// dialog returns how a login talks to the user. All of it goes to stderr, even with --quiet:
// the user cannot log in without it.
func (o oauthOptions) dialog(env *cli.Env) authclient.Dialog {
	return authclient.Dialog{
		Visit: func(url string) {
			o.say(env, "Log in at this address:", url)
			if env.Getenv("SSH_CONNECTION") != "" && strings.Contains(url, "redirect_uri=http%3A%2F%2F127.0.0.1") {
				cli.Output{}.Note(env, "the page answers on this machine: with a browser elsewhere, use --flow device or --flow paste")
			}
			env.OpenBrowser(url, o.noBrowser, cli.Output{})
		},
		Enter: func(d authclient.DeviceCode) {
			o.say(env, "Open this address on any device:", d.URL, "and enter the code "+d.UserCode+" within "+reltime.Span(d.Lapses))
			page := d.URL
			if d.Complete != "" {
				page = d.Complete
				o.say(env, "or open this address, which has the code:", page)
			}
			if o.qr {
				showQR(env, page)
			}
			env.OpenBrowser(page, o.noBrowser, cli.Output{})
		},
		Paste: func(ctx context.Context) (string, error) { return paste(ctx, env) },
	}
}

// say writes lines to stderr. They may have text of the server.
func (o oauthOptions) say(env *cli.Env, lines ...string) {
	for _, line := range lines {
		io.WriteString(env.Stderr, render.Escape(line)+"\n")
	}
}

// longestPaste bounds what a user pastes, in bytes.
const longestPaste = 32 << 10

// paste reads one line: from a prompt on a terminal, which does not show the code, or else
// from stdin.
func paste(_ context.Context, env *cli.Env) (string, error) {
	if env.StdinTTY && env.Secret != nil {
		text, err := env.Secret("Paste the address at which the browser ends, or the code: ")
		if err != nil {
			return "", verdict.Errorf(verdict.Usage, "nothing was pasted: %w", err)
		}
		return string(text), nil
	}
	line, err := bufio.NewReader(io.LimitReader(env.Stdin, longestPaste)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", verdict.Errorf(verdict.IO, "reading the pasted address: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// showQR writes a QR code to stderr, light on dark where the terminal has colours.
func showQR(env *cli.Env, text string) {
	on, off := "", ""
	if cli.Colored(env, env.StderrTTY, "auto") {
		on, off = "\x1b[97;40m", "\x1b[0m"
	}
	for _, line := range qr.Lines(text) {
		io.WriteString(env.Stderr, on+line+off+"\n")
	}
}
