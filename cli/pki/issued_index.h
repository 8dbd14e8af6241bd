#pragma once

#include <string>
#include <vector>

#include "covey/base/result.h"

namespace covey::cli {

enum class Role { kDevice, kCoordinator };
const char* name_of(Role role);

struct IssuedCertificate {
  std::string name;
  Role role = Role::kDevice;
  std::uint64_t serial = 0;
  bool is_revoked = false;
};

// What an authority has issued: its file issued.json. A serial that was given once is never given
// again, whatever became of its certificate.
struct IssuedIndex {
  std::uint64_t next_serial = 1;
  std::uint64_t revocations_number = 0;  // of the last list made
  std::vector<IssuedCertificate> issued;

  // Null when `name` holds no certificate that is not revoked.
  const IssuedCertificate* current(const std::string& name) const;
  std::vector<std::uint64_t> revoked_serials() const;
};

std::string to_json(const IssuedIndex& index);
// kDataLoss when `text` is no index, or one that contradicts itself.
Result<IssuedIndex> index_from_json(const std::string& text);

}  // namespace covey::cli
