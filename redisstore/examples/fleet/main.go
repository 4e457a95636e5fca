// Fleet shows three servers of one account that share Redis: one token for all, one
// run of a handler for each push, and what happens when a server dies.
//
// It starts everything itself: a redis-server if one is installed (else miniredis),
// the fake platform, and three processes of this program.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/wechatoa/wechat/wechattest"
)

func main() {
	log.SetFlags(0)
	run := runFleet
	if os.Getenv(redisVariable) != "" {
		run = runServer
	}
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func runFleet(ctx context.Context) error {
	addr, stop, err := startRedis(ctx)
	if err != nil {
		return err
	}
	defer stop()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	api := httptest.NewServer(platform)
	defer api.Close()

	var fleet [3]*member
	for i := range fleet {
		if fleet[i], err = startMember(addr, api.URL, platform); err != nil {
			return err
		}
		defer fleet[i].kill()
	}
	fetches := func() int { return platform.CallCount("/cgi-bin/stable_token") }

	if err := callAll(fleet[:]); err != nil {
		return err
	}
	fmt.Printf("3 servers made 30 calls at once:    %d token fetched\n", fetches())

	platform.RevokeTokens()
	if err := callAll(fleet[:]); err != nil {
		return err
	}
	fmt.Printf("the token was revoked, 30 calls:    %d fetched in all, no call failed\n", fetches())

	fleet[0].kill()
	if err := callAll(fleet[1:]); err != nil {
		return err
	}
	fmt.Printf("a server was killed, 20 calls:      %d fetched in all, no call failed\n", fetches())

	alice := platform.AddUser(wechattest.User{Nickname: "Alice"})
	platform.SetCallback(both{fleet[1], fleet[2]})
	report := alice.Sends(ctx, "hi")
	if report.Reply == nil {
		return errors.New("no reply")
	}
	runs := 0
	for _, m := range fleet[1:] {
		text, err := m.get("/runs")
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		runs += n
	}
	fmt.Printf("a push was delivered to 2 servers:  handled %d time, the reply is %q\n", runs, report.Reply.Content)
	if fetches() != 2 || runs != 1 {
		return fmt.Errorf("%d tokens fetched and the push handled %d times, want 2 and 1", fetches(), runs)
	}
	return nil
}

// startRedis starts a Redis with nothing in it and returns its address.
func startRedis(ctx context.Context) (addr string, stop func(), err error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		fmt.Println("redis-server is not installed, miniredis takes its place")
		mini, err := miniredis.Run()
		if err != nil {
			return "", nil, err
		}
		return mini.Addr(), mini.Close, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "")
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	probe := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: 100, MaxRetryBackoff: 50 * time.Millisecond})
	defer func() { _ = probe.Close() }()
	if err := probe.Ping(ctx).Err(); err != nil {
		stop()
		return "", nil, err
	}
	return addr, stop, nil
}

// member is a server of the fleet, as this process sees it.
type member struct {
	cmd *exec.Cmd
	url string
}

// startMember starts this program again, as a server.
func startMember(redisAddr, api string, p *wechattest.Platform) (*member, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	m := &member{cmd: exec.Command(exe)}
	m.cmd.Env = append(os.Environ(), redisVariable+"="+redisAddr, apiVariable+"="+api, "WECHAT_APP_ID="+p.AppID, "WECHAT_APP_SECRET="+p.AppSecret,
		"WECHAT_TOKEN="+p.Token, "WECHAT_AES_KEY="+p.EncodingAESKey)
	m.cmd.Stderr = os.Stderr
	if _, err = m.cmd.StdinPipe(); err != nil { // a server ends with its input, and so with this process
		return nil, err
	}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := m.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	m.url = "http://" + strings.TrimSpace(line)
	return m, err
}

func (m *member) kill() {
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
}

func (m *member) get(path string) (string, error) {
	resp, err := http.Get(m.url + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		err = errors.Join(err, errors.New(string(body)))
	}
	return string(body), err
}

// callAll makes every server call the platform ten times, all at once.
func callAll(fleet []*member) error {
	var mu sync.Mutex
	var all sync.WaitGroup
	var failed error
	for _, m := range fleet {
		for range 10 {
			all.Go(func() {
				if _, err := m.get("/call"); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed = errors.Join(failed, err)
				}
			})
		}
	}
	all.Wait()
	return failed
}

// both delivers a push to two servers at once and answers with what the second says,
// as if the platform had delivered it again before the first one answered.
type both [2]*member

func (b both) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var answers [2][]byte
	var all sync.WaitGroup
	for i, m := range b {
		all.Go(func() {
			resp, err := http.Post(m.url+"/wechat?"+r.URL.RawQuery, "text/xml", bytes.NewReader(body))
			if err != nil {
				return
			}
			defer func() { _ = resp.Body.Close() }()
			answers[i], _ = io.ReadAll(resp.Body)
		})
	}
	all.Wait()
	_, _ = w.Write(answers[1])
}
