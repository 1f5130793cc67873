package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/store"
	"github.com/headstart-cd/headstart/web"
)

// What is done with the server itself is kept beside the commands to its pipelines: the page /audit shows it.

// noteStart records that the server has started, and which of its settings have changed. Their values are not kept.
func (srv *server) noteStart(ctx context.Context, s settings) {
	changed, first, err := srv.store.SettingsSeen(ctx, s.marks())
	text := "version " + version()
	switch {
	case first:
		text += ", for the first time on this database"
	case len(changed) > 0:
		text += ", with other values of " + strings.Join(changed, ", ")
	}
	if err == nil {
		err = srv.store.NoteDoing(ctx, store.Doing{At: srv.clock.Now(), Via: "server", What: "start", Answer: text, OK: true})
	}
	if err != nil {
		srv.log.Warn("the start could not be recorded in the audit", zap.Error(err))
	}
}

// marks are the settings that have a value, by variable. A mark has 16 bits of the value's hash: enough to see a change, too few to
// find out a value that is long and random.
func (s settings) marks() map[string]string {
	marks := map[string]string{}
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			switch name := field.Tag.Get("env"); {
			case !field.IsExported():
			case field.Type.Kind() == reflect.Struct:
				walk(v.Field(i))
			case name != "" && !v.Field(i).IsZero():
				sum := sha256.Sum256(fmt.Append(nil, name, "=", v.Field(i).Interface()))
				marks[name] = hex.EncodeToString(sum[:2])
			}
		}
	}
	walk(reflect.ValueOf(s))
	return marks
}

// noteDone records what an operator did in a process beside the server.
func noteDone(ctx context.Context, db *store.Operator, d store.Doing) error {
	d.Via, d.OK = "command line", true
	if err := db.NoteDoing(ctx, d); err != nil {
		return fmt.Errorf("it is done, and could not be recorded in the audit: %w", err)
	}
	return nil
}

// doings are what the pages record of the server, and show.
type doings struct{ *store.Store }

// NoteDoing records it.
func (d doings) NoteDoing(ctx context.Context, done web.Doing) error {
	return d.Store.NoteDoing(ctx, store.Doing(done))
}

// Doings lists them, the newest first.
func (d doings) Doings(ctx context.Context, before web.Doing, limit int) ([]web.Doing, error) {
	all, err := d.Store.Doings(ctx, store.Doing(before), limit)
	list := make([]web.Doing, len(all))
	for i, one := range all {
		list[i] = web.Doing(one)
	}
	return list, err
}
