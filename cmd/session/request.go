package session

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/httpclient"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

var requestCommand = cli.Command{
	Use:   "request METHOD URL",
	Short: "send a request as the session",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o requestOptions
		c.Long = `Send a request with the access token and cookies of the session, and print the
body of the response. If the server says that the token has expired, the token
is refreshed and the request sent once more. Cookies that the response sets are
kept for the next request. On a status of 400 or more, the body is printed and
the command fails.

URL is a URL of the server of the session, or a path on it: the token is sent
to no other server, and redirects are not followed.`
		c.Example = `  jwt session request GET /me
  jwt session request POST /cart/items -d '{"sku":"tea","quantity":2}'
  jwt session request PUT /note -d @note.txt -H 'Content-Type: text/plain'
  jwt session request -i GET /me`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 8 9 130"}
		c.Args = func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return verdict.Errorf(verdict.Usage, "%s takes a method and a URL, got %s", c.CommandPath(), phrase.Count(len(args), "argument")).
					Hintf("jwt session request GET /me")
			}
			return nil
		}
		o.addFlags(c.Flags())
		o.session.complete(env, c)
		c.RunE = func(c *cobra.Command, args []string) error {
			o.hasData = c.Flags().Changed("data")
			return runRequest(c.Context(), env, o, args[0], args[1])
		}
	},
}

type requestOptions struct {
	session productOptions
	data    string
	hasData bool
	headers []string
	include bool
}

func (o *requestOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.data, "data", "d", "", "the `BODY` to send: the text itself, @FILE or -; sent as JSON unless a Content-Type is given")
	f.StringArrayVarP(&o.headers, "header", "H", nil, "a header to send, `'NAME: VALUE'` (repeatable)")
	f.BoolVarP(&o.include, "include", "i", false, "print the status and the headers of the response too")
	o.session.addFlags(f)
}

func runRequest(ctx context.Context, env *cli.Env, o requestOptions, method, target string) error {
	client, err := o.session.client(env)
	if err != nil {
		return err
	}
	body, err := o.body(env)
	if err != nil {
		return err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	req, err := o.request(ctx, client, method, target, body)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return interrupted(ctx, requestFailure(ctx, req, err))
	}
	defer resp.Body.Close()
	answer, err := readAnswer(ctx, resp)
	if err != nil {
		return err
	}
	if o.include {
		answer = append(head(resp), answer...)
	}
	if env.StdoutTTY {
		answer = bytes.ReplaceAll(answer, []byte("\r\n"), []byte("\n"))
	}
	if err := (cli.Output{}).WriteBytes(env, answer); err != nil {
		return err
	}
	if to := redirect(resp); to != "" {
		o.session.notes().Note(env, "the server answered "+httpclient.Status(resp.StatusCode)+", to "+to+": redirects are not followed")
	}
	return cmp.Or(notKept(client.Unsaved()), badAnswer(client, req, resp))
}

// notKept returns the error of cookies that the next request will not have.
func notKept(err error) error {
	if err == nil {
		return nil
	}
	return verdict.Errorf(verdict.ClassOf(err), "the cookies that the server set were not saved: %w", err)
}

// redirect returns where a redirect leads, or "" if the response is not one.
func redirect(resp *http.Response) string {
	if resp.StatusCode < 300 || resp.StatusCode >= 400 || resp.Header.Get("Location") == "" {
		return ""
	}
	to, err := resp.Location()
	if err != nil {
		return "an invalid URL"
	}
	return authclient.SecretsOf(resp.Request).Hide(httpclient.Show(to))
}

func (o requestOptions) body(env *cli.Env) ([]byte, error) {
	const most = 16 << 20
	if !o.hasData {
		return nil, nil
	}
	return env.Input().Text([]string{o.data}, "body", most)
}

// request builds the request. A target that is a path is on the server of the session.
func (o requestOptions) request(ctx context.Context, client *session.Client, method, target string, body []byte) (*http.Request, error) {
	if strings.HasPrefix(target, "/") {
		s, err := client.Store.Peek(client.Name)
		if err != nil {
			return nil, err
		}
		target = s.Server + target
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, verdict.Errorf(verdict.Usage, "%s is not a URL", cli.QuoteArg(target)).Hintf("https://…, or a path on the session's server: /me")
	}
	if u.User != nil {
		return nil, verdict.Errorf(verdict.Usage, "the URL has a user name, which would not be sent: the session says who you are").Hintf("leave out what stands before the @")
	}
	req, err := http.NewRequestWithContext(ctx, strings.ToUpper(method), u.String(), bytes.NewReader(body))
	if err != nil || method == "" { // which net/http takes as GET
		return nil, verdict.Errorf(verdict.Usage, "%s is not a method", cli.QuoteArg(method)).Hintf("GET, POST, PUT, PATCH, DELETE, …")
	}
	req.Header.Set("User-Agent", client.UserAgent)
	if o.hasData {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, o.addHeaders(req)
}

func (o requestOptions) addHeaders(req *http.Request) error {
	var given []string
	for _, h := range o.headers {
		name, value, ok := strings.Cut(h, ":")
		name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		value = strings.TrimSpace(value)
		switch {
		case !ok || name == "" || strings.Trim(name, headerName) != "" || strings.ContainsFunc(value, isControl):
			return verdict.Errorf(verdict.Usage, "--header: %s is not NAME: VALUE", cli.QuoteArg(name)).Hintf("a value cannot contain line ends or other control characters")
		case name == "Authorization":
			return verdict.Errorf(verdict.Usage, "--header: the session sets Authorization").Hintf("for another: curl -H 'Authorization: …'")
		case name == "Host" && !strings.EqualFold(value, req.URL.Host):
			return verdict.Errorf(verdict.Usage, "--header: Host must be %s, the token of the session is for no other", req.URL.Host)
		case name == "Host":
			continue
		}
		if !slices.Contains(given, name) {
			req.Header.Del(name)
		}
		given = append(given, name)
		req.Header.Add(name, value)
	}
	return nil
}

// headerName has the characters of header names (RFC 9110 §5.6.2).
const headerName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// readAnswer reads the body, up to the largest allowed.
func readAnswer(ctx context.Context, resp *http.Response) ([]byte, error) {
	req := resp.Request
	body, err := io.ReadAll(io.LimitReader(resp.Body, authclient.MaxReply+1))
	if err != nil {
		return nil, requestFailure(ctx, req, err)
	}
	if len(body) > authclient.MaxReply {
		return nil, verdict.Errorf(verdict.FetchRefused, "%s: the answer is larger than %d bytes", httpclient.Show(req.URL), authclient.MaxReply).
			Hintf("jwt session token --format curl | curl -K - %s", httpclient.Show(req.URL))
	}
	return body, nil
}

// requestFailure returns err with a class.
func requestFailure(ctx context.Context, req *http.Request, err error) error {
	var known *verdict.Error
	if errors.As(err, &known) {
		return known
	}
	return authclient.NetworkFailure(ctx, req, err)
}

// badAnswer returns the error of a status of 400 or more.
func badAnswer(client *session.Client, req *http.Request, resp *http.Response) error {
	if resp.StatusCode < 400 {
		return nil
	}
	class := verdict.FetchFailed
	if resp.StatusCode >= 500 {
		class = verdict.ServerError
	}
	e := verdict.Errorf(class, "%s %s: the server answered %s", req.Method, httpclient.Show(req.URL), httpclient.Status(resp.StatusCode))
	if !authclient.NeedsOtherToken(resp.Header) {
		return e
	}
	challenge := authclient.ChallengeOf(resp.Header)
	e.Message += ": " + challenge["error"]
	if wants := challenge.Wants(); wants != "" {
		e.Message += ", it wants " + phrase.Short(authclient.SecretsOf(req).Hide(wants))
	}
	return e.Hintf("a refresh does not change that, so none was made: %s", stepUp(client, req, challenge))
}

// stepUp returns the command that logs in as a challenge asks (RFC 9470 §4).
func stepUp(client *session.Client, req *http.Request, challenge authclient.Challenge) string {
	command := "jwt session login"
	if s, err := client.Store.Peek(client.Name); err != nil || s.OAuth == nil {
		return "log in as the server asks"
	}
	if client.Name != session.DefaultName {
		command += " --session " + client.Name
	}
	for _, wish := range []struct{ name, flag string }{{"acr_values", "--acr-values"}, {"max_age", "--max-age"}, {"scope", "--scope"}} {
		value := authclient.SecretsOf(req).Hide(challenge[wish.name])
		if value == "" {
			continue
		}
		if wish.name == "max_age" {
			value += "s"
		}
		command += " " + wish.flag + " " + render.Escape("'"+strings.ReplaceAll(value, "'", "")+"'")
	}
	if !strings.Contains(command, "'") {
		return "log in as the server asks"
	}
	return command
}

// head returns the status and the headers of a response, as curl -i shows them.
func head(resp *http.Response) []byte {
	var b bytes.Buffer
	b.WriteString(resp.Proto + " " + httpclient.Status(resp.StatusCode) + "\r\n")
	resp.Header.Write(&b) // into memory: it cannot fail
	b.WriteString("\r\n")
	return b.Bytes()
}
