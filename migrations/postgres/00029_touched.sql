-- +goose Up
-- The papers of a feed by their last change: what names a paper is heard of after it, so a case is found without reading all that its organ ever issued.
CREATE INDEX records_documents_touched ON records (feed, updated_at, id) WHERE collection = 'documents';

-- +goose Down
DROP INDEX records_documents_touched;
