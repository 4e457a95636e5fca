package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// runs starts the program and returns its result.
func runs(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string) { //nolint:revive // the test comes first
	t.Helper()
	var out, errs bytes.Buffer
	code = run(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestItPrintsWhatToSetAndEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := runs(t, ctx, "-addr", "127.0.0.1:0")
	assert.Zero(t, code)
	assert.Empty(t, stderr)
	for _, name := range []string{
		"WECHAT_BASE_URL", "WECHAT_APP_ID", "WECHAT_APP_SECRET", "WECHAT_TOKEN", "WECHAT_AES_KEY", "WECHAT_SIMULATOR_URL",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
	} {
		assert.Regexp(t, "(?m)^export "+name+"=.+$", stdout)
	}
	assert.Regexp(t, "# Only in the terminal of your program.*\n# .*\nexport HTTP_PROXY=", stdout)
	file := regexp.MustCompile(`SSL_CERT_FILE=(.+)`).FindStringSubmatch(stdout)[1]
	_, err := os.Stat(filepath.Dir(file))
	assert.ErrorIs(t, err, fs.ErrNotExist, "the temporary certificate is gone")
}

func TestFlagsSetTheAccount(t *testing.T) {
	key := strings.Repeat("k", 43)
	code, stdout, _ := runs(t, t.Context(), "-appid", "wx1", "-secret", "s3", "-token", "tok", "-aes-key", key, "-mode", "plain",
		"sh", "-c", "echo $WECHAT_APP_ID $WECHAT_APP_SECRET $WECHAT_TOKEN $WECHAT_AES_KEY")
	assert.Zero(t, code)
	assert.Equal(t, "wx1 s3 tok "+key+"\n", stdout)
}

func TestCommandRunsWithEverythingSetAndItsExitCodeIsOurs(t *testing.T) {
	code, stdout, _ := runs(t, t.Context(), "--", "sh", "-c", "env; exit 7")
	assert.Equal(t, 7, code)
	for _, name := range []string{"WECHAT_BASE_URL", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "CURL_CA_BUNDLE"} {
		assert.Contains(t, stdout, name+"=")
	}
	code, _, stderr := runs(t, t.Context(), "a-command-that-is-not-there")
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, stderr, "a-command-that-is-not-there")
}

func TestCommandIsEndedWithTheSimulator(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	code, _, stderr := runs(t, ctx, "sleep", "60")
	assert.NotZero(t, code)
	assert.Empty(t, stderr, "whoever stops the simulator knows why the command ended")
	require.NoError(t, t.Context().Err())
}

func TestWhatCannotBeRightIsRefusedAtTheStart(t *testing.T) {
	other := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(other, []byte("mine"), 0o600))
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"all interfaces":      {[]string{"-addr", ":0"}, exitFailure, "-allow-remote"},
		"another interface":   {[]string{"-addr", "192.0.2.1:0"}, exitFailure, "-allow-remote"},
		"all of them in IPv6": {[]string{"-addr", "[::]:0"}, exitFailure, "-allow-remote"},
		"no port":             {[]string{"-addr", "127.0.0.1"}, exitFailure, "host:port"},
		"an unknown flag":     {[]string{"-nonsense"}, exitUsage, "nonsense"},
		"an unknown mode":     {[]string{"-mode", "secret"}, exitUsage, "plain, compatible or safe"},
		"a short key":         {[]string{"-aes-key", "abc"}, exitFailure, "EncodingAESKey"},
		"a short token":       {[]string{"-token", "a"}, exitFailure, "Token"},
		"no callback scheme":  {[]string{"-callback", "localhost:8080"}, exitFailure, "-callback: the URL of the callback must begin with http://"},
		"no callback URL":     {[]string{"-callback", "127.0.0.1:9301/x"}, exitFailure, "-callback: the URL of the callback must begin with http://"},
		"a remote callback":   {[]string{"-callback", "http://192.0.2.1/"}, exitFailure, "-callback: the callback 192.0.2.1 is not on this machine"},
		"a negative timeout":  {[]string{"-push-timeout", "-1s"}, exitUsage, "positive"},
		"somebody's file":     {[]string{"-ca", other, "-addr", "127.0.0.1:0"}, exitFailure, "not a certificate of this program"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			code, stdout, stderr := runs(t, ctx, tt.args...)
			assert.Equal(t, tt.code, code)
			assert.Contains(t, stderr, tt.says)
			assert.NotContains(t, stderr, "wechattest:")
			assert.Empty(t, stdout)
		})
	}
	data, err := os.ReadFile(other)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(data))
}

func TestItListensElsewhereIfThatIsAskedFor(t *testing.T) {
	code, stdout, _ := runs(t, t.Context(), "-addr", "0.0.0.0:0", "-allow-remote", "sh", "-c", "echo $WECHAT_BASE_URL")
	assert.Zero(t, code)
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+\n$`, stdout, "a program of this machine reaches it here")
}

func TestHelpIsNoFailure(t *testing.T) {
	code, _, stderr := runs(t, t.Context(), "-h")
	assert.Zero(t, code)
	assert.Contains(t, stderr, "usage: wechat-simulator")
}

func TestItEndsCleanlyOnSignals(t *testing.T) {
	program := filepath.Join(t.TempDir(), "wechat-simulator")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exec.CommandContext(t.Context(), program, "-addr", "127.0.0.1:0")
		var errs bytes.Buffer
		cmd.Stderr = &errs
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var printed bytes.Buffer
		for !strings.Contains(printed.String(), "NODE_EXTRA_CA_CERTS") {
			chunk := make([]byte, 4096)
			n, err := stdout.Read(chunk)
			printed.Write(chunk[:n])
			require.NoError(t, err, "%s", printed.String())
		}
		require.NoError(t, cmd.Process.Signal(signal))
		require.NoError(t, cmd.Wait(), "%v: %s", signal, errs.String())
		assert.Empty(t, errs.String())
		file := regexp.MustCompile(`SSL_CERT_FILE=(.+)`).FindStringSubmatch(printed.String())[1]
		_, err = os.Stat(file)
		assert.ErrorIs(t, err, fs.ErrNotExist, "%v leaves %s", signal, file)
	}
}

func TestValuesAreQuotedForAShell(t *testing.T) {
	for value, want := range map[string]string{
		"http://127.0.0.1:8099": "http://127.0.0.1:8099",
		"":                      "''",
		"/tmp/a b":              "'/tmp/a b'",
		"it's $HOME":            `'it'\''s $HOME'`,
	} {
		assert.Equal(t, want, quoted(value))
	}
}
