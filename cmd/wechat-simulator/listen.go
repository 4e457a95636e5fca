package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// portsTried is the number of ports after one in use that are tried.
const portsTried = 100

// listen listens on the loopback interface, or on any address if allowRemote is set:
// anyone who can reach the simulator and has its password controls it.
//
// If the port is in use, listen takes the next free one if mayMove is set, and returns a
// notice; otherwise the error names it.
func listen(ctx context.Context, addr string, allowRemote, mayMove bool) (l net.Listener, notice string, err error) {
	if err := checkAddress(ctx, addr, allowRemote); err != nil {
		return nil, "", err
	}
	var config net.ListenConfig
	l, err = config.Listen(ctx, "tcp", addr)
	if err == nil {
		return l, "", nil
	}
	next := nextFree(ctx, addr)
	if next == nil {
		return nil, "", err
	}
	if !mayMove {
		_ = next.Close()
		return nil, "", fmt.Errorf("%w; %s is free: set -addr %s", err, next.Addr(), next.Addr())
	}
	return next, fmt.Sprintf("%s is in use 端口已被占用, so the simulator listens on %s 改用下一个空闲端口", addr, next.Addr()), nil
}

func checkAddress(ctx context.Context, addr string, allowRemote bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("-addr must be host:port: %w", err)
	}
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if host == "" {
		ips, err = []net.IPAddr{{IP: net.IPv4zero}}, nil
	}
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	for _, ip := range ips {
		if !ip.IP.IsLoopback() && !allowRemote {
			return fmt.Errorf("-addr %s is not an address of the loopback interface: other machines could control the simulator. "+
				"Set -allow-remote to allow this, with a password", addr)
		}
	}
	return nil
}

// nextFree listens on the first free port after that of an address. It returns nil if
// there is none, or if the port is not the reason why listening has failed.
func nextFree(ctx context.Context, addr string) net.Listener {
	host, text, err := net.SplitHostPort(addr)
	port, notNumber := strconv.Atoi(text)
	if err != nil || notNumber != nil {
		return nil
	}
	var config net.ListenConfig
	for next := port + 1; next <= port+portsTried && next < 1<<16; next++ {
		if l, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(next))); err == nil {
			return l
		}
	}
	return nil
}

// elsewhere returns the addresses at which programs on other machines may reach the listener,
// if it listens on all interfaces.
func elsewhere(addr string) []string {
	host, port, err := net.SplitHostPort(addr)
	all := net.ParseIP(host)
	if err != nil || !all.IsUnspecified() {
		return nil
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil // they are only a convenience
	}
	var list []string
	for _, a := range interfaces {
		network, ok := a.(*net.IPNet)
		onlyIPv4 := all.To4() != nil
		if ok && network.IP.IsGlobalUnicast() && (!onlyIPv4 || network.IP.To4() != nil) {
			list = append(list, net.JoinHostPort(network.IP.String(), port))
		}
	}
	return list
}

// reachable returns an address at which programs on this machine reach the listener.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}
