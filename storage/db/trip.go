package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// A trip sends statements to PostgreSQL one behind the other and then reads what each is answered with (pipeline mode). Values go as
// text, which needs no knowledge of the columns; of the ways tried for rows of 2 KB it costs both sides least, after COPY, which takes a
// trip of its own and knows no ON CONFLICT.

// sendAt is how many octets are kept back before they are sent.
const sendAt = 64 << 10

// room is a message without content that makes the driver's buffer large enough for what follows: it begins anew with each sending, and
// would grow by doubling.
type room int

// Encode implements pgproto3.FrontendMessage.
func (r room) Encode(into []byte) ([]byte, error) { return slices.Grow(into, int(r)), nil }

// Decode implements pgproto3.Message.
func (room) Decode([]byte) error { return errors.New("a message without content") }

// Frontend implements pgproto3.FrontendMessage.
func (room) Frontend() {}

// trip makes one trip. It returns what the last statement was answered with. The first that fails ends the trip; the server passes over
// the rest.
func trip(ctx context.Context, conn *pgx.Conn, all []statement) (tag pgconn.CommandTag, err error) {
	known := preparedOn(conn.PgConn())
	pipeline := conn.PgConn().StartPipeline(ctx)
	sent, err := known.send(conn, pipeline, all)
	if err == nil {
		tag, err = known.read(conn, pipeline, sent)
	}
	if closed := pipeline.Close(); err == nil {
		err = closed
	}
	return tag, err
}

// prepared are the statements that a connection has prepared. It is used by whoever uses the connection.
type prepared struct {
	names map[string]string // by query
	n     int               // names are never given twice: one whose preparation was not heard of may be there
	text  []byte            // values on their way
}

func preparedOn(conn *pgconn.PgConn) *prepared {
	const key = "fieldwarden"
	p, ok := conn.CustomData()[key].(*prepared)
	if !ok {
		p = &prepared{names: map[string]string{}}
		conn.CustomData()[key] = p
	}
	return p
}

// onWay is a statement whose answer is to be read.
type onWay struct {
	statement
	name string // by which it is being prepared; empty: it was
}

func (p *prepared) send(conn *pgx.Conn, pipeline *pgconn.Pipeline, all []statement) ([]onWay, error) {
	sent := make([]onWay, 0, len(all))
	preparing := map[string]string{}
	kept := 0
	for _, one := range all {
		values, formats, octets, err := p.values(conn, one.args)
		if err != nil {
			return nil, err
		}
		if octets > 2<<10 {
			conn.PgConn().Frontend().Send(room(octets))
		}
		way := onWay{statement: one}
		name, ok := p.names[one.query]
		if !ok {
			name, ok = preparing[one.query]
		}
		if !ok {
			p.n++
			name = "fw" + strconv.Itoa(p.n)
			way.name, preparing[one.query] = name, name
			pipeline.SendPrepare(name, one.query, nil)
		}
		pipeline.SendQueryPrepared(name, values, formats, nil)
		sent = append(sent, way)
		if kept += octets; kept >= sendAt {
			kept = 0
			if err := pipeline.Flush(); err != nil {
				return nil, err
			}
		}
	}
	return sent, pipeline.Sync()
}

func (p *prepared) read(conn *pgx.Conn, pipeline *pgconn.Pipeline, sent []onWay) (tag pgconn.CommandTag, err error) {
	for _, one := range sent {
		if one.name != "" {
			if _, err := pipeline.GetResults(); err != nil {
				return tag, err
			}
			p.names[one.query] = one.name
		}
		results, err := pipeline.GetResults()
		if err != nil {
			return tag, err
		}
		reader, ok := results.(*pgconn.ResultReader)
		if !ok {
			return tag, fmt.Errorf("answer %T to a statement", results)
		}
		if tag, err = scanned(pgx.RowsFromResultReader(conn.TypeMap(), reader), one.scan); err != nil {
			return tag, err
		}
	}
	return tag, nil
}

func scanned(found pgx.Rows, scan func(scanner) error) (pgconn.CommandTag, error) {
	defer found.Close()
	for found.Next() {
		if scan == nil {
			continue
		}
		if err := scan(found); err != nil {
			return pgconn.CommandTag{}, err
		}
	}
	found.Close()
	return found.CommandTag(), found.Err()
}

// values are the arguments of a statement in the protocol's form: 0 is text, 1 is binary. They are good until the next call. octets is about
// what they take.
func (p *prepared) values(conn *pgx.Conn, args []any) (values [][]byte, formats []int16, octets int, err error) {
	values, formats = make([][]byte, len(args)), make([]int16, len(args))
	p.text = p.text[:0]
	for i, arg := range args {
		if values[i], formats[i], err = p.value(conn, arg); err != nil {
			return nil, nil, 0, err
		}
		octets += len(values[i]) + perValue
	}
	return values, formats, octets, nil
}

// perValue is what a value takes in a message beside its octets: its length and its format.
const perValue = 6

func (p *prepared) value(conn *pgx.Conn, arg any) (value []byte, format int16, err error) {
	begin := len(p.text)
	switch v := arg.(type) {
	case nil:
		return nil, 0, nil
	case []byte:
		if v == nil {
			v = []byte{} // no text is an empty one, not NULL
		}
		return v, 1, nil
	case *string:
		if v == nil {
			return nil, 0, nil
		}
		p.text = append(p.text, *v...)
	case *int64:
		if v == nil {
			return nil, 0, nil
		}
		p.text = strconv.AppendInt(p.text, *v, 10)
	case string:
		p.text = append(p.text, v...)
	case int64:
		p.text = strconv.AppendInt(p.text, v, 10)
	case int:
		p.text = strconv.AppendInt(p.text, int64(v), 10)
	case bool:
		p.text = strconv.AppendBool(p.text, v)
	case []string:
		format = 1
		p.text, err = conn.TypeMap().Encode(pgtype.TextArrayOID, format, v, p.text)
	case []int64:
		format = 1
		p.text, err = conn.TypeMap().Encode(pgtype.Int8ArrayOID, format, v, p.text)
	default:
		err = fmt.Errorf("a value of type %T cannot be sent", arg)
	}
	return p.text[begin:len(p.text):len(p.text)], format, err
}
