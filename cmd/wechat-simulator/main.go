// Command wechat-simulator runs the fake platform of the package wechattest for
// programs in any language: the API of an Official Account, a control API that plays
// its followers, and a proxy for clients that cannot be given another base URL.
//
//	wechat-simulator                      # prints what to set, and serves until it is interrupted
//	wechat-simulator -- npm test          # runs a command with all of it set, and ends with it
//
// https://github.com/wechatoa/wechat/blob/main/docs/simulator.md describes it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// The exit codes, beside that of the command that is run.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs the simulator until ctx ends, or until the command of args has ended.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	set, command, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	}
	sim, err := newSimulator(set, slog.New(slog.NewTextHandler(stderr, nil)))
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "wechat-simulator:", err)
		return exitFailure
	}
	ended := make(chan error, 1)
	go func() { ended <- sim.serve() }()
	code := 0
	if len(command) > 0 {
		code = sim.run(ctx, command, stdout, stderr)
	} else {
		sim.describe(stdout)
		select {
		case <-ctx.Done():
		case err := <-ended:
			ended <- err
		}
	}
	sim.Close()
	if err := <-ended; err != nil {
		_, _ = fmt.Fprintln(stderr, "wechat-simulator:", err)
		return exitFailure
	}
	return code
}

// parse reads the flags, and the command behind them.
func parse(args []string, stderr io.Writer) (settings, []string, error) {
	set := settings{callback: wechattest.CallbackSettings{Mode: wechattest.CallbackModeSafe}}
	flags := flag.NewFlagSet("wechat-simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: wechat-simulator [flags] [command [arguments]]")
		flags.PrintDefaults()
	}
	flags.StringVar(&set.addr, "addr", "", "listen on this `host:port` of the loopback interface (default 127.0.0.1:8099, or any free port for a command)")
	flags.BoolVar(&set.expose, "expose", false, "allow an -addr that other machines reach")
	flags.StringVar(&set.appID, "appid", "", "AppID of the account (default random)")
	flags.StringVar(&set.appSecret, "secret", "", "AppSecret of the account (default random)")
	flags.StringVar(&set.callback.Token, "token", "", "Token of the callback (default random)")
	flags.StringVar(&set.callback.EncodingAESKey, "aes-key", "", "EncodingAESKey of the callback (default random)")
	flags.TextVar((*mode)(&set.callback.Mode), "mode", mode(wechattest.CallbackModeSafe), "encryption of pushes: plain, compatible or safe")
	flags.StringVar(&set.callback.URL, "callback", "", "`URL` of the callback, which gets the pushes")
	flags.BoolVar(&set.callback.JSON, "json", false, "pushes and replies are JSON instead of XML")
	flags.DurationVar(&set.pushTimeout, "push-timeout", 5*time.Second, "how long a callback has to reply; longer if you step through it in a debugger")
	flags.BoolVar(&set.strict, "strict", false, "refuse what the pages forbid but the platform accepts")
	flags.BoolVar(&set.testAccount, "test-account", false, "the smaller quotas of an account for tests (测试号)")
	flags.StringVar(&set.caFile, "ca", "", "write the certificate of the proxy's authority to this `file`, and keep it (default a temporary file)")
	if err := flags.Parse(args); err != nil {
		return set, nil, err
	}
	if set.pushTimeout <= 0 {
		err := errors.New("-push-timeout must be positive")
		_, _ = fmt.Fprintln(stderr, err)
		return set, nil, err
	}
	if set.addr == "" {
		set.addr = "127.0.0.1:8099"
		if flags.NArg() > 0 {
			set.addr = "127.0.0.1:0"
		}
	}
	return set, flags.Args(), nil
}

// run runs a command with everything set, and returns its exit code.
func (s *simulator) run(ctx context.Context, command []string, stdout, stderr io.Writer) int {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the user's command
	cmd.Env = append(os.Environ(), s.environment()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code
	}
	_, _ = fmt.Fprintln(stderr, "wechat-simulator:", err)
	return exitFailure
}

// mode is a callback mode as a flag and in JSON.
type mode wechattest.CallbackMode

var modes = []string{wechattest.CallbackModePlain: "plain", wechattest.CallbackModeCompatible: "compatible", wechattest.CallbackModeSafe: "safe"}

// MarshalText returns the name of the mode.
func (m mode) MarshalText() ([]byte, error) { return []byte(modes[m]), nil }

// UnmarshalText reads the name of a mode.
func (m *mode) UnmarshalText(text []byte) error {
	for known, name := range modes {
		if name == string(text) {
			*m = mode(known)
			return nil
		}
	}
	return fmt.Errorf("mode must be plain, compatible or safe, not %.32q", text)
}
