package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEchoServerAnswersBesideTheSimulator(t *testing.T) {
	program := filepath.Join(t.TempDir(), "echo-server")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../examples/echo-server").CombinedOutput()
	require.NoError(t, err, "%s", out)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	t.Setenv("ADDRESS", address)

	s := start(t, func(set *settings) { set.callback.URL = "http://" + address + "/wechat" })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var log bytes.Buffer
	go func() { ended <- s.run(ctx, []string{program}, &log, &log) }()
	require.Eventually(t, func() bool {
		status, _ := asks(t, s, http.MethodPost, "/simulator/callback/verify", nil)
		return status < 300
	}, 20*time.Second, 20*time.Millisecond)
	alice := add(t, s, obj{"nickname": "Alice"})
	report := does(t, s, "POST", alice+"/messages", obj{"type": "text", "content": "hello, 世界"})
	assert.Equal(t, "hello, 世界", report["reply"].(obj)["content"])
	stop()
	<-ended
	assert.Contains(t, log.String(), "listening at "+address)
}
