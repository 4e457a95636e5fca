// Package fleet counts what a fleet of simulated processes costs the platform and Redis
// in tokens, on a virtual clock. Nothing in it measures time, so its results do not
// depend on the machine.
//
//	go test              # a small fleet: the counts must not grow with the calls
//	go test -update      # all sizes: writes RESULTS.md and the pictures of the guide
package fleet
