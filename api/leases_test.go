package api_test

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

type leases struct{}

func (leases) Lease(context.Context, people.Caller, string, int, string) (string, record.Object, error) {
	return newID(), record.Object{}, nil
}
