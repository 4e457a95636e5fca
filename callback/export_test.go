package callback

// The stores that Activity and Sessions have by default.
func NewMemoryActivityStore() ActivityStore { return newMemoryActivity() }
func NewMemorySessionStore() SessionStore   { return newMemorySessions() }
