package redisstore_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// missing says what a machine lacks.
const missing = "redis-server is not installed (Debian: apt-get install redis-server): "

// server is a redis-server of a test's own, or miniredis if none is installed.
type server struct {
	Addr string

	t    testing.TB
	dir  string
	args []string
	cmd  *exec.Cmd // nil for miniredis
}

// startServer starts a server. The test goes on with miniredis if there is no other.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Log(missing + "this test goes on with miniredis")
		return &server{Addr: startMiniredis(t).Addr(), t: t}
	}
	return startRealServer(t, args...)
}

// startMiniredis starts a server in this process, in which TTLs end as time goes by.
func startMiniredis(t testing.TB) *miniredis.Miniredis {
	t.Helper()
	mini, done, stopped := miniredis.RunT(t), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for last := time.Now(); ; {
			select {
			case <-done:
				return
			case now := <-time.After(10 * time.Millisecond):
				mini.FastForward(now.Sub(last))
				last = now
			}
		}
	}()
	t.Cleanup(func() {
		close(done)
		<-stopped
	})
	return mini
}

// startRealServer starts a redis-server. The test is skipped if there is none.
func startRealServer(t testing.TB, args ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip(missing + "this test needs a real one")
	}
	s := &server{Addr: freeAddr(t), t: t, dir: t.TempDir(), args: args}
	s.start()
	t.Cleanup(func() { s.kill() })
	return s
}

// freeAddr returns an address that nobody listens at.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	return addr
}

// start starts the server again, empty.
func (s *server) start() {
	s.t.Helper()
	_, port, err := net.SplitHostPort(s.Addr)
	require.NoError(s.t, err)
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", s.dir, "--loglevel", "warning"}, s.args...)
	s.cmd = exec.Command("redis-server", args...)
	require.NoError(s.t, s.cmd.Start())
	probe := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer func() { _ = probe.Close() }()
	require.Eventually(s.t, func() bool {
		return probe.Ping(context.Background()).Err() == nil
	}, 20*time.Second, 20*time.Millisecond)
}

func (s *server) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// client returns a client with the default options of go-redis, except for changes.
func (s *server) client(change ...func(*redis.Options)) *redis.Client {
	o := &redis.Options{Addr: s.Addr}
	for _, f := range change {
		f(o)
	}
	c := redis.NewClient(o)
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// commands returns how often the server executed each command so far.
func (s *server) commands() map[string]int {
	s.t.Helper()
	info, err := s.client().Info(context.Background(), "commandstats").Result()
	require.NoError(s.t, err)
	calls := map[string]int{}
	for line := range strings.Lines(info) {
		name, rest, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "cmdstat_"), ":calls=")
		if n, _, _ := strings.Cut(rest, ","); found {
			calls[name], _ = strconv.Atoi(n)
		}
	}
	return calls
}

// requests returns how many commands of stores the server got so far.
func (s *server) requests() (n int) {
	for name, calls := range s.commands() {
		switch name {
		case "hello", "ping", "info", "client|setinfo": // of connections, and of commands
		default:
			n += calls
		}
	}
	return n
}

// silent is a logger of go-redis.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func TestMain(m *testing.M) {
	if text := os.Getenv(workVariable); text != "" {
		if err := work(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	redis.SetLogger(silent{})
	code := m.Run()
	deliverer.CloseIdleConnections()
	var leak error
	for end := time.Now().Add(30 * time.Second); code == 0 && time.Now().Before(end); {
		if leak = goleak.Find(); leak == nil { // go-redis ends some dials after Close
			break
		}
	}
	if leak != nil {
		fmt.Fprintln(os.Stderr, leak)
		code = 1
	}
	os.Exit(code)
}

// stop stops the server, so that it accepts connections and answers none, until goOn.
func (s *server) stop() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGSTOP))
}

func (s *server) goOn() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGCONT))
}
