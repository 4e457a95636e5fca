package wechat

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var runRows = flag.Bool("rows", false, "run the tests of docs/reliability.md")

// faultRow is a row of docs/reliability.md.
type faultRow struct {
	id    string
	tests []string
}

var (
	faultLine  = regexp.MustCompile(`(?m)^\| ([A-F]\d+) \| [^|]+ \| [^|]+ \| [^|]+ \| ([^|]+) \|$`)
	testName   = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	testHeader = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(\w+ \*testing\.[TF]\)`)
)

func faultRows(t *testing.T, document string) (rows []faultRow) {
	t.Helper()
	for _, line := range faultLine.FindAllStringSubmatch(readDocument(t, document), -1) {
		row := faultRow{id: line[1]}
		for _, name := range testName.FindAllStringSubmatch(line[2], -1) {
			row.tests = append(row.tests, name[1])
		}
		rows = append(rows, row)
	}
	return rows
}

// testsOfModules returns the directories of the tests of all modules, by name.
func testsOfModules(t *testing.T) map[string][]string {
	t.Helper()
	dirs := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range testHeader.FindAllSubmatch(text, -1) {
			dirs[string(name[1])] = append(dirs[string(name[1])], filepath.Dir(path))
		}
		return err
	})
	require.NoError(t, err)
	return dirs
}

func TestEveryFaultHasATestThatExists(t *testing.T) {
	rows, dirs := faultRows(t, "docs/reliability.md"), testsOfModules(t)
	sizes := map[byte]int{}
	for _, row := range rows {
		sizes[row.id[0]]++
		assert.NotEmpty(t, row.tests, "%s has no test", row.id)
		for _, name := range row.tests {
			assert.NotEmpty(t, dirs[name], "%s: there is no %s", row.id, name)
		}
	}
	assert.Equal(t, map[byte]int{'A': 17, 'B': 15, 'C': 21, 'D': 14, 'E': 30, 'F': 9}, sizes)
	ids := map[string]bool{}
	for _, row := range rows {
		ids[row.id] = true
	}
	assert.Len(t, ids, len(rows), "a row stands there twice")
	assert.Equal(t, rows, faultRows(t, "docs/zh/reliability.md"), "both languages")
}

// TestEveryFaultHasATestThatPasses runs the tests of the rows. A test may be skipped only
// if it says that redis-server is not installed. One that says that the machine is too busy
// is run again when all others have ended. Without -rows it does nothing: the tests
// themselves run with all others.
func TestEveryFaultHasATestThatPasses(t *testing.T) {
	if !*runRows {
		t.Skip("make reliability runs the tests of docs/reliability.md")
	}
	dirs := testsOfModules(t)
	byDir := map[string][]string{}
	for _, row := range faultRows(t, "docs/reliability.md") {
		for _, name := range row.tests {
			for _, dir := range dirs[name] {
				if !slices.Contains(byDir[dir], name) {
					byDir[dir] = append(byDir[dir], name)
				}
			}
		}
	}
	var mu sync.Mutex
	passed, busy := 0, map[string][]string{}
	judge := func(dir, name, end string) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case end == "pass":
			passed++
		case strings.Contains(end, "redis-server is not installed"):
			t.Logf("%s in %s: skipped, redis-server is not installed", name, dir)
		case strings.HasPrefix(end, "skip: ") && strings.Contains(end, "the machine is too busy") && !slices.Contains(busy[dir], name):
			busy[dir] = append(busy[dir], name)
		default:
			t.Errorf("%s in %s: %s", name, dir, end)
		}
	}
	var running sync.WaitGroup
	two := make(chan struct{}, 2)                                          // packages at a time, as go test does on two processors
	for _, dir := range slices.Backward(slices.Sorted(maps.Keys(byDir))) { // the soak, which mostly waits, begins early
		two <- struct{}{}
		running.Go(func() {
			defer func() { <-two }()
			names := byDir[dir]
			ends := runTests(t, dir, names)
			for _, name := range names {
				judge(dir, name, ends[name])
			}
		})
	}
	running.Wait()
	for dir, names := range busy {
		for _, name := range names {
			judge(dir, name, runTests(t, dir, []string{name})[name])
		}
	}
	t.Logf("%d tests passed", passed)
}

// runTests runs tests of a directory and returns how each ended: "pass", or its output.
func runTests(t *testing.T, dir string, names []string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout=20m", "-json", "-run", "^("+strings.Join(names, "|")+")$", ".")
	cmd.Dir = dir
	out, _ := cmd.Output() // what failed is in it
	ends, outputs := map[string]string{}, map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue
		}
		name, _, _ := strings.Cut(event.Test, "/")
		switch {
		case event.Action == "output":
			outputs[name] += event.Output
		case event.Test != name:
		case event.Action == "pass":
			ends[name] = event.Action
		case event.Action == "fail", event.Action == "skip":
			ends[name] = event.Action + ": " + outputs[name]
		}
	}
	assert.NoError(t, lines.Err())
	for _, name := range names {
		if ends[name] == "" {
			ends[name] = "did not end: " + outputs[""]
		}
	}
	return ends
}
