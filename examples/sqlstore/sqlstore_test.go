package sqlstore

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/storetest"
)

func open(t *testing.T) Store {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "wechat.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE wechat (k BLOB PRIMARY KEY, v BLOB NOT NULL, ends INTEGER NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	return Store{db}
}

func TestStoreConforms(t *testing.T) {
	storetest.TestTokenStore(t, func(t *testing.T) wechat.TokenStore { return open(t) })
	storetest.TestTokenLocker(t, func(t *testing.T) wechat.TokenLocker { return open(t) })
}
