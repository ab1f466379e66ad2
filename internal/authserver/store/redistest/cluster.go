package redistest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"jwt/internal/tooltest"
)

// A Group is several Redis servers on loopback: a Cluster, or what a Sentinel watches.
type Group struct {
	URL   string // of a store that uses the group
	nodes []*node
	dir   string
}

// A node is one server of a group.
type node struct {
	port    int
	process *exec.Cmd
}

const (
	masters    = 3 // each has one replica
	slots      = 16384
	failover   = "1000" // milliseconds after which a server that does not answer is replaced
	masterSet  = "jwt"
	patience   = 30 * time.Second // for a group to be complete
	startTries = 5                // ports that were free may be taken a moment later
)

// Cluster runs a Redis Cluster of three masters with a replica each until the test ends.
func Cluster(t *testing.T) *Group { return run(t, (*Group).cluster) }

// Sentinel runs a master, its replica and a Sentinel until the test ends.
func Sentinel(t *testing.T) *Group { return run(t, (*Group).sentinel) }

func run(t *testing.T, build func(*Group) error) *Group {
	t.Helper()
	g := start(t, build)
	t.Cleanup(g.stop)
	return g
}

func start(t *testing.T, build func(*Group) error) *Group {
	t.Helper()
	tooltest.Program(t, "redis-server")
	tooltest.Program(t, "redis-cli")
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		t.Fatal(err)
	}
	g := &Group{dir: dir}
	if err := build(g); err != nil {
		g.stop()
		t.Fatal(err)
	}
	return g
}

// shared is the Cluster of Shared.
var shared *Group

// Shared returns a Cluster for all tests of a package, one after the other, without keys.
// The package's TestMain must call Main, which ends it.
func Shared(t *testing.T) *Group {
	t.Helper()
	if shared == nil {
		shared = start(t, (*Group).cluster)
	}
	shared.clear(t)
	return shared
}

// Main runs the tests of a package and returns the exit status.
func Main(m *testing.M) int {
	defer func() {
		if shared != nil {
			shared.stop()
		}
	}()
	return m.Run()
}

func (g *Group) stop() {
	for _, n := range g.nodes {
		n.kill()
	}
	os.RemoveAll(g.dir)
}

func (n *node) kill() {
	n.process.Process.Kill()
	n.process.Wait()
}

func (n *node) address() string { return "127.0.0.1:" + strconv.Itoa(n.port) }

// start runs a server on a free port.
func (g *Group) start(arguments ...string) (*node, error) {
	var err error
	for range startTries {
		var n *node
		if n, err = g.try(arguments...); err == nil {
			g.nodes = append(g.nodes, n)
			return n, nil
		}
	}
	return nil, err
}

func (g *Group) try(arguments ...string) (*node, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(g.dir, strconv.Itoa(port))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	n := &node{port: port, process: exec.Command("redis-server", arguments...)}
	n.process.Args = append(n.process.Args, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir)
	n.process.Stdout = io.Discard
	if err := n.process.Start(); err != nil {
		return nil, err
	}
	if err := n.until("PONG", "PING"); err != nil {
		n.kill()
		return nil, err
	}
	return n, nil
}

// data runs a server that keeps nothing on the disk.
func (g *Group) data(arguments ...string) (*node, error) {
	return g.start(append(arguments, "--save", "", "--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0")...)
}

// freePort returns a port that is free, as is the one of a cluster's bus, 10000 above it.
func freePort() (int, error) {
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if port+10000 > 65535 {
			continue
		}
		if bus, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port+10000)); err == nil {
			bus.Close()
			return port, nil
		}
	}
}

// ask sends a command and returns what redis-cli prints.
func (n *node) ask(command ...string) (string, error) {
	out, err := exec.Command("redis-cli", append([]string{"-p", strconv.Itoa(n.port)}, command...)...).Output()
	text := strings.TrimSpace(string(out))
	if err != nil || strings.HasPrefix(text, "ERR ") {
		return text, fmt.Errorf("redis-cli %.60s: %s (%v)", strings.Join(command, " "), text, err)
	}
	return text, nil
}

// until asks until the answer contains a text.
func (n *node) until(want string, command ...string) error {
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		text, err := n.ask(command...)
		if strings.Contains(text, want) {
			return nil
		}
		if time.Since(began) > patience {
			return fmt.Errorf("redis-cli %s: no %q in %s after %s (%v)", strings.Join(command, " "), want, text, patience, err)
		}
	}
}

// cluster starts a Cluster of masters with a replica each.
func (g *Group) cluster() error {
	for _, step := range []func() error{g.startNodes, g.meet, g.replicate} {
		if err := step(); err != nil {
			return err
		}
	}
	g.URL = "redis://" + g.nodes[0].address() + "?addr=" + g.nodes[1].address() + "&addr=" + g.nodes[2].address()
	return nil
}

// startNodes starts the nodes, and gives each master its part of the slots.
func (g *Group) startNodes() error {
	for i := range 2 * masters {
		n, err := g.data("--cluster-enabled", "yes", "--cluster-node-timeout", failover)
		if err == nil {
			_, err = n.ask("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		}
		if err != nil {
			return err
		}
	}
	for i, n := range g.nodes[:masters] {
		add := []string{"CLUSTER", "ADDSLOTS"}
		for slot := i * slots / masters; slot < (i+1)*slots/masters; slot++ {
			add = append(add, strconv.Itoa(slot))
		}
		if _, err := n.ask(add...); err != nil {
			return err
		}
	}
	return nil
}

// meet makes the nodes known to each other.
func (g *Group) meet() error {
	for _, n := range g.nodes[1:] {
		if _, err := g.nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(n.port)); err != nil {
			return err
		}
	}
	return allUntil(g.nodes, fmt.Sprintf("cluster_known_nodes:%d", len(g.nodes)), "CLUSTER", "INFO")
}

// replicate gives each master a replica, and waits until all work.
func (g *Group) replicate() error {
	for i, n := range g.nodes[masters:] {
		id, err := g.nodes[i].ask("CLUSTER", "MYID")
		if err == nil {
			_, err = n.ask("CLUSTER", "REPLICATE", id)
		}
		if err != nil {
			return err
		}
	}
	if err := allUntil(g.nodes, "cluster_state:ok", "CLUSTER", "INFO"); err != nil {
		return err
	}
	return allUntil(g.nodes[masters:], "master_link_status:up", "INFO", "replication")
}

// allUntil asks each node until its answer contains a text.
func allUntil(nodes []*node, want string, command ...string) error {
	for _, n := range nodes {
		if err := n.until(want, command...); err != nil {
			return err
		}
	}
	return nil
}

func (g *Group) sentinel() error {
	master, err := g.data()
	if err != nil {
		return err
	}
	replica, err := g.data("--replicaof", "127.0.0.1", strconv.Itoa(master.port))
	if err != nil {
		return err
	}
	if err := replica.until("master_link_status:up", "INFO", "replication"); err != nil {
		return err
	}
	config := filepath.Join(g.dir, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %[1]s 127.0.0.1 %[2]d 1\nsentinel down-after-milliseconds %[1]s %[3]s\nsentinel failover-timeout %[1]s 3000\n", masterSet, master.port, failover)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	sentinel, err := g.start(config, "--sentinel")
	if err != nil {
		return err
	}
	if err := sentinel.until("127.0.0.1:"+strconv.Itoa(replica.port), "SENTINEL", "REPLICAS", masterSet); err != nil {
		return err
	}
	g.URL = "redis://" + sentinel.address() + "?master_set=" + masterSet
	return nil
}

// KillMaster kills the master that holds a key.
func (g *Group) KillMaster(t *testing.T, key string) {
	t.Helper()
	i := 0
	if len(g.nodes) == 2*masters {
		text, err := g.nodes[0].ask("CLUSTER", "KEYSLOT", key)
		slot, atoi := strconv.Atoi(text)
		if err != nil || atoi != nil {
			t.Fatal(err, atoi)
		}
		for i = 0; slot >= (i+1)*slots/masters; i++ {
		}
	}
	g.nodes[i].kill()
}

func (g *Group) clear(t *testing.T) {
	t.Helper()
	for _, n := range g.nodes[:max(1, len(g.nodes)/2)] {
		if _, err := n.ask("FLUSHALL"); err != nil {
			t.Fatal(err)
		}
	}
}
