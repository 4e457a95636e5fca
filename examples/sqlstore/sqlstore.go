// Package sqlstore keeps tokens in a table of a database: a store of one's own in 60
// lines, to be copied.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Store is a wechat.TokenStore and a wechat.TokenLocker in the table
//
//	CREATE TABLE wechat (k BLOB PRIMARY KEY, v BLOB NOT NULL, ends INTEGER NOT NULL)
//
// of SQLite. For another database write the time, in milliseconds, as it does: the
// clock must be the database's.
type Store struct{ DB *sql.DB }

const now = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`

// Load returns the value of key and its remaining TTL.
func (s Store) Load(ctx context.Context, key string) (value string, ttl time.Duration, err error) {
	var left int64
	err = s.DB.QueryRowContext(ctx, `SELECT v, ends - `+now+` FROM wechat WHERE k = ?1 AND ends > `+now, []byte(key)).Scan(&value, &left)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	return value, time.Duration(left) * time.Millisecond, err
}

// Swap sets the value of key if it is still old. A row that has ended or is empty is none.
func (s Store) Swap(ctx context.Context, key, old, value string, ttl time.Duration) (bool, error) {
	if old == "" {
		return s.changes(ctx, `INSERT INTO wechat VALUES (?1, ?2, `+now+` + ?3)
			ON CONFLICT (k) DO UPDATE SET v = excluded.v, ends = excluded.ends WHERE ends <= `+now+` OR v = x''`,
			[]byte(key), []byte(value), ttl.Milliseconds())
	}
	return s.changes(ctx, `UPDATE wechat SET v = ?2, ends = `+now+` + ?3 WHERE k = ?1 AND v = ?4 AND ends > `+now,
		[]byte(key), []byte(value), ttl.Milliseconds(), []byte(old))
}

// Lock takes or renews the lock of key for owner.
func (s Store) Lock(ctx context.Context, key, owner string, ttl time.Duration) (wait time.Duration, err error) {
	for {
		have, err := s.changes(ctx, `INSERT INTO wechat VALUES (?1, ?2, `+now+` + ?3)
			ON CONFLICT (k) DO UPDATE SET v = excluded.v, ends = excluded.ends WHERE ends <= `+now+` OR v = excluded.v`,
			[]byte(key), []byte(owner), ttl.Milliseconds())
		if have || err != nil {
			return 0, err
		}
		if _, wait, err = s.Load(ctx, key); wait > 0 || err != nil {
			return wait, err
		} // else it has ended in between
	}
}

// Unlock releases the lock of key if owner has it.
func (s Store) Unlock(ctx context.Context, key, owner string) error {
	_, err := s.changes(ctx, `DELETE FROM wechat WHERE k = ?1 AND v = ?2`, []byte(key), []byte(owner))
	return err
}

// changes executes a statement and reports whether it changed anything.
func (s Store) changes(ctx context.Context, query string, args ...any) (bool, error) {
	result, err := s.DB.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
