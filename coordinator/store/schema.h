#pragma once

namespace covey::coordinator {

// Of the tables below; in SQLite's user_version. One that changes them counts up and brings the
// tables of the version before it up to date.
inline constexpr int kSchemaVersion = 1;

// The columns are those of the records, in the order of `for_each_field`. Numbers of 64 bits
// without sign lie in SQLite's signed ones, bit for bit. Maps and lists are JSON.
inline constexpr const char* kSchema = R"(
CREATE TABLE tasks (
  name TEXT PRIMARY KEY NOT NULL, state INTEGER NOT NULL, file TEXT NOT NULL,
  next_round INTEGER NOT NULL, current_version INTEGER NOT NULL, strategy_state BLOB NOT NULL,
  note TEXT NOT NULL, is_round_asked_for INTEGER NOT NULL, created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE models (
  task TEXT NOT NULL REFERENCES tasks (name), version INTEGER NOT NULL, parent INTEGER,
  round INTEGER NOT NULL, plan BLOB NOT NULL, digest BLOB NOT NULL, size_bytes INTEGER NOT NULL,
  participants INTEGER NOT NULL, metrics TEXT NOT NULL, created_at INTEGER NOT NULL,
  is_pruned INTEGER NOT NULL,
  PRIMARY KEY (task, version)
) STRICT;
CREATE TABLE rounds (
  task TEXT NOT NULL REFERENCES tasks (name), number INTEGER NOT NULL, state INTEGER NOT NULL,
  phase TEXT NOT NULL, outcome TEXT NOT NULL, plan BLOB NOT NULL, model BLOB NOT NULL,
  base_version INTEGER NOT NULL, new_version INTEGER, assigned INTEGER NOT NULL,
  cohort INTEGER NOT NULL, survivors INTEGER NOT NULL, dropped INTEGER NOT NULL,
  recovered INTEGER NOT NULL, bytes_up INTEGER NOT NULL, bytes_down INTEGER NOT NULL,
  metrics TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
  saved BLOB NOT NULL,
  PRIMARY KEY (task, number)
) STRICT;
CREATE INDEX open_rounds ON rounds (task, number) WHERE state = 1;
CREATE TABLE participants (
  task TEXT NOT NULL, round INTEGER NOT NULL, survivors BLOB NOT NULL, dropped BLOB NOT NULL,
  PRIMARY KEY (task, round), FOREIGN KEY (task, round) REFERENCES rounds (task, number)
) STRICT;
CREATE TABLE devices (
  handle INTEGER PRIMARY KEY NOT NULL, name TEXT UNIQUE NOT NULL, key BLOB NOT NULL,
  tags TEXT NOT NULL, properties TEXT NOT NULL, is_revoked INTEGER NOT NULL,
  revoked_reason TEXT NOT NULL, rounds INTEGER NOT NULL, first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
) STRICT;
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
  body TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL
) STRICT;
)";

}  // namespace covey::coordinator
