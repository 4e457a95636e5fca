package main

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPortInUseIsSaidWithTheNextFreeOne(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	addr := taken.Addr().String()

	_, _, err = listen(t.Context(), addr, false, false)
	require.ErrorContains(t, err, "in use")
	require.ErrorContains(t, err, "is free: set -addr 127.0.0.1:")

	l, notice, err := listen(t.Context(), addr, false, true)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	assert.Contains(t, notice, addr+" is in use")
	assert.Contains(t, notice, l.Addr().String())
	assert.Greater(t, l.Addr().(*net.TCPAddr).Port, taken.Addr().(*net.TCPAddr).Port)
}

func TestPortInUseIsSaidByTheProgram(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	code, stdout, stderr := runs(t, t.Context(), "-addr", taken.Addr().String())
	assert.Equal(t, exitFailure, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "is free: set -addr")

	usual, err := net.Listen("tcp", "127.0.0.1:8099")
	if err == nil { // or another program has it
		t.Cleanup(func() { require.NoError(t, usual.Close()) })
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr = runs(t, ctx)
	assert.Zero(t, code)
	assert.Contains(t, stderr, "127.0.0.1:8099 is in use")
	assert.Regexp(t, `(?m)^Open the page 打开页面: http://127\.0\.0\.1:8[1-9]\d\d/simulator/$`, stdout)
}

func TestAddressesForOtherMachinesAreSaid(t *testing.T) {
	assert.Empty(t, elsewhere("127.0.0.1:8099"))
	assert.Empty(t, elsewhere("[::1]:8099"))
	own, err := net.InterfaceAddrs()
	require.NoError(t, err)
	var want []string
	for _, a := range own {
		if ip := a.(*net.IPNet).IP; ip.To4() != nil && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			want = append(want, ip.String()+":8099")
		}
	}
	assert.Equal(t, want, elsewhere("0.0.0.0:8099"))
	assert.Subset(t, elsewhere("[::]:8099"), want)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, stdout, _ := runs(t, ctx, "-addr", "0.0.0.0:0", "-allow-remote")
	for _, addr := range want {
		ip, _, err := net.SplitHostPort(addr)
		require.NoError(t, err)
		assert.Regexp(t, `(?m)^From other machines 其他机器访问: http://`+ip+`:\d+/simulator/$`, stdout)
	}
	_, stdout, _ = runs(t, ctx, "-addr", "127.0.0.1:0")
	assert.NotContains(t, stdout, "From other machines")
}
