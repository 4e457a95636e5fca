package main

// target is what a row must reach: ours is at most limit, or at most limit times the
// floor if ofFloor is set. reason is shown where it does not, or where a peer is ahead.
type target struct {
	name, row, unit string
	limit           float64
	ofFloor         bool
	reason          string
}

const (
	callCost = "the observer runs on a goroutine of its own, so that it may hang; a send has an ID, a timer and a trace of whether a byte of it went out, and can be repeated; the floor does none of it. " +
		"The column unobserved is without an observer, which no other SDK has. " +
		"Tried, from 1.9 (GET) and 2.4 (POST): prepared headers and URLs, pooled encoders and buffers, no trace of reads, timers that are made when something waits for them, no copies for redirects, one pass over the response"
	pushCost = "the handler also finds duplicates, checks the time window, parses every type, survives panics, and runs the program on a goroutine of its own to keep the 5 seconds. " +
		"Tried, from 7.4 (plain) and 3.9 (safe): see docs/performance.md, where the time of a push goes"
	tlsCost  = "most of the time is the connection's; what is left is the difference in memory"
	parallel = "two processors serve the callers and the platform; what is left is the difference in memory, and the noise of the rounds"
	allOfIt  = "net/http is 8.7 of it, resty 1.4, the client 1.0, and the receiver, with a type for every push of the platform, 0.6. Methods that a program does not call are not linked. " +
		"Tried, from 12.6: pushes in a table instead of a constructor for each, API security only with its option, generic functions that share what they can"
	ourOwn    = "they are our own, one for each purpose, and resty with what it imports; fewer would have more than one purpose each"
	buildCost = "two thirds of it are the package of the client, with a method for every endpoint, which is compiled as a whole after resty"
)

var targets = []target{
	{"GET in memory", "Call/GET/memory", "ns/op", 0.8, true, callCost},
	{"POST in memory", "Call/POST/memory", "ns/op", 1.15, true, callCost},
	{"GET over TLS", "Call/GET/TLS", "ns/op", 1.02, true, tlsCost},
	{"POST over TLS", "Call/POST/TLS", "ns/op", 1.02, true, tlsCost},

	{"JSON: user info", "JSON/user", "ns/op", 1. / 3, true, ""},
	{"JSON: 10,000 openids", "JSON/openids=10000", "ns/op", 1. / 3, true, ""},
	{"JSON: 100 users", "JSON/users=100", "ns/op", 1. / 3, true, ""},

	{"64 callers, time of a call", "Parallel/callers=64", "ns/op", 1 / 0.95, true, parallel},
	{"512 callers, time of a call", "Parallel/callers=512", "ns/op", 1 / 0.95, true, parallel},
	{"burst of 64", "Burst/calls=64", "ns/op", 1 / 0.95, true, parallel},
	{"burst of 512", "Burst/calls=512", "ns/op", 1 / 0.95, true, parallel},
	{"64 callers, new connections", "Parallel/callers=64", "new-conns/1000-calls", 1, true, ""},
	{"512 callers, new connections", "Parallel/callers=512", "new-conns/1000-calls", 1, true, ""},
	{"burst of 64, new connections", "Burst/calls=64", "new-conns/1000-calls", 1, true, ""},
	{"burst of 512, new connections", "Burst/calls=512", "new-conns/1000-calls", 1, true, ""},

	{"herd, cold: token requests", "Herd/cold", "token-requests", 1, false, ""},
	{"herd, cold: errors", "Herd/cold", "errors", 0, false, ""},
	{"herd, revoked, GET: token requests", "Herd/revoked/GET", "token-requests", 1, false, ""},
	{"herd, revoked, GET: errors", "Herd/revoked/GET", "errors", 0, false, ""},
	{"herd, revoked, POST: token requests", "Herd/revoked/POST", "token-requests", 1, false, ""},
	{"herd, revoked, POST: errors", "Herd/revoked/POST", "errors", 0, false, ""},
	{"herd, endpoint down: token requests", "Herd/down", "token-requests", 3, false, ""},
	{"herd, expiry: token requests", "Herd/expiry", "token-requests", 1, false, ""},
	{"herd, expiry: errors", "Herd/expiry", "errors", 0, false, ""},

	{"callback, plain", "Callback/plain", "ns/op", 3.5, true, pushCost},
	{"callback, plain: allocations", "Callback/plain", "allocs/op", 14, false, pushCost},
	{"callback, safe", "Callback/safe", "ns/op", 1.5, true, pushCost},
	{"callback, safe: allocations", "Callback/safe", "allocs/op", 22, false, pushCost},

	{"upload of 10 MiB: extra MiB", "Media/up", "extra-MiB", 0.05, false, ""},
	{"download of 10 MiB: extra MiB", "Media/down", "extra-MiB", 0.05, false, "one buffer of 32 KiB copies the file; what the call itself allocates comes on top"},

	{"all followers, time of one", "Followers", "ns/op", 1 / 0.9, true, ""},
	{"all followers: requests", "Followers", "requests", 1, true, ""},
	{"1,000,000 followers: requests", "Million", "requests", 1, true, ""},
	{"1,000,000 followers: growth in MiB", "Million", "growth-MiB", 4, false, ""},

	{"blacklist of 100,000, time of one", "Blacklist", "ns/op", 1.15, true, callCost},
	{"blacklist of 100,000: requests", "Blacklist", "requests", 1, true, ""},
	{"statistics of a year", "Year", "ns/op", 1, true, ""},
	{"statistics of a year: requests", "Year", "requests", 1, true, ""},

	{"weight: binary in MiB", "Weight", "MiB", 11, false, allOfIt},
	{"weight: packages beside the standard library's", "Weight", "packages", 8, false, ourOwn},
	{"weight: build in seconds", "Weight", "build-s", 3, false, buildCost},
}

// result is what became of a target.
type result struct {
	target
	floor, ours, peer          float64
	hasFloor, hasOurs, hasPeer bool
	peerName                   string
	met, ahead                 bool
}

// judge compares a target with the rows.
func judge(t target, all rows) result {
	r := result{target: t}
	r.floor, r.hasFloor = all.median(t.row, "floor", t.unit)
	r.ours, r.hasOurs = all.median(t.row, "ours", t.unit)
	r.peerName, r.peer, r.hasPeer = all.bestPeer(t.row, t.unit)
	limit := t.limit
	if t.ofFloor {
		limit *= r.floor
	}
	r.met = r.hasOurs && r.ours <= limit
	r.ahead = !r.hasPeer || r.ours <= r.peer
	return r
}
