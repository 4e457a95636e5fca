// Package publishing holds what the client and the receiver of callbacks both say of
// publishing jobs, so that neither needs the other.
package publishing

// Status is the state of a publishing job.
type Status int

// The states of publishing jobs.
const (
	StatusSucceeded Status = iota
	StatusRunning
	StatusNotOriginal
	StatusFailed
	StatusRejected
	StatusDeletedByOwner
	StatusBanned
)
