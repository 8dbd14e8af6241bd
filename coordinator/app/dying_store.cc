#include "coordinator/app/dying_store.h"

#include <array>
#include <utility>

namespace covey::coordinator {
namespace {

enum class Operation : std::size_t {
  kPutBlob,
  kFinishBlob,
  kRemoveBlob,
  kPutSession,
  kRemoveSessions,
  kCommit,
  kCount,
};
constexpr std::array<std::string_view, static_cast<std::size_t>(Operation::kCount)> kNames = {
    "put-blob", "finish-blob", "remove-blob", "put-session", "remove-sessions", "commit"};
static_assert(!kNames.back().empty());  // each has its name

// Does the work between the two instants of the operation.
template <typename Work>
auto between(Fuse& fuse, Operation operation, Work work) {
  fuse.before(static_cast<std::size_t>(operation));
  auto result = work();
  if (result) fuse.after(static_cast<std::size_t>(operation));
  return result;
}

class DyingWriter final : public BlobWriter {
 public:
  DyingWriter(std::unique_ptr<BlobWriter> writer, Fuse& fuse)
      : writer_(std::move(writer)), fuse_(fuse) {}
  Status append(ByteView bytes) override { return writer_->append(bytes); }
  Result<Digest> finish() override {
    return between(fuse_, Operation::kFinishBlob, [&] { return writer_->finish(); });
  }

 private:
  std::unique_ptr<BlobWriter> writer_;
  Fuse& fuse_;  // the store's
};

class DyingStore final : public Store {
 public:
  DyingStore(std::unique_ptr<Store> store, const DeathPoint& point)
      : store_(std::move(store)), fuse_(point) {}

  Result<Digest> put_blob(ByteView bytes) override {
    return between(fuse_, Operation::kPutBlob, [&] { return store_->put_blob(bytes); });
  }
  Result<std::unique_ptr<BlobWriter>> write_blob() override {
    COVEY_ASSIGN_OR_RETURN(auto writer, store_->write_blob());
    return std::unique_ptr<BlobWriter>(std::make_unique<DyingWriter>(std::move(writer), fuse_));
  }
  Result<std::shared_ptr<const BlobReader>> open_blob(const Digest& digest) override {
    return store_->open_blob(digest);
  }
  Result<Bytes> get_blob(const Digest& digest) override { return store_->get_blob(digest); }
  Status remove_blob(const Digest& digest) override {
    return between(fuse_, Operation::kRemoveBlob, [&] { return store_->remove_blob(digest); });
  }

  Status put_session(const std::string& task, std::uint64_t round, std::uint32_t group,
                     ByteView saved) override {
    return between(fuse_, Operation::kPutSession,
                   [&] { return store_->put_session(task, round, group, saved); });
  }
  Result<std::optional<Bytes>> get_session(const std::string& task, std::uint64_t round,
                                           std::uint32_t group) override {
    return store_->get_session(task, round, group);
  }
  Status remove_sessions(const std::string& task, std::uint64_t round) override {
    return between(fuse_, Operation::kRemoveSessions,
                   [&] { return store_->remove_sessions(task, round); });
  }

  std::uint64_t free_bytes() const override { return store_->free_bytes(); }

  Status commit() override {
    if (!std::exchange(has_puts_, false)) return store_->commit();  // nothing becomes durable
    return between(fuse_, Operation::kCommit, [&] { return store_->commit(); });
  }
  void roll_back() override {
    has_puts_ = false;
    store_->roll_back();
  }

  Status put_task(const TaskRecord& task) override { return store_to_put().put_task(task); }
  Result<std::vector<TaskRecord>> tasks() override { return store_->tasks(); }
  Status put_model(const ModelRecord& model) override { return store_to_put().put_model(model); }
  Result<std::vector<ModelRecord>> models(const std::string& task) override {
    return store_->models(task);
  }
  Status put_round(const RoundRecord& round) override { return store_to_put().put_round(round); }
  Result<std::vector<RoundRecord>> rounds(const std::string& task, std::uint64_t from,
                                          std::size_t limit) override {
    return store_->rounds(task, from, limit);
  }
  Result<std::optional<RoundRecord>> round(const std::string& task, std::uint64_t number) override {
    return store_->round(task, number);
  }
  Result<std::vector<RoundRecord>> open_rounds() override { return store_->open_rounds(); }

  Result<DeviceRecord> device_seen(const std::string& name, const std::array<std::uint8_t, 32>& key,
                                   UnixMs now) override {
    return store_to_put().device_seen(name, key, now);
  }
  Status put_device(const DeviceRecord& device) override {
    return store_to_put().put_device(device);
  }
  Result<std::vector<DeviceRecord>> devices() override { return store_->devices(); }

  Status put_participants(const std::string& task, std::uint64_t round,
                          const std::vector<std::uint32_t>& survivors,
                          const std::vector<std::uint32_t>& dropped) override {
    return store_to_put().put_participants(task, round, survivors, dropped);
  }
  Result<std::vector<std::uint32_t>> survivors(const std::string& task,
                                               std::uint64_t round) override {
    return store_->survivors(task, round);
  }
  Result<std::vector<std::uint32_t>> dropped(const std::string& task,
                                             std::uint64_t round) override {
    return store_->dropped(task, round);
  }

  Status append_audit(
      AuditEntry entry,
      const std::function<std::array<std::uint8_t, 64>(const Digest&)>& sign) override {
    return store_to_put().append_audit(std::move(entry), sign);
  }
  Result<std::vector<AuditEntry>> audit(std::uint64_t from, std::size_t limit) override {
    return store_->audit(from, limit);
  }

 private:
  Store& store_to_put() {
    has_puts_ = true;
    return *store_;
  }

  std::unique_ptr<Store> store_;
  Fuse fuse_;
  bool has_puts_ = false;  // since the last commit
};

}  // namespace

std::span<const std::string_view> durable_operations() { return kNames; }

std::unique_ptr<Store> make_dying_store(std::unique_ptr<Store> store, const DeathPoint& point) {
  return std::make_unique<DyingStore>(std::move(store), point);
}

}  // namespace covey::coordinator
