package benchmarks

import "testing"

// BenchmarkJSON reads a document as the client of each SDK does; the floor is
// encoding/json. PowerWeChat's decoder has no door of its own, and that of plain
// resty is the floor's.
func BenchmarkJSON(b *testing.B) {
	for _, document := range []struct {
		name, text string
		decoder    func(Decoders) func([]byte) error
	}{
		{"user", UserDocument, func(d Decoders) func([]byte) error { return d.User }},
		{"openids=10000", OpenIDsDocument(0, 10000, 23000), func(d Decoders) func([]byte) error { return d.OpenIDs }},
		{"users=100", UsersDocument(100), func(d Decoders) func([]byte) error { return d.Users }},
	} {
		b.Run(document.name, func(b *testing.B) {
			each(b, func(s SDK) bool { return document.decoder(s.Decode) != nil }, func(b *testing.B, s SDK) {
				decode, text := document.decoder(s.Decode), []byte(document.text)
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					if err := decode(text); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
