// Command report runs the benchmarks and writes what they show: RESULTS.md, with the
// medians, the ratios to the floor and the targets, ratios.svg and memory.svg.
//
//	go run ./report                                # six rounds, about 40 minutes
//	go run ./report -rounds 1 -benchtime 100x      # to try, into quick/
//
// It runs in the directory of the benchmarks. A round is each row once, so that what
// else the machine does meets all rows; the rows that count requests are in the first
// round only.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// benchstat is the command that compares the rounds.
const benchstat = "golang.org/x/perf/cmd/benchstat@v0.0.0-20250305200902-02a15fd477ba"

// fullRounds is how many rounds results need; fewer are a trial.
const fullRounds = 6

// counting matches the benchmarks that count instead of measuring time.
const counting = "^Benchmark(Herd|Million|Load)$"

func main() {
	rounds := flag.Int("rounds", fullRounds, "how often each row is measured")
	benchtime := flag.String("benchtime", "1s", "how long or how often a row is measured in a round")
	flag.Parse()
	if err := run(*rounds, *benchtime); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(rounds int, benchtime string) error {
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

	raw, err := measure(filepath.Join(tmp, "benchmarks.test"), rounds, benchtime)
	if err != nil {
		return err
	}
	rows := parse(raw)
	if err := weigh(rows, tmp, rounds >= fullRounds); err != nil {
		return err
	}
	file := filepath.Join(tmp, "rounds.txt")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
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
	for round := range rounds {
		args := []string{"-test.run", "^Test", "-test.bench", ".", "-test.benchtime", benchtime, "-test.timeout", "2h"}
		if round > 0 {
			args = append(args, "-test.run", "^$", "-test.skip", counting)
		}
		_, _ = fmt.Fprintf(os.Stdout, "round %d of %d\n", round+1, rounds)
		cmd := exec.Command(program, args...) //nolint:gosec,noctx // built by measure
		cmd.Stdout = io.MultiWriter(&all, os.Stdout)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
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
