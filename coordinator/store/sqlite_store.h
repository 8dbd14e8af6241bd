#pragma once

#include "coordinator/store/blob_folder.h"
#include "coordinator/store/database.h"
#include "coordinator/store/folder_lock.h"
#include "coordinator/store/session_folder.h"

namespace covey::coordinator {

// The Store of `open_store`: a lock, a database, and folders beside it.
class SqliteStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);

  Result<Digest> put_blob(ByteView bytes) override { return blobs_.put(bytes); }
  Result<std::unique_ptr<BlobWriter>> write_blob() override { return blobs_.write(); }
  Result<std::shared_ptr<const BlobReader>> open_blob(const Digest& digest) override {
    return blobs_.open(digest);
  }
  Result<Bytes> get_blob(const Digest& digest) override { return blobs_.get(digest); }
  Status remove_blob(const Digest& digest) override { return blobs_.remove(digest); }

  Status put_session(const std::string& task, std::uint64_t round, std::uint32_t group,
                     ByteView saved) override {
    return sessions_.put(task, round, group, saved);
  }
  Result<std::optional<Bytes>> get_session(const std::string& task, std::uint64_t round,
                                           std::uint32_t group) override {
    return sessions_.get(task, round, group);
  }
  Status remove_sessions(const std::string& task, std::uint64_t round) override {
    return sessions_.remove(task, round);
  }

  std::uint64_t free_bytes() const override { return blobs_.free_bytes(); }

  Status commit() override { return database_->commit(); }
  void roll_back() override { database_->roll_back(); }

  Status put_task(const TaskRecord& task) override;
  Result<std::vector<TaskRecord>> tasks() override;
  Status put_model(const ModelRecord& model) override;
  Result<std::vector<ModelRecord>> models(const std::string& task) override;
  Status put_round(const RoundRecord& round) override;
  Result<std::vector<RoundRecord>> rounds(const std::string& task, std::uint64_t from,
                                          std::size_t limit) override;
  Result<std::optional<RoundRecord>> round(const std::string& task, std::uint64_t number) override;
  Result<std::vector<RoundRecord>> open_rounds() override;

  Result<DeviceRecord> device_seen(const std::string& name, const std::array<std::uint8_t, 32>& key,
                                   UnixMs now) override;
  Status put_device(const DeviceRecord& device) override;
  Result<std::vector<DeviceRecord>> devices() override;

  Status put_participants(const std::string& task, std::uint64_t round,
                          const std::vector<std::uint32_t>& survivors,
                          const std::vector<std::uint32_t>& dropped) override;
  Result<std::vector<std::uint32_t>> survivors(const std::string& task,
                                               std::uint64_t round) override;
  Result<std::vector<std::uint32_t>> dropped(const std::string& task, std::uint64_t round) override;

  Status append_audit(
      AuditEntry entry,
      const std::function<std::array<std::uint8_t, 64>(const Digest&)>& sign) override;
  Result<std::vector<AuditEntry>> audit(std::uint64_t from, std::size_t limit) override;

 private:
  SqliteStore(FolderLock lock, const StoreOptions& options, std::unique_ptr<Database> database);

  Result<std::vector<std::uint32_t>> handles(const char* column, const std::string& task,
                                             std::uint64_t round);

  FolderLock lock_;
  BlobFolder blobs_;
  SessionFolder sessions_;
  std::unique_ptr<Database> database_;
  std::uint32_t last_handle_ = 0;  // never falls, so that rolling back makes no handle mean another
};

}  // namespace covey::coordinator
