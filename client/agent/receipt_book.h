#pragma once

#include <deque>
#include <mutex>

#include "covey/client/receipt.h"
#include "covey/client/storage.h"

namespace covey::client {

// The newest receipts, in memory and in the storage. Thread-safe, but for the storage, which only
// `open` and `write` use.
class ReceiptBook {
 public:
  explicit ReceiptBook(std::size_t kept) : kept_(kept) {}

  // What is damaged is left out, and said: receipts are for people, nothing depends on them.
  Status open(Storage& storage);
  // A second receipt of the round that was written last replaces the first.
  Status write(Receipt receipt, Storage& storage);
  std::vector<Receipt> all() const;

 private:
  Bytes to_bytes() const;

  const std::size_t kept_;
  mutable std::mutex mutex_;
  std::deque<Receipt> receipts_;  // oldest first
};

}  // namespace covey::client
