// Package browsertest uses the page of the simulator in a headless browser, as a
// developer does.
//
//	go test                                     # needs Chromium or Chrome, and is skipped without
//	go test -run Screenshots -screenshots DIR   # writes pictures of the page
package browsertest

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "write pictures of the page to this `directory`")

// What all tests share.
var (
	workspace        string          // a directory that is removed in the end
	simulatorProgram string          // the simulator, built from this tree
	chromium         context.Context // the browser; nil if none is installed
)

const missing = "no browser is installed (Debian: apt-get install chromium)"

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	path := browserPath()
	if path == "" {
		fmt.Println("browsertest: SKIPPED,", missing)
		return m.Run(), nil
	}
	var err error
	if workspace, err = os.MkdirTemp("", "browsertest-*"); err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(workspace) }()
	simulatorProgram = filepath.Join(workspace, "wechat-simulator")
	build := exec.Command("go", "build", "-o", simulatorProgram, "github.com/wechatoa/wechat/cmd/wechat-simulator")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, out)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), browserOptions(path)...)
	defer stop()
	browser, closeBrowser := chromedp.NewContext(allocator)
	defer closeBrowser()
	if err := chromedp.Do(browser); err != nil {
		return 0, fmt.Errorf("%s does not start: %w", path, err)
	}
	chromium = browser
	return m.Run(), nil
}

// skip skips a test because the machine lacks something, with a line that go test prints
// without -v too.
func skip(t *testing.T, reason string) {
	t.Helper()
	fmt.Printf("browsertest: %s SKIPPED, %s\n", t.Name(), reason)
	t.Skip(reason)
}

// browserPath returns the browser to use, or "".
func browserPath() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func browserOptions(path string) []chromedp.ExecAllocatorOption {
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	options = append(options, chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(workspace, "profile")), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-US"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // the sandbox does not run as root
	}
	return options
}
