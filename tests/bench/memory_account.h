#pragma once

#include <cstddef>

namespace covey::bench {

// Heap that one party holds: the bench program replaces operator new (memory_account.cc) and books
// each allocation on the account that is open on the allocating thread, until it is freed, on
// whatever thread. Accounts outlive what is booked.
struct MemoryAccount {
  std::size_t held_bytes = 0;
  std::size_t peak_bytes = 0;

  void restart_peak() { peak_bytes = held_bytes; }
};

// Books on `account` while it exists; nullptr: on nobody. Accounts are for one thread at a time.
class OpenAccount {
 public:
  explicit OpenAccount(MemoryAccount* account);
  ~OpenAccount();
  OpenAccount(const OpenAccount&) = delete;
  OpenAccount& operator=(const OpenAccount&) = delete;

 private:
  MemoryAccount* previous_;
};

}  // namespace covey::bench
