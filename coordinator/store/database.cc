#include "coordinator/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "coordinator/store/durable_file.h"
#include "coordinator/store/schema.h"

namespace covey::coordinator {
namespace {

constexpr int kBusyTimeoutMs = 5000;

// In place before SQLite opens it: so it and the files that SQLite puts beside it are its owner's.
Status make_private_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.descriptor() < 0) return file_error("opening", path);
  return {};
}

}  // namespace

Database::Database(const std::string& path)
    : path_(path), sqlite_(path, SQLite::OPEN_READWRITE, kBusyTimeoutMs) {}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  COVEY_RETURN_IF_ERROR(make_private_file(path));
  std::unique_ptr<Database> database;
  try {
    database.reset(new Database(path));
  } catch (const SQLite::Exception& exception) {
    return Error{ErrorCode::kInternal,
                 "SQLite cannot open " + path + ": " + exception.getErrorStr()};
  }
  COVEY_RETURN_IF_ERROR(database->prepare());
  return database;
}

Status Database::prepare() {
  COVEY_RETURN_IF_ERROR(look([&](SQLite::Database& sqlite) -> Status {
    sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    SQLite::Statement check(sqlite, "PRAGMA quick_check(1)");
    if (!check.executeStep() || check.getColumn(0).getString() != "ok") return damaged();
    return {};
  }));
  COVEY_ASSIGN_OR_RETURN(const int version, look([](SQLite::Database& sqlite) -> Result<int> {
                           return sqlite.execAndGet("PRAGMA user_version").getInt();
                         }));
  if (version == kSchemaVersion) return {};
  if (version > kSchemaVersion) {
    return Error{ErrorCode::kFailedPrecondition,
                 path_ + " was written by a newer version of Covey: its schema is " +
                     std::to_string(version) + ", this one knows " +
                     std::to_string(kSchemaVersion) + " at most. Start the newer version"};
  }
  COVEY_RETURN_IF_ERROR(change([&](SQLite::Database& sqlite) -> Status {
    if (sqlite.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() != 0) {
      return Error{ErrorCode::kFailedPrecondition,
                   path_ +
                       " is a database, but not one of Covey's: give the coordinator a folder "
                       "of its own"};
    }
    sqlite.exec(kSchema);
    sqlite.exec("PRAGMA user_version = " + std::to_string(kSchemaVersion));
    return {};
  }));
  return commit();
}

// IMMEDIATE: whoever else may write now (a person with SQLite's shell) is met here, not half-way.
Status Database::begin() {
  return look([&](SQLite::Database& sqlite) -> Status {
    sqlite.exec("BEGIN IMMEDIATE");
    in_group_ = true;
    return {};
  });
}

Status Database::commit() {
  if (failed_) {
    Error error = *failed_;
    roll_back();
    return error;
  }
  if (!in_group_) return {};
  Status committed = look([](SQLite::Database& sqlite) -> Status {
    sqlite.exec("COMMIT");
    return {};
  });
  if (!committed) roll_back();
  in_group_ = false;
  return committed;
}

// SQLite may have rolled back by itself, after which there is nothing to roll back.
void Database::roll_back() {
  if (in_group_) sqlite_.tryExec("ROLLBACK");
  in_group_ = false;
  failed_.reset();
}

Error Database::fail(Error error) {
  failed_ = error;
  return error;
}

Error Database::damaged() const {
  return {ErrorCode::kDataLoss,
          "the database " + path_ + " is damaged. Restore the folder from a backup, or move it " +
              "away to start anew; `sqlite3 " + path_ + " .recover` saves what can be read"};
}

Error Database::error_of(const SQLite::Exception& exception) const {
  const std::string what = "the database " + path_ + ": ";
  if (exception.getExtendedErrorCode() == SQLITE_IOERR_SHMSIZE) {
    return {ErrorCode::kResourceExhausted, what + "the disk is full; free some space"};
  }
  switch (exception.getErrorCode() & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::kResourceExhausted, what + "the disk is full; free some space"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged();
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {ErrorCode::kPermissionDenied,
              what +
                  "cannot be written to; give the folder and all in it to the user that the "
                  "coordinator runs as, on a file system that is not read-only"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable,
              what + "another program keeps it locked; end that program (SQLite's shell?)"};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::kFailedPrecondition,
              what + "a record names a task, round or device that is not there"};
    case SQLITE_TOOBIG:
      return {ErrorCode::kInvalidArgument, what + "a record is larger than a row may be"};
    default:
      return {ErrorCode::kInternal, what + exception.getErrorStr()};
  }
}

}  // namespace covey::coordinator
