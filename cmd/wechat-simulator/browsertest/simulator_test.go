package browsertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

// simulator is a simulator that runs as a process of its own.
type simulator struct {
	URL string

	t    *testing.T
	args []string
	cmd  *exec.Cmd
}

// startSimulator starts a simulator on a free port, which ends with the test.
func startSimulator(t *testing.T, args ...string) *simulator {
	t.Helper()
	if chromium == nil {
		t.Skip(missing)
	}
	s := &simulator{t: t, args: append([]string{"-push-timeout", "1s"}, args...)}
	s.start("127.0.0.1:0")
	t.Cleanup(s.stop)
	return s
}

var listening = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

func (s *simulator) start(addr string) {
	s.t.Helper()
	s.cmd = exec.Command(simulatorProgram, append([]string{"-addr", addr}, s.args...)...)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, s.cmd.Start())
	lines := bufio.NewReader(out)
	for s.URL = ""; s.URL == ""; {
		line, err := lines.ReadString('\n')
		require.NoError(s.t, err, "the simulator prints its URL")
		s.URL = listening.FindString(line)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
}

func (s *simulator) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// do sends a request to the control API.
func (s *simulator) do(method, path string, in, out any) {
	s.t.Helper()
	body, err := json.Marshal(in)
	require.NoError(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+"/simulator/"+path, bytes.NewReader(body))
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Timeout: time.Minute}).Do(req)
	require.NoError(s.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	require.Less(s.t, resp.StatusCode, 300, "%s %s: %s", method, path, answer)
	if out != nil {
		require.NoError(s.t, json.Unmarshal(answer, out))
	}
}

func (s *simulator) post(path string, in any) { s.t.Helper(); s.do(http.MethodPost, path, in, nil) }

// account is what a program needs to use the simulator.
type account struct {
	AppID     string `json:"appid"`
	AppSecret string `json:"appsecret"`
	Token     string `json:"token"`
	AESKey    string `json:"aes_key"`
}

func (s *simulator) account() account {
	s.t.Helper()
	var state struct {
		Account  account `json:"account"`
		Callback account `json:"callback"`
	}
	s.do(http.MethodGet, "state", nil, &state)
	state.Account.Token, state.Account.AESKey = state.Callback.Token, state.Callback.AESKey
	return state.Account
}

// client returns a client of the account.
func (s *simulator) client() *wechat.Client {
	a := s.account()
	c := wechat.NewClient(a.AppID, a.AppSecret, wechat.WithBaseURL(s.URL))
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// addFollower adds a follower and returns their openid.
func (s *simulator) addFollower(nickname string) string {
	s.t.Helper()
	openID := "o-" + strings.ToLower(nickname)
	s.post("followers", map[string]any{"openid": openID, "nickname": nickname})
	return openID
}

// memory returns the bytes of memory that the simulator occupies. ok is false on systems
// other than Linux.
func (s *simulator) memory() (bytes int64, ok bool) {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, false
	}
	match := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(s.t, match)
	kilobytes, err := strconv.ParseInt(string(match[1]), 10, 64)
	require.NoError(s.t, err)
	return kilobytes << 10, true
}
