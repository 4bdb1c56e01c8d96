package db

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"testing"
)

// A database that is away is an error of whatever is asked of it, the first time too, when no statement has been prepared. Nothing may panic: what works behind has nobody
// who would catch it.
func TestADatabaseThatIsAwayIsAnError(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for about, ctx := range map[string]context.Context{"closed": context.Background(), "with a context that has ended": ended} {
		t.Run(about, func(t *testing.T) {
			eachDialect(t, func(t *testing.T, d *DB) {
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
	for _, out := range call(in) {
		if err, is := out.Interface().(error); is && errors.Is(err, sql.ErrNoRows) {
			t.Errorf("%s: the database is away, and it says that there is nothing", method.Name)
		}
	}
}
