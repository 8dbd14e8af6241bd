#pragma once

#include <optional>

#include "coordinator/store/durable_file.h"

namespace covey::coordinator {

// Saved sessions of secure aggregation: sessions/<task>/<round>-<group>, each with its SHA-256
// before it. A new save takes the place of the one before it when it is durable. Not thread-safe.
class SessionFolder {
 public:
  // `sessions` and `incoming` are there and on one file system.
  SessionFolder(std::string sessions, std::string incoming)
      : sessions_(std::move(sessions)), incoming_(std::move(incoming)) {}

  Status put(const std::string& task, std::uint64_t round, std::uint32_t group, ByteView saved);
  Result<std::optional<Bytes>> get(const std::string& task, std::uint64_t round,
                                   std::uint32_t group) const;
  Status remove(const std::string& task, std::uint64_t round);  // of all groups

 private:
  std::string folder_of(const std::string& task) const;

  const std::string sessions_;
  const std::string incoming_;
};

// A name for a folder that only this task has: bytes that are not in [a-z0-9-] as %XX, so that none
// of them leads out of the folder above or means another task where case does not count.
std::string encoded_task(const std::string& task);

}  // namespace covey::coordinator
