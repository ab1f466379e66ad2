package store

import (
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

// Every method returns within redisTimeout. The first try of a rotation takes at most
// redisFirstTry, and the second must connect and send HELLO in the time that is left.
const (
	redisTimeout  = 3 * time.Second
	redisFirstTry = 1200 * time.Millisecond
	redisConnect  = 900 * time.Millisecond // to connect, and the same again for HELLO
	redisWait     = time.Second            // for replicas to acknowledge a write
	redisBuffer   = 16 << 10               // bytes, for each direction of a connection
)

// redisOptions are the addresses of a Redis and how to log in to it.
type redisOptions struct {
	rueidis.ClientOption
	name     string // of the first node, in messages
	replicas int64  // that must acknowledge each write
}

// parseRedisURL reads
//
//	redis://[[USER]:PASSWORD@]HOST[:PORT][/DB][?PARAMETERS]
//
// rediss:// for TLS, valkey:// and valkeys:// as synonyms, or unix:///PATH. Parameters:
// addr=HOST:PORT names another node of a Cluster or another Sentinel and can be repeated;
// master_set=NAME makes the nodes Sentinels, with sentinel_user and sentinel_password of
// their own; wait=N waits for N replicas after each write. No error quotes the URL, which
// may hold a password.
func parseRedisURL(address string) (o redisOptions, err error) {
	bad := verdict.Errorf(verdict.Usage, "not a Redis URL, want redis://HOST:PORT/DB").
		Hintf("redis://[USER:PASSWORD@]HOST[:PORT][/DB], with ?addr=HOST:PORT for each further node of a Cluster, master_set=NAME for Sentinel, wait=N for replicas")
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.Fragment != "" {
		return o, bad
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return o, bad
	}
	o.Username = u.User.Username()
	o.Password, _ = u.User.Password()
	if o.Username != "" && o.Password == "" || !o.nodes(u, query["addr"]) || !o.parameters(query) {
		return o, bad
	}
	return o, nil
}

// nodes takes the address of the URL and those of further nodes. It reports whether they are valid.
func (o *redisOptions) nodes(u *url.URL, more []string) bool {
	switch u.Scheme {
	case "unix":
		if u.Host != "" || u.Path == "" {
			return false
		}
		o.name, o.InitAddress, o.ForceSingleClient = u.Path, []string{u.Path}, true
		o.DialCtxFn = func(ctx context.Context, path string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return d.DialContext(ctx, "unix", path)
		}
	case "rediss", "valkeys":
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} // each node is verified by its own name
		fallthrough
	case "redis", "valkey":
		o.name = net.JoinHostPort(cmp.Or(u.Hostname(), "localhost"), cmp.Or(u.Port(), "6379"))
		o.InitAddress = append([]string{o.name}, more...)
		if db := strings.TrimPrefix(u.Path, "/"); db != "" {
			n, err := strconv.ParseUint(db, 10, 31)
			if err != nil {
				return false
			}
			o.SelectDB = int(n)
		}
	default:
		return false
	}
	return true
}

// HasPassword reports whether where is the URL of a Redis with a password in it.
func HasPassword(where string) bool {
	if !IsRedis(where) {
		return false
	}
	o, err := parseRedisURL(where)
	return err == nil && (o.Password != "" || o.Sentinel.Password != "")
}

// CrossesNetwork reports whether where is a Redis that is reached without TLS beyond
// loopback: who listens there sees the private signing keys.
func CrossesNetwork(where string) bool {
	if !IsRedis(where) {
		return false
	}
	o, err := parseRedisURL(where)
	if err != nil || o.TLSConfig != nil || o.DialCtxFn != nil {
		return false
	}
	return slices.ContainsFunc(o.InitAddress, func(address string) bool {
		host, _, err := net.SplitHostPort(address)
		return err != nil || !loopback.Host(host)
	})
}

// parameters reads the query of a URL.
func (o *redisOptions) parameters(query url.Values) bool {
	for name, values := range query {
		if name == "addr" {
			if o.ForceSingleClient || !areNodes(values) {
				return false
			}
		} else if len(values) > 1 || values[0] == "" || !o.parameter(name, values[0]) {
			return false
		}
	}
	sentinel := o.Sentinel.MasterSet != ""
	return (sentinel || o.Sentinel.Username == "" && o.Sentinel.Password == "") && !(sentinel && o.ForceSingleClient)
}

func (o *redisOptions) parameter(name, value string) bool {
	switch name {
	case "master_set":
		o.Sentinel.MasterSet = value
	case "sentinel_user":
		o.Sentinel.Username = value
	case "sentinel_password":
		o.Sentinel.Password = value
	case "wait":
		n, err := strconv.ParseUint(value, 10, 8)
		o.replicas = int64(n)
		return err == nil
	default:
		return false
	}
	return true
}

// areNodes reports whether each text is HOST:PORT.
func areNodes(texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool {
		host, port, err := net.SplitHostPort(text)
		return err != nil || host == "" || port == ""
	})
}

// A redisClient is a connection to a Redis, a Sentinel group or a Cluster.
type redisClient struct {
	redisOptions
	client rueidis.Client
}

// connect detects the kind of server, and checks that it does not evict keys.
func (o redisOptions) connect(ctx context.Context) (redisClient, error) {
	o.DisableRetry = true
	o.DisableCache = true
	o.AlwaysPipelining = true // reads all the time, so a closed connection is detected at once
	o.ClientSetInfo = rueidis.DisableClientSetInfo
	o.Dialer.Timeout = cmp.Or(o.Dialer.Timeout, redisConnect)
	o.ConnWriteTimeout = 2 * time.Second
	o.ReadBufferEachConn, o.WriteBufferEachConn = redisBuffer, redisBuffer
	o.BlockingPoolCleanup = time.Minute
	o.ClusterOption.MaxMovedRedirections = 5
	o.Sentinel.TLSConfig, o.Sentinel.Dialer = o.TLSConfig, o.Dialer
	o.Sentinel.TopologyRefreshInterval = 5 * time.Second
	client, err := rueidis.NewClient(o.ClientOption)
	c := redisClient{redisOptions: o, client: client}
	if err != nil {
		if client != nil {
			client.Close()
		}
		return c, c.failed(err)
	}
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	if err := c.checkPolicy(ctx); err != nil {
		client.Close()
		return c, err
	}
	return c, nil
}

// checkPolicy uses INFO, because managed servers often disable CONFIG. It asks replicas
// too, because they can become masters. A node that does not answer is skipped, unless
// none answers.
func (c redisClient) checkPolicy(ctx context.Context) error {
	var unreachable error
	answers := 0
	for name, node := range c.client.Nodes() {
		info, err := node.Do(ctx, node.B().Info().Section("memory").Build()).ToString()
		if isLost(err) {
			unreachable = err
			continue
		}
		if err != nil {
			return c.failed(err)
		}
		answers++
		for line := range strings.Lines(info) {
			policy, ok := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:")
			if ok && policy != "noeviction" {
				return verdict.Errorf(verdict.FetchRefused, "redis at %s: maxmemory-policy is %s, must be noeviction, or sessions would be forgotten", name, policy).
					Hintf("redis-cli CONFIG SET maxmemory-policy noeviction")
			}
		}
	}
	if answers == 0 {
		return c.failed(unreachable)
	}
	return nil
}

// A redisScript is run by its hash, so that its text is sent to a server only once.
type redisScript struct{ text, hash string }

func newRedisScript(text string) redisScript {
	sum := sha1.Sum([]byte(text)) // the name that EVALSHA requires, not a protection
	return redisScript{text, hex.EncodeToString(sum[:])}
}

// run runs a script.
func (c redisClient) run(ctx context.Context, s redisScript, keys []string, arguments ...string) (rueidis.RedisMessage, error) {
	answer, err := c.write(ctx, func(to rueidis.CommandClient) rueidis.Completed {
		return to.B().Evalsha().Sha1(s.hash).Numkeys(int64(len(keys))).Key(keys...).Arg(arguments...).Build()
	})
	var refused *rueidis.RedisError
	if errors.As(err, &refused) && refused.IsNoScript() {
		answer, err = c.write(ctx, func(to rueidis.CommandClient) rueidis.Completed {
			return to.B().Eval().Script(s.text).Numkeys(int64(len(keys))).Key(keys...).Arg(arguments...).Build()
		})
	}
	return answer, err
}

// write sends a command, and waits for replicas if the URL says so. WAIT counts the writes
// of its own connection, so both use a dedicated one. A command on it is not redirected:
// it fails if a cluster has just moved the slot.
func (c redisClient) write(ctx context.Context, command func(rueidis.CommandClient) rueidis.Completed) (answer rueidis.RedisMessage, err error) {
	if c.replicas == 0 {
		answer, err = c.client.Do(ctx, command(c.client)).ToMessage()
		return answer, c.failed(err)
	}
	err = c.client.Dedicated(func(one rueidis.DedicatedClient) error {
		wait := one.B().Wait().Numreplicas(c.replicas).Timeout(redisWait.Milliseconds()).Build()
		results := one.DoMulti(ctx, command(one), wait)
		if answer, err = results[0].ToMessage(); err != nil {
			return err
		}
		n, err := results[1].AsInt64()
		if err == nil && n < c.replicas {
			err = fmt.Errorf("%w: %d of %d", errNotReplicated, n, c.replicas)
		}
		return err
	})
	return answer, c.failed(err)
}

var errNotReplicated = errors.New("not enough replicas acknowledged a write in time")

// isLost reports whether a command may have been executed although it failed.
func isLost(err error) bool {
	return err != nil && !errors.As(err, new(*rueidis.RedisError)) && !errors.Is(err, errNotReplicated)
}

// failed adds the server's name to an error. It quotes the server's message unless that
// holds a password: a server that does not know AUTH or HELLO quotes their arguments.
func (c redisClient) failed(err error) error {
	var refused *rueidis.RedisError
	switch {
	case err == nil:
		return nil
	case rueidis.IsRedisNil(err):
		return ErrNotFound
	case errors.As(err, &refused):
		code, _, _ := strings.Cut(refused.Error(), " ")
		quoted := func(secret string) bool { return secret != "" && strings.Contains(refused.Error(), secret) }
		if code == "WRONGPASS" || slices.ContainsFunc([]string{c.Password, c.Sentinel.Password}, quoted) {
			err = fmt.Errorf("it refuses user and password: %q", code)
		}
	}
	return verdict.Errorf(verdict.FetchFailed, "redis at %s: %w", c.name, err)
}
