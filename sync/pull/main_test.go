package pull_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

func TestMain(m *testing.M) { services.Main(m) }
