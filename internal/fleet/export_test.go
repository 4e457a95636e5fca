package fleet

// Refusals returns the number of refusals in memory.
func (r *Registry[V]) Refusals() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.refusals)
}
