-- All that one handheld knows, in one file. WAL with synchronous=FULL: what a transaction here has committed survives a
-- battery that is pulled out.

-- Who the device is and where it stands. Exactly one row.
CREATE TABLE IF NOT EXISTS device (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  private_key BLOB    NOT NULL,             -- P-256, PKCS #8
  id          TEXT    NOT NULL DEFAULT '',  -- '' until enrolled
  name        TEXT    NOT NULL DEFAULT '',
  unit        TEXT    NOT NULL DEFAULT '',
  district    TEXT    NOT NULL DEFAULT '',
  last_seq    INTEGER NOT NULL DEFAULT 0,   -- of the newest op; also when its row is long gone
  last_hash   TEXT    NOT NULL DEFAULT '',  -- what the next op names in prev
  cursor      TEXT    NOT NULL DEFAULT '',  -- opaque; '' begins anew
  generation  INTEGER NOT NULL DEFAULT 1,   -- counts bootstraps: a row of an older one is stale
  whole       INTEGER NOT NULL DEFAULT 0    -- 1 once this generation has been pulled to its end
) STRICT;

-- In which forms the records were pulled, as the program said it then, RFC 8785. Empty if it said nothing.
CREATE TABLE IF NOT EXISTS spoken (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  schemas TEXT NOT NULL
) STRICT;

-- The key that the device is being enrolled anew under: until that is done, asking again must come with the same one.
CREATE TABLE IF NOT EXISTS next_key (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  private_key BLOB NOT NULL
) STRICT;

-- The sign-in. officer outlives the tokens: who has signed in goes on working when they have run out offline.
CREATE TABLE IF NOT EXISTS session (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  officer    TEXT NOT NULL,
  name       TEXT NOT NULL,
  access     TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  refresh    TEXT NOT NULL                  -- '' once the server has ended the sign-in
) STRICT;

-- The last server time seen, with the monotonic count at that moment. Of another boot it means nothing.
CREATE TABLE IF NOT EXISTS anchor (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  boot         TEXT    NOT NULL,
  server       TEXT    NOT NULL,
  monotonic_ms INTEGER NOT NULL
) STRICT;

-- Records as the server sent them, without the device's own ops. version is what those ops name as their base.
CREATE TABLE IF NOT EXISTS records (
  id         TEXT    PRIMARY KEY,
  collection TEXT    NOT NULL,
  feed       TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  body       TEXT    NOT NULL,
  generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_collection ON records (collection, id);
CREATE INDEX IF NOT EXISTS records_feed ON records (feed);
CREATE INDEX IF NOT EXISTS records_numbers ON records (body ->> '$.number.series', body ->> '$.number.n') WHERE collection = 'documents';

-- Which feeds a record has come by. It stays while one of them holds it; its row in records names one of them.
CREATE TABLE IF NOT EXISTS holds (
  id         TEXT    NOT NULL,
  feed       TEXT    NOT NULL,
  generation INTEGER NOT NULL,
  PRIMARY KEY (id, feed)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holds_feed ON holds (feed);

-- The feeds the device has. One that is not whole yet is taken in as a snapshot, whatever the others are.
CREATE TABLE IF NOT EXISTS feeds (
  name  TEXT    PRIMARY KEY,
  whole INTEGER NOT NULL DEFAULT 0          -- 1 once it has been pulled to its end
) STRICT, WITHOUT ROWID;

-- News about records that have unsent ops: it waits until those are answered, so that what the person sees stays exactly
-- the base its ops name with the ops on top.
CREATE TABLE IF NOT EXISTS arrivals (
  id         TEXT    PRIMARY KEY,
  collection TEXT    NOT NULL,
  feed       TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  body       TEXT,                          -- NULL: no feed holds the record any more
  generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The device's own ops, verbatim as they were sealed. Kept for a while after they are answered: a server restored from a
-- backup asks for them again.
CREATE TABLE IF NOT EXISTS ops (
  seq         INTEGER PRIMARY KEY,          -- below 1: of a chain that another enrolment has ended
  id          TEXT    NOT NULL UNIQUE,
  txn         TEXT    NOT NULL,
  collection  TEXT    NOT NULL,
  record      TEXT    NOT NULL,
  text        BLOB    NOT NULL,             -- RFC 8785
  hash        TEXT    NOT NULL,
  made_at     TEXT    NOT NULL,
  status      TEXT    NOT NULL DEFAULT '',  -- '' until answered
  version     INTEGER NOT NULL DEFAULT 0,   -- of the record after the op, from its outcome
  outcome     TEXT,
  overlay     INTEGER NOT NULL DEFAULT 1,   -- 1 while it lies over what the server sent
  dismissed   INTEGER NOT NULL DEFAULT 0    -- 1 once a person has dealt with its rejection or conflict
) STRICT;
CREATE INDEX IF NOT EXISTS ops_overlay ON ops (record, seq) WHERE overlay = 1;
CREATE INDEX IF NOT EXISTS ops_unsent ON ops (seq) WHERE status = '';

-- Recordings whose bytes the server must get. The file is removed only after a verified receipt.
CREATE TABLE IF NOT EXISTS uploads (
  evidence    TEXT    PRIMARY KEY,
  path        TEXT    NOT NULL,
  length      INTEGER NOT NULL,
  sha256      TEXT    NOT NULL,               -- hex
  modified_at TEXT    NOT NULL,               -- of the file, when it was last known to have this digest
  added_at    TEXT    NOT NULL,
  url         TEXT    NOT NULL DEFAULT '',    -- path of the tus upload; '' before it is created
  sent        INTEGER NOT NULL DEFAULT 0,     -- the offset the server last told
  state       TEXT    NOT NULL DEFAULT 'waiting', -- waiting · sent · receipted · freed
  receipt     TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- The server's public keys that sign receipts, as first seen.
CREATE TABLE IF NOT EXISTS receipt_keys (
  kid TEXT PRIMARY KEY,
  jwk TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How far a feed's snapshot has been taken in, so that a cut download goes on there. Empty when there is none under way.
CREATE TABLE IF NOT EXISTS snapshots (
  feed TEXT    PRIMARY KEY,
  seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When what the device holds is to be compared with the server next. Empty before the first pull has ended.
CREATE TABLE IF NOT EXISTS checks (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  due_at TEXT    NOT NULL
) STRICT;

-- Numbers this device has given out from its leased blocks. The key is the promise that none is given twice.
CREATE TABLE IF NOT EXISTS numbers (
  series   TEXT    NOT NULL,
  n        INTEGER NOT NULL,
  text     TEXT    NOT NULL,
  kind     TEXT    NOT NULL,
  block    TEXT    NOT NULL,
  taken_at TEXT    NOT NULL,
  voided   TEXT    NOT NULL DEFAULT '',       -- why it is on no paper
  PRIMARY KEY (series, n)
) STRICT, WITHOUT ROWID;

-- Requests for numbers whose answer has not been kept: asked again, they must be the same.
CREATE TABLE IF NOT EXISTS leases (
  kind  TEXT    NOT NULL,
  count INTEGER NOT NULL,
  key   TEXT    NOT NULL,
  PRIMARY KEY (kind, count)
) STRICT, WITHOUT ROWID;

-- Recordings under way, and their segments as they are made; both go when the recording is announced whole. told is how many segments are
-- announced, -1 before the recording itself is.
CREATE TABLE IF NOT EXISTS recordings (
    id    TEXT PRIMARY KEY,
    path  TEXT NOT NULL,
    about TEXT NOT NULL,
    told  INTEGER NOT NULL DEFAULT -1
) STRICT;
CREATE TABLE IF NOT EXISTS recorded (
    recording TEXT NOT NULL,
    n         INTEGER NOT NULL,
    entry     TEXT NOT NULL,
    PRIMARY KEY (recording, n)
) STRICT, WITHOUT ROWID;
