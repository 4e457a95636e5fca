// Command wechat-simulator runs the fake platform of the package wechattest for programs
// in any language: the API of an Official Account, a control API that plays the
// followers, and a proxy for clients whose base URL cannot be set.
//
//	wechat-simulator                # prints the variables to set and serves until interrupted
//	wechat-simulator -- npm test    # runs a command with the variables set and exits with its code
//
// See https://github.com/wechatoa/wechat/blob/main/docs/simulator.md.
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
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/wechatoa/wechat/wechattest"
)

// The exit codes, besides that of the command.
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

// run runs the simulator until ctx is canceled or the command in args has exited.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	set, command, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	}
	if set.compare != "" {
		return compare(ctx, set.compare, stdout, stderr)
	}
	sim, err := newSimulator(context.WithoutCancel(ctx), set, slog.New(slog.NewTextHandler(stderr, nil)))
	if err != nil {
		complain(stderr, err)
		return exitFailure
	}
	if sim.notice != "" {
		_, _ = fmt.Fprintln(stderr, "wechat-simulator:", sim.notice)
	}
	ended := make(chan error, 1)
	go func() { ended <- sim.serve() }()
	code := 0
	if len(command) > 0 {
		code = sim.run(ctx, command, stdout, stderr)
	} else {
		sim.describe(stdout)
		if set.given["callback"] {
			sim.journal.warner.callback(ctx, set.callback.URL)
		}
		select {
		case <-ctx.Done():
		case err := <-ended:
			ended <- err
		}
	}
	if err := errors.Join(sim.Close(), <-ended); err != nil {
		complain(stderr, err)
		return exitFailure
	}
	return code
}

// complain prints an error without the names of packages.
func complain(stderr io.Writer, err error) {
	_, _ = fmt.Fprintln(stderr, "wechat-simulator:", strings.ReplaceAll(err.Error(), "wechattest: ", ""))
}

// parse parses the flags and the command after them.
func parse(args []string, stderr io.Writer) (settings, []string, error) {
	set := settings{callback: wechattest.CallbackSettings{Mode: wechattest.CallbackModeSafe}}
	flags := flag.NewFlagSet("wechat-simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: wechat-simulator [flags] [command [arguments]]")
		flags.PrintDefaults()
	}
	flags.StringVar(&set.addr, "addr", "", "`host:port` of the loopback interface to listen on (default 127.0.0.1:8099, or a free port with a command)")
	flags.BoolVar(&set.allowRemote, "allow-remote", false, "allow an -addr that other machines can reach, and a -callback on another machine, with a password")
	flags.StringVar(&set.password, "password", "", "`password` of the page and of the control API, with -allow-remote (default $"+passwordVariable+", or random)")
	flags.BoolVar(&set.demo, "demo", false, "start a demo program too, which answers the messages of the followers")
	flags.StringVar(&set.appID, "appid", "", "AppID of the account (default random)")
	flags.StringVar(&set.appSecret, "secret", "", "AppSecret of the account (default random)")
	flags.StringVar(&set.callback.Token, "token", "", "Token of the callback (default random)")
	flags.StringVar(&set.callback.EncodingAESKey, "aes-key", "", "EncodingAESKey of the callback (default random)")
	flags.TextVar((*mode)(&set.callback.Mode), "mode", mode(wechattest.CallbackModeSafe), "encryption of pushes: plain, compatible or safe")
	flags.StringVar(&set.callback.URL, "callback", "", "`URL` of the callback that receives the pushes")
	flags.BoolVar(&set.callback.JSON, "json", false, "use JSON instead of XML for pushes and replies")
	flags.DurationVar(&set.pushTimeout, "push-timeout", 5*time.Second, "time that the callback has to respond; increase it to step through the callback in a debugger")
	flags.BoolVar(&set.strict, "strict", false, "refuse what the official pages forbid, even if the platform is known to accept it")
	flags.BoolVar(&set.testAccount, "test-account", false, "use the lower quotas of a test account (测试号)")
	flags.StringVar(&set.stateFile, "state", "", "restore the state from this `file`, if it exists, and save it there; it contains all secrets of the account")
	flags.StringVar(&set.upstream, "upstream", "", "forward the calls to the real platform at this base `URL`, such as https://api.weixin.qq.com, and record them; needs -record")
	flags.StringVar(&set.record, "record", "", "new `file` for the recording of -upstream")
	flags.StringVar(&set.compare, "compare", "", "report where the fake platform differs from the recording in this `file`, and exit")
	flags.StringVar(&set.caFile, "ca", "", "write the CA certificate of the proxy to this `file` and keep it (default a temporary file)")
	if err := flags.Parse(args); err != nil {
		return set, nil, err
	}
	set.given = map[string]bool{}
	flags.Visit(func(f *flag.Flag) { set.given[f.Name] = true })
	if set.addr == "" {
		set.addr, set.mayMove = "127.0.0.1:8099", true
		if flags.NArg() > 0 {
			set.addr = "127.0.0.1:0"
		}
	}
	if set.compare == "" && set.password == "" {
		set.password = os.Getenv(passwordVariable)
	}
	if err := set.check(flags.NArg() > 0); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return set, nil, err
	}
	return set, flags.Args(), nil
}

const passwordVariable = "WECHAT_SIMULATOR_PASSWORD"

// leastPassword is the length of the shortest password, in characters.
const leastPassword = 8

// check returns an error if flags contradict each other.
func (set settings) check(command bool) error {
	switch {
	case set.pushTimeout <= 0:
		return errors.New("-push-timeout must be positive")
	case set.demo && (command || set.callback.URL != "" || set.upstream != ""):
		return errors.New("-demo is a program of its own: it excludes -callback, -upstream and a command")
	case (set.upstream == "") != (set.record == ""):
		return errors.New("-upstream and -record need each other")
	case set.upstream != "" && (set.callback.URL != "" || set.stateFile != ""):
		return errors.New("-upstream excludes -callback and -state: the real platform pushes, and keeps its state")
	case set.password != "" && !set.allowRemote:
		return errors.New("-password and $" + passwordVariable + " need -allow-remote: without it nobody is asked for a password")
	case set.password != "" && utf8.RuneCountInString(set.password) < leastPassword:
		return fmt.Errorf("the password must have at least %d characters", leastPassword)
	}
	return nil
}

// run runs a command with all variables set and returns its exit code.
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
	if ctx.Err() == nil { // nobody stopped the simulator
		complain(stderr, err)
	}
	return exitFailure
}

// mode is a callback mode as a flag and in JSON.
type mode wechattest.CallbackMode

var modes = []string{wechattest.CallbackModePlain: "plain", wechattest.CallbackModeCompatible: "compatible", wechattest.CallbackModeSafe: "safe"}

// MarshalText implements [encoding.TextMarshaler].
func (m mode) MarshalText() ([]byte, error) { return []byte(modes[m]), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *mode) UnmarshalText(text []byte) error {
	for known, name := range modes {
		if name == string(text) {
			*m = mode(known)
			return nil
		}
	}
	return fmt.Errorf("mode must be plain, compatible or safe, but is %.32q", text)
}
