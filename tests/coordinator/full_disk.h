#pragma once

#include <atomic>
#include <memory>

#include "covey/coordinator/store.h"

namespace covey::testing {

// A store whose disk is full while `is_full`: nothing can be written, all can be read.
class FullDisk final : public coordinator::Store {
 public:
  FullDisk(std::unique_ptr<Store> store, const std::atomic<bool>& is_full)
      : store_(std::move(store)), is_full_(is_full) {}

  Result<Digest> put_blob(ByteView bytes) override {
    if (is_full_) return full();
    return store_->put_blob(bytes);
  }
  Result<std::unique_ptr<coordinator::BlobWriter>> write_blob() override {
    if (is_full_) return full();
    return store_->write_blob();
  }
  Result<std::shared_ptr<const coordinator::BlobReader>> open_blob(const Digest& digest) override {
    return store_->open_blob(digest);
  }
  Result<Bytes> get_blob(const Digest& digest) override { return store_->get_blob(digest); }
  Status remove_blob(const Digest& digest) override { return store_->remove_blob(digest); }
  Status put_session(const std::string& task, std::uint64_t round, std::uint32_t group,
                     ByteView saved) override {
    if (is_full_) return full();
    return store_->put_session(task, round, group, saved);
  }
  Result<std::optional<Bytes>> get_session(const std::string& task, std::uint64_t round,
                                           std::uint32_t group) override {
    return store_->get_session(task, round, group);
  }
  Status remove_sessions(const std::string& task, std::uint64_t round) override {
    return store_->remove_sessions(task, round);
  }
  std::uint64_t free_bytes() const override { return is_full_ ? 0 : store_->free_bytes(); }
  Status commit() override {
    if (is_full_) return full();
    return store_->commit();
  }
  void roll_back() override { store_->roll_back(); }
  Status put_task(const coordinator::TaskRecord& task) override { return store_->put_task(task); }
  Result<std::vector<coordinator::TaskRecord>> tasks() override { return store_->tasks(); }
  Status put_model(const coordinator::ModelRecord& model) override {
    return store_->put_model(model);
  }
  Result<std::vector<coordinator::ModelRecord>> models(const std::string& task) override {
    return store_->models(task);
  }
  Status put_round(const coordinator::RoundRecord& round) override {
    return store_->put_round(round);
  }
  Result<std::vector<coordinator::RoundRecord>> rounds(const std::string& task, std::uint64_t from,
                                                       std::size_t limit) override {
    return store_->rounds(task, from, limit);
  }
  Result<std::optional<coordinator::RoundRecord>> round(const std::string& task,
                                                        std::uint64_t number) override {
    return store_->round(task, number);
  }
  Result<std::vector<coordinator::RoundRecord>> open_rounds() override {
    return store_->open_rounds();
  }
  Result<coordinator::DeviceRecord> device_seen(const std::string& name,
                                                const std::array<std::uint8_t, 32>& key,
                                                coordinator::UnixMs now) override {
    return store_->device_seen(name, key, now);
  }
  Status put_device(const coordinator::DeviceRecord& device) override {
    return store_->put_device(device);
  }
  Result<std::vector<coordinator::DeviceRecord>> devices() override { return store_->devices(); }
  Status put_participants(const std::string& task, std::uint64_t round,
                          const std::vector<std::uint32_t>& survivors,
                          const std::vector<std::uint32_t>& dropped) override {
    return store_->put_participants(task, round, survivors, dropped);
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
      coordinator::AuditEntry entry,
      const std::function<std::array<std::uint8_t, 64>(const Digest&)>& sign) override {
    return store_->append_audit(std::move(entry), sign);
  }
  Result<std::vector<coordinator::AuditEntry>> audit(std::uint64_t from,
                                                     std::size_t limit) override {
    return store_->audit(from, limit);
  }

 private:
  static Error full() { return {ErrorCode::kResourceExhausted, "the disk is full"}; }

  std::unique_ptr<Store> store_;
  const std::atomic<bool>& is_full_;
};

}  // namespace covey::testing
