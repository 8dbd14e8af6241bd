#pragma once

#include <functional>
#include <memory>

#include "covey/coordinator/records.h"

namespace covey::coordinator {

// Part of a blob while it is written: nothing of it is visible before `finish`. Single use; after
// an error, begin another. Must not outlive its store.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual Status append(ByteView bytes) = 0;
  virtual Result<Digest> finish() = 0;  // durable when it returns
};

// A blob that is read in pieces. Stays readable while it is open, though it be pruned meanwhile.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual std::uint64_t size_bytes() const = 0;
  // kOutOfRange unless all of `out` lies in the blob. Thread-safe.
  virtual Status read(std::uint64_t offset, MutableByteView out) const = 0;
};

// Everything the coordinator keeps. Content-addressed blobs (plans, models, states of strategies),
// records, the saved sessions of secure aggregation, and the audit log.
//
// Writes of records are grouped: they take effect together, durably, when `commit` returns; a crash
// before leaves none of them. When one of them fails, the rest of the group and its `commit` fail
// with the same error, and nothing of it takes effect; the next group begins after `commit` or
// `roll_back`. Reads see what was put and not yet committed. Blobs and sessions are durable when
// their call returns, so they are written before the records that name them. A task is put before
// its models and rounds, a round before its participants: kFailedPrecondition otherwise.
// kResourceExhausted when the disk is full, kDataLoss when what is stored is damaged.
//
// Not thread-safe, but for open_blob and the readers it gives.
class Store {
 public:
  virtual ~Store() = default;

  // What a round needs or makes, so that it may use the reserve. One that is there is left as it
  // is.
  virtual Result<Digest> put_blob(ByteView bytes) = 0;
  virtual Result<std::unique_ptr<BlobWriter>> write_blob() = 0;
  // Checked against its digest, at the first time in a process by reading it whole: kDataLoss when
  // the file was altered, kNotFound when there is none. Shared with calls in flight.
  virtual Result<std::shared_ptr<const BlobReader>> open_blob(const Digest& digest) = 0;
  virtual Result<Bytes> get_blob(const Digest& digest) = 0;  // whole, checked every time
  virtual Status remove_blob(const Digest& digest) = 0;      // also when it is not there

  // Takes the place of what was saved of that group before, in one step.
  virtual Status put_session(const std::string& task, std::uint64_t round, std::uint32_t group,
                             ByteView saved) = 0;
  virtual Result<std::optional<Bytes>> get_session(const std::string& task, std::uint64_t round,
                                                   std::uint32_t group) = 0;
  virtual Status remove_sessions(const std::string& task, std::uint64_t round) = 0;

  // Left on the disk before `write_blob` is refused: without the reserve. 0 where that cannot be
  // told.
  virtual std::uint64_t free_bytes() const = 0;

  virtual Status commit() = 0;
  virtual void roll_back() = 0;  // forgets what was put since the last commit

  virtual Status put_task(const TaskRecord& task) = 0;
  virtual Result<std::vector<TaskRecord>> tasks() = 0;
  virtual Status put_model(const ModelRecord& model) = 0;
  virtual Result<std::vector<ModelRecord>> models(const std::string& task) = 0;  // ascending
  virtual Status put_round(const RoundRecord& round) = 0;
  virtual Result<std::vector<RoundRecord>> rounds(
      const std::string& task, std::uint64_t from,
      std::size_t limit) = 0;  // ascending; `saved` left empty
  virtual Result<std::optional<RoundRecord>> round(const std::string& task,
                                                   std::uint64_t number) = 0;
  virtual Result<std::vector<RoundRecord>> open_rounds() = 0;

  // The device of that name, entered if it is new, with key and time of last sight brought up to
  // date. A handle is never given twice. Part of the group, as a put is.
  virtual Result<DeviceRecord> device_seen(const std::string& name,
                                           const std::array<std::uint8_t, 32>& key, UnixMs now) = 0;
  // kNotFound when no device has this handle and name, which stay.
  virtual Status put_device(const DeviceRecord& device) = 0;
  virtual Result<std::vector<DeviceRecord>> devices() = 0;

  // Whose masked vectors are in the round's sum, or took part in it otherwise: for answers to
  // devices that come back late.
  virtual Status put_participants(const std::string& task, std::uint64_t round,
                                  const std::vector<std::uint32_t>& survivors,
                                  const std::vector<std::uint32_t>& dropped) = 0;
  virtual Result<std::vector<std::uint32_t>> survivors(const std::string& task,
                                                       std::uint64_t round) = 0;
  virtual Result<std::vector<std::uint32_t>> dropped(const std::string& task,
                                                     std::uint64_t round) = 0;

  // Completes the entry (sequence, previous, hash), lets `sign` sign the hash, and puts it.
  virtual Status append_audit(
      AuditEntry entry, const std::function<std::array<std::uint8_t, 64>(const Digest&)>& sign) = 0;
  virtual Result<std::vector<AuditEntry>> audit(std::uint64_t from, std::size_t limit) = 0;
};

struct StoreOptions {
  std::string folder;  // made with mode 0700 when it is not there
  std::uint64_t reserve_bytes = std::uint64_t{64}
                                << 20;  // for rounds under way: `write_blob` leaves it free
};

// SQLite (WAL) beside a folder of blobs and one of sessions. Takes a lock on the folder:
// kFailedPrecondition when another process has it. Start-up removes what a crash left half written,
// and fails with kDataLoss, naming the file, when the database is damaged.
Result<std::unique_ptr<Store>> open_store(const StoreOptions& options);

}  // namespace covey::coordinator
