package keysource

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"jwt/internal/cli"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/sshagent"
	"jwt/internal/verdict"
)

// agentPrefix begins a source that is a key of ssh-agent: agent:SHA256:….
const agentPrefix = "agent:"

// AgentSource reports whether a source is a key of ssh-agent.
func AgentSource(source string) bool { return strings.HasPrefix(source, agentPrefix) }

// agentTimeout bounds a conversation with ssh-agent, which may ask a person to confirm.
const agentTimeout = 2 * time.Minute

// dialAgent connects to ssh-agent.
func (k *Sources) dialAgent() (io.ReadWriteCloser, error) {
	path := k.Env.Getenv("SSH_AUTH_SOCK")
	if path == "" {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "SSH_AUTH_SOCK is not set: no ssh-agent is running for this shell").
			Hintf("eval $(ssh-agent) && ssh-add")
	}
	conn, err := (&net.Dialer{Timeout: agentTimeout}).DialContext(k.Ctx, "unix", path)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "ssh-agent does not answer: %w", err).Hintf("eval $(ssh-agent) && ssh-add")
	}
	return conn, conn.SetDeadline(k.Env.Now().Add(agentTimeout))
}

// agentKeys returns the keys of ssh-agent.
func (k *Sources) agentKeys() ([]sshagent.Identity, error) {
	conn, err := k.dialAgent()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	all, err := sshagent.List(conn)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "ssh-agent: %w", err)
	}
	return all, nil
}

// agentKey returns the key of ssh-agent with the fingerprint in the source. An empty one
// selects the only key.
func (k *Sources) agentKey(source string) (sshagent.Identity, error) {
	all, err := k.agentKeys()
	if err != nil {
		return sshagent.Identity{}, err
	}
	fingerprint := strings.TrimPrefix(source, agentPrefix)
	var fit []sshagent.Identity
	for _, id := range all {
		if fingerprint == "" || id.Fingerprint == fingerprint || id.Fingerprint == "SHA256:"+fingerprint {
			fit = append(fit, id)
		}
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	e := verdict.Errorf(verdict.KeyNotFound, "ssh-agent has no key %s", phrase.Quote(fingerprint))
	switch {
	case len(all) == 0:
		e = verdict.Errorf(verdict.KeyNotFound, "ssh-agent has no key that can sign tokens")
		e.Hint = "ssh-add FILE adds one"
	case fingerprint == "":
		e = verdict.Errorf(verdict.KeyNotFound, "ssh-agent has %s", phrase.Count(len(all), "key"))
		fallthrough
	default:
		e.Hint = "it has " + strings.Join(agentSources(all), ", ")
	}
	return sshagent.Identity{}, e
}

func agentSources(all []sshagent.Identity) []string {
	var names []string
	for _, id := range all {
		names = append(names, id.Key.Source)
	}
	return names
}

// readAgent reads the public key of a source agent:….
func (k *Sources) readAgent(source string) (Source, error) {
	id, err := k.agentKey(source)
	if err != nil {
		return Source{}, err // the zero Key has no material
	}
	return Source{Set: jwk.Set{Keys: []jwk.Key{id.Key}}, Name: source}, nil
}

// SignByAgent signs with the key of ssh-agent that source names. ECDSA is in DER.
func (k *Sources) SignByAgent(source string, alg jwa.Algorithm, input string) ([]byte, error) {
	id, err := k.agentKey(source)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(id.Algorithms(), alg.Name) {
		return nil, verdict.Errorf(verdict.KeyMismatch, "ssh-agent cannot sign %s with this key", alg.Name).
			Hintf("--alg %s", strings.Join(id.Algorithms(), " or --alg "))
	}
	conn, err := k.dialAgent()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	sig, err := id.Sign(conn, alg, input)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyRefused, "ssh-agent: %w", err)
	}
	return sig, nil
}

// AgentNames returns the sources of the keys of ssh-agent with their comments, for completion.
func AgentNames(ctx context.Context, env *cli.Env) []string {
	all, err := Options{}.Sources(ctx, env, cli.Output{}).agentKeys()
	if err != nil {
		return nil
	}
	var names []string
	for _, id := range all {
		names = append(names, id.Key.Source+"\t"+id.Comment)
	}
	return names
}
