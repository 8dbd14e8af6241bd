#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "covey/client/storage.h"

namespace covey::client {

// The keys under which a device keeps things.
namespace storage_key {
inline constexpr std::string_view kLedger = "ledger";      // rounds entered: never goes backwards
inline constexpr std::string_view kLimits = "limits";      // when trainings began
inline constexpr std::string_view kRound = "round";        // a result until its round is over
inline constexpr std::string_view kSession = "session";    // records: the group, then its journal
inline constexpr std::string_view kReceipts = "receipts";  // the newest ones
}  // namespace storage_key

// What a participant has left in the storage: all empty on a new device.
struct StoredState {
  std::optional<SecretBytes> ledger;
  std::optional<SecretBytes> limits;
  std::optional<SecretBytes> round;
  std::vector<SecretBytes> session;
  // The storage found `round` or `session` damaged: that round cannot go on.
  std::optional<Error> damaged_round;

  // The storage's errors, but for a damaged round, which costs that round only.
  static Result<StoredState> read(Storage& storage);
};

}  // namespace covey::client
