package browsertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// installed installs the packages of package.json once for all tests. The results are the
// directory that contains them, or why they are not available.
var installed = sync.OnceValues(func() (dir string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", err
	}
	dir = filepath.Join(workspace, "packages")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return "", err
		}
	}
	cmd := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return filepath.Join(dir, "node_modules"), nil
})

// packages returns the directory of the packages. The test is skipped if they are not
// available, and fails if they differ from the pinned ones.
func packages(t *testing.T) string {
	t.Helper()
	dir, err := installed()
	if err != nil {
		require.NotRegexp(t, "EINTEGRITY|EUSAGE", err.Error())
		skip(t, "the packages of npm are not available: "+err.Error())
	}
	return dir
}
