-- +goose Up
-- The receipts of a paper, and the paper that corrects one.
CREATE INDEX records_documents_paper ON records (((body::jsonb) #>> '{data,paper,document}')) WHERE collection = 'documents';
CREATE INDEX records_documents_corrects ON records (((body::jsonb) #>> '{corrects,document}')) WHERE collection = 'documents';

-- +goose Down
DROP INDEX records_documents_corrects;
DROP INDEX records_documents_paper;
