#include "coordinator/store/sqlite_store.h"

#include <algorithm>
#include <limits>

#include "coordinator/store/record_rows.h"
#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"

namespace covey::coordinator {
namespace {

constexpr const char* kBlobs = "/blobs";
constexpr const char* kSessions = "/sessions";
constexpr const char* kIncoming = "/incoming";
constexpr const char* kDatabase = "/covey.db";

// As a bound of numbers, none of which is larger in a row: SQLite's have a sign.
std::int64_t bound(std::uint64_t value) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}

Bytes packed(const std::vector<std::uint32_t>& handles) {
  ByteWriter writer;
  for (const std::uint32_t handle : handles) writer.u32(handle);
  return writer.take();
}

template <typename Record>
Status put(Database& database, const Record& record) {
  return database.change([&](SQLite::Database& sqlite) -> Status {
    put_record(sqlite, record);
    return {};
  });
}

template <typename Record>
std::optional<Record> only(std::vector<Record> records) {
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const StoreOptions& options) {
  return SqliteStore::open(options);
}

Result<std::unique_ptr<Store>> SqliteStore::open(const StoreOptions& options) {
  const std::string& folder = options.folder;
  if (!is_folder(folder)) COVEY_RETURN_IF_ERROR(make_folder(folder));
  COVEY_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::take(folder));
  for (const char* part : {kBlobs, kSessions, kIncoming}) {
    COVEY_RETURN_IF_ERROR(make_folder(folder + part));
  }
  COVEY_RETURN_IF_ERROR(empty_folder(folder + kIncoming));
  COVEY_ASSIGN_OR_RETURN(auto database, Database::open(folder + kDatabase));
  COVEY_RETURN_IF_ERROR(sync_folder(folder));
  std::unique_ptr<SqliteStore> store(
      new SqliteStore(std::move(lock), options, std::move(database)));
  COVEY_ASSIGN_OR_RETURN(
      store->last_handle_,
      store->database_->look([](SQLite::Database& sqlite) -> Result<std::uint32_t> {
        return sqlite.execAndGet("SELECT coalesce(max(handle), 0) FROM devices").getUInt();
      }));
  return std::unique_ptr<Store>(std::move(store));
}

SqliteStore::SqliteStore(FolderLock lock, const StoreOptions& options,
                         std::unique_ptr<Database> database)
    : lock_(std::move(lock)),
      blobs_(options.folder + kBlobs, options.folder + kIncoming, options.reserve_bytes),
      sessions_(options.folder + kSessions, options.folder + kIncoming),
      database_(std::move(database)) {}

Status SqliteStore::put_task(const TaskRecord& task) { return put(*database_, task); }
Status SqliteStore::put_model(const ModelRecord& model) { return put(*database_, model); }
Status SqliteStore::put_round(const RoundRecord& round) { return put(*database_, round); }

Result<std::vector<TaskRecord>> SqliteStore::tasks() {
  return get_records<TaskRecord>(*database_, "ORDER BY name", columns_of<TaskRecord>());
}

Result<std::vector<ModelRecord>> SqliteStore::models(const std::string& task) {
  return get_records<ModelRecord>(*database_, "WHERE task = ? ORDER BY version",
                                  columns_of<ModelRecord>(), task);
}

Result<std::vector<RoundRecord>> SqliteStore::rounds(const std::string& task, std::uint64_t from,
                                                     std::size_t limit) {
  std::vector<std::string> columns = columns_of<RoundRecord>();
  std::ranges::replace(columns, "saved", "x''");
  return get_records<RoundRecord>(*database_,
                                  "WHERE task = ? AND number >= ? ORDER BY number LIMIT ?", columns,
                                  task, bound(from), bound(limit));
}

Result<std::optional<RoundRecord>> SqliteStore::round(const std::string& task,
                                                      std::uint64_t number) {
  COVEY_ASSIGN_OR_RETURN(auto found,
                         get_records<RoundRecord>(*database_, "WHERE task = ? AND number = ?",
                                                  columns_of<RoundRecord>(), task, number));
  return only(std::move(found));
}

Result<std::vector<RoundRecord>> SqliteStore::open_rounds() {
  return get_records<RoundRecord>(*database_, "WHERE state = 1 ORDER BY task, number",
                                  columns_of<RoundRecord>());
}

Result<DeviceRecord> SqliteStore::device_seen(const std::string& name,
                                              const std::array<std::uint8_t, 32>& key, UnixMs now) {
  return database_->change([&](SQLite::Database& sqlite) -> Result<DeviceRecord> {
    COVEY_ASSIGN_OR_RETURN(auto found, get_records<DeviceRecord>(*database_, "WHERE name = ?",
                                                                 columns_of<DeviceRecord>(), name));
    std::optional<DeviceRecord> device = only(std::move(found));
    if (!device) {
      if (last_handle_ == std::numeric_limits<std::uint32_t>::max()) {
        return Error{ErrorCode::kResourceExhausted, "every handle of a device is taken"};
      }
      device.emplace();
      device->handle = ++last_handle_;
      device->name = name;
      device->first_seen_at = now;
    }
    device->key = key;
    device->last_seen_at = now;
    put_record(sqlite, *device);
    return *std::move(device);
  });
}

Status SqliteStore::put_device(const DeviceRecord& device) {
  return database_->change([&](SQLite::Database& sqlite) -> Status {
    SQLite::Statement known(sqlite, "SELECT 1 FROM devices WHERE handle = ? AND name = ?");
    RowWriter writer(known);
    writer("", device.handle);
    writer("", device.name);
    if (!known.executeStep()) {
      return Error{ErrorCode::kNotFound,
                   "no device has the handle " + std::to_string(device.handle) + " and that name"};
    }
    put_record(sqlite, device);
    return {};
  });
}

Result<std::vector<DeviceRecord>> SqliteStore::devices() {
  return get_records<DeviceRecord>(*database_, "ORDER BY handle", columns_of<DeviceRecord>());
}

Status SqliteStore::put_participants(const std::string& task, std::uint64_t round,
                                     const std::vector<std::uint32_t>& survivors,
                                     const std::vector<std::uint32_t>& dropped) {
  return database_->change([&](SQLite::Database& sqlite) -> Status {
    SQLite::Statement statement(
        sqlite, upsert_sql("participants", 2, {"task", "round", "survivors", "dropped"}));
    RowWriter writer(statement);
    writer("", task);
    writer("", round);
    writer("", packed(survivors));
    writer("", packed(dropped));
    statement.exec();
    return {};
  });
}

Result<std::vector<std::uint32_t>> SqliteStore::survivors(const std::string& task,
                                                          std::uint64_t round) {
  return handles("survivors", task, round);
}

Result<std::vector<std::uint32_t>> SqliteStore::dropped(const std::string& task,
                                                        std::uint64_t round) {
  return handles("dropped", task, round);
}

Result<std::vector<std::uint32_t>> SqliteStore::handles(const char* column, const std::string& task,
                                                        std::uint64_t round) {
  return database_->look([&](SQLite::Database& sqlite) -> Result<std::vector<std::uint32_t>> {
    SQLite::Statement statement(
        sqlite, select_sql("participants", {column}) + " WHERE task = ? AND round = ?");
    RowWriter writer(statement);
    writer("", task);
    writer("", round);
    std::vector<std::uint32_t> handles;
    if (!statement.executeStep()) return handles;
    Bytes bytes;
    RowReader row(statement);
    row("", bytes);
    if (bytes.size() % sizeof(std::uint32_t) != 0) return database_->damaged();
    ByteReader reader(bytes);
    while (reader.remaining() > 0) handles.push_back(reader.u32());
    return handles;
  });
}

Status SqliteStore::append_audit(
    AuditEntry entry, const std::function<std::array<std::uint8_t, 64>(const Digest&)>& sign) {
  return database_->change([&](SQLite::Database& sqlite) -> Status {
    COVEY_ASSIGN_OR_RETURN(auto last,
                           get_records<AuditEntry>(*database_, "ORDER BY sequence DESC LIMIT 1",
                                                   columns_of<AuditEntry>()));
    entry.sequence = last.empty() ? 1 : last.front().sequence + 1;
    entry.previous = last.empty() ? Digest{} : last.front().hash;
    entry.hash = audit_hash(entry);
    entry.signature = sign(entry.hash);
    put_record(sqlite, entry);
    return {};
  });
}

Result<std::vector<AuditEntry>> SqliteStore::audit(std::uint64_t from, std::size_t limit) {
  return get_records<AuditEntry>(*database_, "WHERE sequence >= ? ORDER BY sequence LIMIT ?",
                                 columns_of<AuditEntry>(), bound(from), bound(limit));
}

}  // namespace covey::coordinator
