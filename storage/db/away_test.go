package db

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"testing"
)

// needsNone are the methods that may do without the connections: the copy of SQLite has its own, and the others are asked about no records at all here.
var needsNone = map[string]bool{"Backup": true, "Among": true, "ClaimsOf": true, "Loose": true, "OnlineSince": true, "Sources": true}

// A database that is away is an error of whatever is asked of it, the first time too, when no statement has been prepared. Nothing may panic: what works behind has nobody
// who would catch it.
func TestADatabaseThatIsAwayIsAnError(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for about, ctx := range map[string]context.Context{"closed": context.Background(), "with a context that has ended": ended} {
		t.Run(about, func(t *testing.T) {
			eachDialect(t, func(t *testing.T, d *DB) {
				t.Chdir(t.TempDir()) // a backup is asked for too: it reads the file by itself, and writes one
				if about == "closed" {
					if err := d.Close(); err != nil {
						t.Fatal(err)
					}
				}
				asked := 0
				for of := reflect.TypeOf(d); asked < of.NumMethod(); asked++ {
					method := of.Method(asked)
					if method.Type.NumIn() > 1 && method.Type.In(1) == reflect.TypeFor[context.Context]() {
						ask(t, d, method, ctx)
					}
				}
				if asked < 100 {
					t.Errorf("only %d methods", asked)
				}
			})
		})
	}
}

// ask calls a method with next to nothing but a context.
func ask(t *testing.T, d *DB, method reflect.Method, ctx context.Context) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: %v", method.Name, p)
		}
	}()
	in := []reflect.Value{reflect.ValueOf(d), reflect.ValueOf(ctx)}
	for i := 2; i < method.Type.NumIn(); i++ {
		v := reflect.New(method.Type.In(i)).Elem()
		if v.Kind() == reflect.String {
			v.SetString("x")
		}
		in = append(in, v)
	}
	call := method.Func.Call
	if method.Type.IsVariadic() {
		call = method.Func.CallSlice
	}
	out := call(in)
	if len(out) == 0 || method.Type.Out(len(out)-1) != reflect.TypeFor[error]() || needsNone[method.Name] {
		return
	}
	if err, _ := out[len(out)-1].Interface().(error); err == nil || errors.Is(err, sql.ErrNoRows) {
		t.Errorf("%s: the database is away, and it says %v", method.Name, err)
	}
}
