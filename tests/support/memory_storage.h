#pragma once

#include <map>
#include <string>

#include "covey/client/storage.h"

namespace covey::testing {

// What a device keeps, in memory: what outlives a participant in tests. `fail` makes every write
// fail.
class MemoryStorage final : public client::Storage {
 public:
  Result<std::optional<SecretBytes>> get(std::string_view key) override {
    const auto found = values.find(std::string(key));
    if (found == values.end()) return std::optional<SecretBytes>();
    return std::optional<SecretBytes>(SecretBytes(ByteView(found->second)));
  }
  Status put(std::string_view key, ByteView value) override {
    if (fail) return *fail;
    values[std::string(key)] = to_bytes(value);
    return {};
  }
  Status append(std::string_view key, ByteView record) override {
    if (fail) return *fail;
    lists[std::string(key)].push_back(to_bytes(record));
    return {};
  }
  Result<std::vector<SecretBytes>> records(std::string_view key) override {
    std::vector<SecretBytes> found;
    const auto list = lists.find(std::string(key));
    if (list == lists.end()) return found;
    for (const Bytes& record : list->second) found.emplace_back(ByteView(record));
    return found;
  }
  Status erase(std::string_view key) override {
    if (fail) return *fail;
    values.erase(std::string(key));
    lists.erase(std::string(key));
    return {};
  }

  std::map<std::string, Bytes> values;
  std::map<std::string, std::vector<Bytes>> lists;
  std::optional<Error> fail;
};

}  // namespace covey::testing
