#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace covey::client {

// Where a device keeps what must outlive its process: rounds entered, a result until it is
// acknowledged, a running session's journal, receipts. What it is given is secret until the round
// has ended; an app with a key store encrypts it. Keys are our own short names ([a-z0-9./-]).
// Called from one thread at a time. Every write is durable when it returns.
class Storage {
 public:
  virtual ~Storage() = default;

  virtual Result<std::optional<SecretBytes>> get(std::string_view key) = 0;
  virtual Status put(std::string_view key, ByteView value) = 0;  // all of it or nothing
  // A list of records under a key: append adds one, whole or not at all.
  virtual Status append(std::string_view key, ByteView record) = 0;
  virtual Result<std::vector<SecretBytes>> records(std::string_view key) = 0;
  virtual Status erase(std::string_view key) = 0;  // value and records; fine when there are none
};

}  // namespace covey::client
