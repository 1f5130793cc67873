package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// mostOutputs bounds how many outputs of one commit are read.
const mostOutputs = 8

const (
	saveOutput = `INSERT INTO history_output (pipeline, app, id, at, fingerprint, sha, stage, n, cut, error, text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (pipeline, app, id) DO UPDATE SET at = excluded.at, fingerprint = excluded.fingerprint, sha = excluded.sha, stage = excluded.stage, n = excluded.n,
		cut = excluded.cut, error = excluded.error, text = excluded.text`
	// selectOutputs finds what was built of commit $3, and what was released by a promotion of it.
	selectOutputs = `SELECT o.app, o.id, o.at, o.fingerprint, o.sha, o.stage, o.n, o.cut, o.error, o.text,
			(SELECT COUNT(*) FROM history_output s WHERE s.pipeline = o.pipeline AND s.fingerprint = o.fingerprint AND s.at > o.at - $4 AND s.at <= o.at)
		FROM history_output o WHERE o.pipeline = (SELECT id FROM history_pipelines WHERE repo = $1 AND name = $2)
			AND (o.sha = $3 OR EXISTS (SELECT 1 FROM history_promotions p WHERE p.pipeline = o.pipeline AND p.stage = o.stage AND p.n = o.n AND p.sha = $3))
		ORDER BY o.at DESC, o.app, o.id LIMIT $5`
	pruneOutput = `DELETE FROM history_output WHERE (pipeline, app, id) IN (SELECT pipeline, app, id FROM history_output WHERE at < $1 ORDER BY at LIMIT $2)`
)

// KeepOutput keeps the output of a failed build or release. One that is kept already is replaced.
func (s *Store) KeepOutput(ctx context.Context, key bot.Key, o history.Output) error {
	var text bytes.Buffer
	packed := gzip.NewWriter(&text)
	if _, err := io.WriteString(packed, o.Text); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	cut := 0
	if o.Cut {
		cut = 1
	}
	err := s.write(ctx, func(t tx) error {
		id, err := historyID(t, key, false)
		if err != nil {
			return err
		}
		_, err = t.exec(saveOutput, id, plain(o.App), plain(o.ID), micros(o.At), o.Fingerprint, pack(o.SHA), plain(o.Stage), o.N, cut, plain(o.Error), text.Bytes())
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the output of %s on %s: %w", o.ID, o.App, err)
	}
	return nil
}

// OutputsOf lists the outputs of failed builds of a commit, and of its failed releases, from the oldest to the newest. Of
// more than eight the oldest are left out.
func (h History) OutputsOf(ctx context.Context, key bot.Key, sha string) (list []history.Output, err error) {
	q := query(selectOutputs, key)
	q.args = append(q.args, pack(sha), history.SeenFor.Microseconds(), mostOutputs)
	err = h.each(ctx, "outputs", key, q, func(scan scanner) error {
		var (
			o              history.Output
			at, cut        int64
			built, gzipped []byte
		)
		err := scan(&o.App, &o.ID, &at, &o.Fingerprint, &built, &o.Stage, &o.N, &cut, &o.Error, &gzipped, &o.Seen)
		if err != nil {
			return err
		}
		o.At, o.SHA, o.Cut = fromMicros(at), unpack(built), cut != 0
		unpacked, err := gzip.NewReader(bytes.NewReader(gzipped))
		if err != nil {
			return fmt.Errorf("read the output of %s: %w", o.ID, err)
		}
		text, err := io.ReadAll(unpacked)
		if err != nil {
			return fmt.Errorf("read the output of %s: %w", o.ID, err)
		}
		o.Text = string(text)
		list = append(list, o)
		return nil
	})
	slices.Reverse(list)
	return list, err
}

// PruneOutput removes outputs from before a time, and returns how many. The zero time removes nothing.
func (s *Store) PruneOutput(ctx context.Context, before time.Time) (removed int64, err error) {
	if before.IsZero() {
		return 0, nil
	}
	if removed, err = s.inBatches(ctx, pruneOutput, micros(before)); err != nil {
		err = fmt.Errorf("remove old outputs from history: %w", err)
	}
	return removed, err
}
