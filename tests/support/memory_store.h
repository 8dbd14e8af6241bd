#pragma once

#include <map>
#include <utility>

#include "covey/coordinator/store.h"

namespace covey::testing {

// What a coordinator keeps, in memory: what outlives a FederationCore in tests. Records are grouped
// as in any store; blobs and sessions are durable at once. While `is_full` nothing can be written
// and all can be read. Not thread-safe.
class MemoryStore final : public coordinator::Store {
 public:
  // What of a store is in groups.
  struct Records {
    using Key = std::pair<std::string, std::uint64_t>;  // a task, and a version or a number
    struct Participants {
      std::vector<std::uint32_t> survivors;
      std::vector<std::uint32_t> dropped;
    };
    std::map<std::string, coordinator::TaskRecord> tasks;
    std::map<Key, coordinator::ModelRecord> models;
    std::map<Key, coordinator::RoundRecord> rounds;
    std::map<Key, Participants> participants;
    std::map<std::string, coordinator::DeviceRecord> devices;
    std::vector<coordinator::AuditEntry> audit;
  };
  using SessionKey = std::pair<Records::Key, std::uint32_t>;  // of a task's round, and the group

  const Records& committed() const { return committed_; }
  const std::map<SessionKey, Bytes>& sessions() const { return sessions_; }

  Result<Digest> put_blob(ByteView bytes) override;
  Result<std::unique_ptr<coordinator::BlobWriter>> write_blob() override;
  Result<std::shared_ptr<const coordinator::BlobReader>> open_blob(const Digest& digest) override;
  Result<Bytes> get_blob(const Digest& digest) override;
  Status remove_blob(const Digest& digest) override;
  Status put_session(const std::string& task, std::uint64_t round, std::uint32_t group,
                     ByteView saved) override;
  Result<std::optional<Bytes>> get_session(const std::string& task, std::uint64_t round,
                                           std::uint32_t group) override;
  Status remove_sessions(const std::string& task, std::uint64_t round) override;
  std::uint64_t free_bytes() const override;

  Status commit() override;
  void roll_back() override;
  Status put_task(const coordinator::TaskRecord& task) override;
  Result<std::vector<coordinator::TaskRecord>> tasks() override;
  Status put_model(const coordinator::ModelRecord& model) override;
  Result<std::vector<coordinator::ModelRecord>> models(const std::string& task) override;
  Status put_round(const coordinator::RoundRecord& round) override;
  Result<std::vector<coordinator::RoundRecord>> rounds(const std::string& task, std::uint64_t from,
                                                       std::size_t limit) override;
  Result<std::optional<coordinator::RoundRecord>> round(const std::string& task,
                                                        std::uint64_t number) override;
  Result<std::vector<coordinator::RoundRecord>> open_rounds() override;
  Result<coordinator::DeviceRecord> device_seen(const std::string& name,
                                                const std::array<std::uint8_t, 32>& key,
                                                coordinator::UnixMs now) override;
  Status put_device(const coordinator::DeviceRecord& device) override;
  Result<std::vector<coordinator::DeviceRecord>> devices() override;
  Status put_participants(const std::string& task, std::uint64_t round,
                          const std::vector<std::uint32_t>& survivors,
                          const std::vector<std::uint32_t>& dropped) override;
  Result<std::vector<std::uint32_t>> survivors(const std::string& task,
                                               std::uint64_t round) override;
  Result<std::vector<std::uint32_t>> dropped(const std::string& task, std::uint64_t round) override;
  Status append_audit(
      coordinator::AuditEntry entry,
      const std::function<std::array<std::uint8_t, 64>(const Digest&)>& sign) override;
  Result<std::vector<coordinator::AuditEntry>> audit(std::uint64_t from,
                                                     std::size_t limit) override;

  bool is_full = false;

 private:
  class Reader;
  class Writer;

  Records& change();  // what the group has made of the records

  Records committed_;
  Records current_;
  bool in_group_ = false;
  std::map<Digest, std::shared_ptr<const Bytes>> blobs_;  // shared with those who read them
  std::map<SessionKey, Bytes> sessions_;
  std::uint32_t last_handle_ = 0;
};

}  // namespace covey::testing
