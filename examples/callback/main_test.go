package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

const (
	appID  = "wx0000000000000001"
	token  = "exampletoken"
	aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

	pushes = 50
)

// TestSIGTERM stops the program while requests are on their way to it: half of each
// has come when it gets the signal.
func TestSIGTERMCutsNoConnectionAndLosesNoReply(t *testing.T) {
	address, program := start(t)
	key, err := msgcrypt.ParseKey(aesKey)
	require.NoError(t, err)
	conns := make([]net.Conn, pushes)
	requests := make([][]byte, pushes)
	for n := range pushes {
		requests[n] = push(t, key, n)
		conns[n], err = net.Dial("tcp", address)
		require.NoError(t, err)
		defer func() { _ = conns[n].Close() }()
		_, err = conns[n].Write(requests[n][:len(requests[n])/2])
		require.NoError(t, err)
	}
	require.Equal(t, "success", text(t, exchange(t, address, push(t, key, pushes)), key), "all connections before it are accepted")

	require.NoError(t, program.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 10*time.Second, time.Millisecond, "the shutdown has begun")
	for n, conn := range conns {
		_, err := conn.Write(requests[n][len(requests[n])/2:])
		require.NoError(t, err)
	}
	for n, conn := range conns {
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, n)
		assert.Contains(t, text(t, answer, key), fmt.Sprintf("收到：%d]", n))
	}
	assert.NoError(t, program.Wait())
}

// start builds and starts the program, and waits until it listens.
func start(t *testing.T) (address string, program *exec.Cmd) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "callback")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address = listener.Addr().String()
	require.NoError(t, listener.Close())

	var log bytes.Buffer
	program = exec.Command(binary)
	program.Env = append(os.Environ(), "ADDRESS="+address, "WECHAT_APP_ID="+appID, "WECHAT_TOKEN="+token, "WECHAT_AES_KEY="+aesKey)
	program.Stdout, program.Stderr = &log, &log
	require.NoError(t, program.Start())
	t.Cleanup(func() {
		_ = program.Process.Kill()
		_ = program.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	return address, program
}

// push makes the request that delivers a text, or an event that nobody handles.
func push(t *testing.T, key msgcrypt.Key, n int) []byte {
	t.Helper()
	timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), msgcrypt.Nonce()
	document := fmt.Sprintf("<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>%s</CreateTime>"+
		"<MsgType>text</MsgType><Content>%d</Content><MsgId>%d</MsgId></xml>", timestamp, n, n+1)
	if n == pushes {
		document = strings.Replace(document, "text</MsgType>", "event</MsgType><Event>LOCATION</Event>", 1)
	}
	encoded := key.Encrypt([]byte(document), appID)
	query := url.Values{
		"timestamp": {timestamp}, "nonce": {nonce}, "encrypt_type": {"aes"},
		"signature": {msgcrypt.Sign(token, timestamp, nonce)}, "msg_signature": {msgcrypt.Sign(token, timestamp, nonce, encoded)},
	}
	r, err := http.NewRequest(http.MethodPost, "http://example.com/wechat?"+query.Encode(),
		strings.NewReader("<xml><Encrypt><![CDATA["+encoded+"]]></Encrypt></xml>"))
	require.NoError(t, err)
	var request bytes.Buffer
	require.NoError(t, r.Write(&request))
	return request.Bytes()
}

func exchange(t *testing.T, address string, request []byte) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write(request)
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	return answer
}

// text returns the clear text of an answer.
func text(t *testing.T, answer *http.Response, key msgcrypt.Key) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	_, encoded, encrypted := strings.Cut(string(body), "<Encrypt><![CDATA[")
	if !encrypted {
		return string(body)
	}
	encoded, _, _ = strings.Cut(encoded, "]]>")
	document, err := key.Decrypt(encoded, appID)
	require.NoError(t, err)
	return string(document)
}
