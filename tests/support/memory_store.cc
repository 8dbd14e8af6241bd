#include "support/memory_store.h"

#include <algorithm>

#include "covey/crypto/digest.h"

namespace covey::testing {

using namespace coordinator;

namespace {

constexpr std::uint64_t kRoomBytes = std::uint64_t{1} << 30;

// As long as what a real disk has to say.
Error full() {
  return {
      ErrorCode::kResourceExhausted,
      "writing /var/lib/covey/federations/the-first-one/covey-state/incoming/sTX2eQ failed: the "
      "disk or the quota is full; free some space and try again"};
}

template <typename Record>
std::vector<Record> of_task(const std::map<MemoryStore::Records::Key, Record>& records,
                            const std::string& task, std::uint64_t from = 0) {
  std::vector<Record> found;
  for (auto entry = records.lower_bound({task, from});
       entry != records.end() && entry->first.first == task; ++entry) {
    found.push_back(entry->second);
  }
  return found;
}

template <typename Record>
std::vector<Record> values_of(const std::map<std::string, Record>& records) {
  std::vector<Record> found;
  for (const auto& [name, record] : records) found.push_back(record);
  return found;
}

}  // namespace

class MemoryStore::Reader final : public BlobReader {
 public:
  explicit Reader(std::shared_ptr<const Bytes> bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size_bytes() const override { return bytes_->size(); }
  Status read(std::uint64_t offset, MutableByteView out) const override {
    if (offset > bytes_->size() || out.size() > bytes_->size() - offset) {
      return Error{ErrorCode::kOutOfRange, "the blob ends before what is asked for"};
    }
    std::ranges::copy(ByteView(*bytes_).subspan(offset, out.size()), out.begin());
    return {};
  }

 private:
  std::shared_ptr<const Bytes> bytes_;  // shared with the store
};

class MemoryStore::Writer final : public BlobWriter {
 public:
  explicit Writer(MemoryStore& store) : store_(store) {}
  Status append(ByteView bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<Digest> finish() override { return store_.put_blob(bytes_); }

 private:
  MemoryStore& store_;
  Bytes bytes_;
};

Result<Digest> MemoryStore::put_blob(ByteView bytes) {
  const Digest digest = crypto::sha256(bytes);
  if (blobs_.contains(digest)) return digest;
  if (is_full) return full();
  blobs_[digest] = std::make_shared<const Bytes>(to_bytes(bytes));
  return digest;
}

Result<std::unique_ptr<BlobWriter>> MemoryStore::write_blob() {
  return std::unique_ptr<BlobWriter>(std::make_unique<Writer>(*this));
}

Result<std::shared_ptr<const BlobReader>> MemoryStore::open_blob(const Digest& digest) {
  const auto found = blobs_.find(digest);
  if (found == blobs_.end()) return Error{ErrorCode::kNotFound, "there is no such blob"};
  return std::shared_ptr<const BlobReader>(std::make_shared<Reader>(found->second));
}

Result<Bytes> MemoryStore::get_blob(const Digest& digest) {
  const auto found = blobs_.find(digest);
  if (found == blobs_.end()) return Error{ErrorCode::kNotFound, "there is no such blob"};
  return *found->second;
}

Status MemoryStore::remove_blob(const Digest& digest) {
  blobs_.erase(digest);
  return {};
}

Status MemoryStore::put_session(const std::string& task, std::uint64_t round, std::uint32_t group,
                                ByteView saved) {
  if (is_full) return full();
  sessions_[{{task, round}, group}] = to_bytes(saved);
  return {};
}

Result<std::optional<Bytes>> MemoryStore::get_session(const std::string& task, std::uint64_t round,
                                                      std::uint32_t group) {
  const auto found = sessions_.find({{task, round}, group});
  if (found == sessions_.end()) return std::optional<Bytes>();
  return std::optional(found->second);
}

Status MemoryStore::remove_sessions(const std::string& task, std::uint64_t round) {
  std::erase_if(sessions_,
                [&](const auto& entry) { return entry.first.first == Records::Key(task, round); });
  return {};
}

std::uint64_t MemoryStore::free_bytes() const { return is_full ? 0 : kRoomBytes; }

MemoryStore::Records& MemoryStore::change() {
  in_group_ = true;
  return current_;
}

Status MemoryStore::commit() {
  if (!in_group_) return {};
  if (is_full) {
    roll_back();
    return full();
  }
  committed_ = current_;
  in_group_ = false;
  return {};
}

void MemoryStore::roll_back() {
  if (in_group_) current_ = committed_;
  in_group_ = false;
}

Status MemoryStore::put_task(const TaskRecord& task) {
  change().tasks[task.name] = task;
  return {};
}

Result<std::vector<TaskRecord>> MemoryStore::tasks() { return values_of(current_.tasks); }

Status MemoryStore::put_model(const ModelRecord& model) {
  change().models[{model.task, model.version}] = model;
  return {};
}

Result<std::vector<ModelRecord>> MemoryStore::models(const std::string& task) {
  return of_task(current_.models, task);
}

Status MemoryStore::put_round(const RoundRecord& round) {
  change().rounds[{round.task, round.number}] = round;
  return {};
}

Result<std::vector<RoundRecord>> MemoryStore::rounds(const std::string& task, std::uint64_t from,
                                                     std::size_t limit) {
  std::vector<RoundRecord> found = of_task(current_.rounds, task, from);
  if (found.size() > limit) found.resize(limit);
  for (RoundRecord& round : found) round.saved.clear();
  return found;
}

Result<std::optional<RoundRecord>> MemoryStore::round(const std::string& task,
                                                      std::uint64_t number) {
  const auto found = current_.rounds.find({task, number});
  if (found == current_.rounds.end()) return std::optional<RoundRecord>();
  return std::optional(found->second);
}

Result<std::vector<RoundRecord>> MemoryStore::open_rounds() {
  std::vector<RoundRecord> open;
  for (const auto& [key, round] : current_.rounds) {
    if (round.state == RoundState::kOpen) open.push_back(round);
  }
  return open;
}

Result<DeviceRecord> MemoryStore::device_seen(const std::string& name,
                                              const std::array<std::uint8_t, 32>& key, UnixMs now) {
  const auto [entry, is_new] = change().devices.try_emplace(name);
  DeviceRecord& device = entry->second;
  if (is_new) {
    device.handle = ++last_handle_;
    device.name = name;
    device.first_seen_at = now;
  }
  device.key = key;
  device.last_seen_at = now;
  return device;
}

Status MemoryStore::put_device(const DeviceRecord& device) {
  const auto found = change().devices.find(device.name);
  if (found == current_.devices.end() || found->second.handle != device.handle) {
    return Error{ErrorCode::kNotFound, "no device has this handle and that name"};
  }
  found->second = device;
  return {};
}

Result<std::vector<DeviceRecord>> MemoryStore::devices() {
  std::vector<DeviceRecord> found = values_of(current_.devices);
  std::ranges::sort(found, {}, &DeviceRecord::handle);
  return found;
}

Status MemoryStore::put_participants(const std::string& task, std::uint64_t round,
                                     const std::vector<std::uint32_t>& survivors,
                                     const std::vector<std::uint32_t>& dropped) {
  change().participants[{task, round}] = {survivors, dropped};
  return {};
}

Result<std::vector<std::uint32_t>> MemoryStore::survivors(const std::string& task,
                                                          std::uint64_t round) {
  const auto found = current_.participants.find({task, round});
  return found == current_.participants.end() ? std::vector<std::uint32_t>()
                                              : found->second.survivors;
}

Result<std::vector<std::uint32_t>> MemoryStore::dropped(const std::string& task,
                                                        std::uint64_t round) {
  const auto found = current_.participants.find({task, round});
  return found == current_.participants.end() ? std::vector<std::uint32_t>()
                                              : found->second.dropped;
}

Status MemoryStore::append_audit(
    AuditEntry entry, const std::function<std::array<std::uint8_t, 64>(const Digest&)>& sign) {
  std::vector<AuditEntry>& audit = change().audit;
  entry.sequence = audit.size() + 1;
  entry.previous = audit.empty() ? Digest{} : audit.back().hash;
  entry.hash = audit_hash(entry);
  entry.signature = sign(entry.hash);
  audit.push_back(std::move(entry));
  return {};
}

Result<std::vector<AuditEntry>> MemoryStore::audit(std::uint64_t from, std::size_t limit) {
  std::vector<AuditEntry> found;
  for (const AuditEntry& entry : current_.audit) {
    if (entry.sequence >= from && found.size() < limit) found.push_back(entry);
  }
  return found;
}

}  // namespace covey::testing
