package browsertest

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNodeProgramAnswersThroughTheProxy(t *testing.T) {
	s := startSimulator(t)
	node, err := exec.LookPath("node")
	if err != nil {
		skip(t, "Node.js is not installed")
	}
	url := startForeign(t, s, []string{"NODE_PACKAGES=" + packages(t)}, node, "testdata/program.mjs")
	answersInThePage(t, s, "safe", url, "Node.js")
}

func TestPythonProgramAnswersThroughTheProxy(t *testing.T) {
	s := startSimulator(t)
	python, err := exec.LookPath("python3")
	if err != nil {
		skip(t, "Python is not installed")
	}
	url := startForeign(t, s, nil, python, "testdata/program.py")
	answersInThePage(t, s, "plain", url, "Python")
}

// startForeign starts a program in another language, with the variables that the simulator
// prints, and returns the URL of its callback, which is the first line of its output.
func startForeign(t *testing.T, s *simulator, environment []string, command ...string) string {
	t.Helper()
	var index struct {
		Environment map[string]string `json:"environment"`
	}
	s.do(http.MethodGet, "", nil, &index)
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), environment...)
	for name, value := range index.Environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, _, err := bufio.NewReader(out).ReadLine()
	require.NoError(t, err, "the program prints its URL")
	return string(line)
}

// answersInThePage verifies the URL of a program in the page and reads its answers there.
func answersInThePage(t *testing.T, s *simulator, mode, url, name string) {
	t.Helper()
	s.addFollower("Alice")
	w := open(t, s)
	w.click("#tab-setup")
	w.fill("#callback-form [name=url]", url)
	w.choose("#callback-form [name=mode]", mode)
	w.click("#save-callback")
	w.see("#callback-outcome", "Verified")
	w.say("你好")
	w.see(".item-theirs .bubble", name+": 你好")
	w.see(".item-theirs .bubble", name+", later: 你好")
	w.click("#tab-log")
	w.see(".entry-name", "/cgi-bin/message/custom/send")
}
