// Command report runs the benchmarks and writes what they show: RESULTS.md, with the
// medians, the ratios to the floor and the targets, ratios.svg and memory.svg.
//
//	go run ./report                                # six rounds, about 15 minutes
//	go run ./report -rounds 1 -benchtime 100x      # to try, into quick/
//
// It runs in the directory of the benchmarks. A round is each row once, so that what
// else the machine does meets all rows; the rows that count come before the rounds.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// benchstat is the command that compares the rounds.
const benchstat = "golang.org/x/perf/cmd/benchstat@v0.0.0-20250305200902-02a15fd477ba"

// fullRounds is how many rounds results need; fewer are a trial.
const fullRounds = 6

// counting are the benchmarks that count, or measure more than time. Each has a process
// of its own, so that nothing that others leave counts.
var counting = []string{"Herd", "Million", "Load"}

func main() {
	rounds := flag.Int("rounds", fullRounds, "how often each row is measured")
	benchtime := flag.String("benchtime", "200ms", "how long or how often a row is measured in a round")
	from := flag.String("from", "", "read what the benchmarks have printed from this `file` instead of running them")
	flag.Parse()
	if err := run(*rounds, *benchtime, *from); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(rounds int, benchtime, from string) error {
	dir := "."
	if rounds < fullRounds {
		dir = "quick"
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "benchmarks")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()

	var raw []byte
	if from != "" {
		raw, err = os.ReadFile(from) //nolint:gosec // the user names it
	} else {
		raw, err = measure(filepath.Join(tmp, "benchmarks.test"), rounds, benchtime)
	}
	if err != nil {
		return err
	}
	rows := parse(raw)
	if err := weigh(rows, tmp, rounds >= fullRounds); err != nil {
		return err
	}
	file := filepath.Join(tmp, "rounds.txt")
	if err := os.WriteFile(file, raw, 0o600); err != nil { //nolint:gosec // in a directory of our own
		return err
	}
	compared, err := goCommand("run", benchstat, "-col", "/sdk", file)
	if err != nil {
		return err
	}
	results := document(rows, machine(raw), rounds, benchtime, compared)
	if err := os.WriteFile(filepath.Join(dir, "RESULTS.md"), results, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "ratios.svg"), plot(rows), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "memory.svg"), course(rows), 0o600)
}

// measure runs the rounds and returns what they print.
func measure(program string, rounds int, benchtime string) ([]byte, error) {
	if _, err := goCommand("test", "-c", "-o", program, "."); err != nil {
		return nil, err
	}
	var all bytes.Buffer
	run := func(title string, args ...string) error {
		_, _ = fmt.Fprintln(os.Stdout, title)
		cmd := exec.Command(program, append(args, "-test.timeout", "2h")...) //nolint:gosec,noctx // built by measure
		cmd.Stdout = io.MultiWriter(&all, os.Stdout)
		cmd.Stderr = os.Stderr
		return cmd.Run()
	}
	load := time.Second
	if rounds >= fullRounds {
		load = time.Minute
	}
	for _, name := range counting {
		if err := run(name, "-test.run", "^Test", "-test.bench", "^Benchmark"+name+"$", "-test.benchtime", "1x", "-load", load.String()); err != nil {
			return nil, err
		}
	}
	for round := range rounds {
		err := run(fmt.Sprintf("round %d of %d", round+1, rounds), "-test.run", "^$", "-test.bench", ".", "-test.benchtime", benchtime,
			"-test.skip", "^Benchmark("+strings.Join(counting, "|")+")$")
		if err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}

// goCommand returns what the go command prints.
func goCommand(args ...string) (string, error) {
	cmd := exec.Command("go", args...) //nolint:gosec,noctx // no arguments from outside
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %q: %w: %s", args, err, failure.Bytes())
	}
	return string(out), nil
}
