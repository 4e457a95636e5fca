package callback

import "context"

// detached is the context of a run. It ends with the Handler, not with the request, but has
// the request's values.
type detached struct {
	context.Context //nolint:containedctx // it is one

	request context.Context //nolint:containedctx // only for its values
}

func (d *detached) Value(key any) any {
	if v := d.Context.Value(key); v != nil {
		return v
	}
	return d.request.Value(key)
}
