module github.com/fieldwarden/fieldwarden

go 1.26
